"""Compressing the citizen's pages, so that the first one fits a round trip without a proxy too.

Only theirs: a staff page holds a form token next to what somebody typed, and compressing the two
together would let an eavesdropper guess the one from the other (BREACH).
"""

import gzip

from flask import Response, request

WORTH_IT = 1400  # bytes; less fits one packet anyhow
LEVEL = 6


def squeeze(response: Response) -> Response:
    """Compress an HTML answer for a browser that understands gzip."""
    response.vary.add("Accept-Encoding")
    if (
        response.mimetype != "text/html"
        or "Content-Encoding" in response.headers
        or "gzip" not in request.accept_encodings
        or (response.content_length or 0) < WORTH_IT
    ):
        return response
    response.set_data(gzip.compress(response.get_data(), LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    return response
