"""Reading JSON from outside: one parser, strict and bounded, that never surprises the database."""

from typing import Any

from flask import request
from pydantic_core import from_json
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

MIMETYPE = "application/json"


def read_object(max_bytes: int) -> dict[str, Any]:
    """Return the JSON object in the request's body.

    Raises UnsupportedMediaType, RequestEntityTooLarge, or BadRequest for what is not UTF-8, not
    JSON (NaN, half a surrogate pair, nested beyond 200 levels) or not an object.
    """
    if request.mimetype != MIMETYPE or request.headers.get("Content-Encoding"):
        raise UnsupportedMediaType
    request.max_content_length = max_bytes
    try:
        said = from_json(request.get_data(cache=False), allow_inf_nan=False)
    except ValueError:
        raise BadRequest from None
    if not isinstance(said, dict):
        raise BadRequest
    return said
