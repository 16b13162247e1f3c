"""What the business systems' door says of itself: OpenAPI 3.1, from the models it reads with."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from ..config import settings
from ..events.actions import BULK_LIMIT
from ..events.facts import EventFacts

SCHEMA = "#/components/schemas/"

EXAMPLE = {
    "source": "zwfw", "project_no": "370112202611230001", "service_number": 1,
    "item_code": "XZSP-001", "mode": "onsite", "served_at": "2026-11-23T10:42:00+08:00",
    "applicant": {"kind": "person"},
}  # fmt: skip
"""A report as it is documented; a test sends it."""


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OnRecord(_Told):
    """A service on record: its one-time token, and the addresses to hand on."""

    project_no: str
    service_number: int
    token: str = Field(description="29 characters of A-Z and digits; whoever has it can rate once.")
    link: str = Field(description="The address a person opens.")
    expires_at: AwareDatetime = Field(description="The first moment at which the right is gone.")
    qr_svg: str
    qr_png: str


class WrongField(_Told):
    """One wrong field, by the name it was sent under."""

    field: str
    code: str = Field(description="Stable.")
    message: str = Field(description="What to do, in words.")


class Problem(_Told):
    """A refusal (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str = Field(description="Stable.")
    detail: str
    errors: list[WrongField] = Field(default=[], description="Every wrong field, if it is fields.")


class Batch(_Told):
    """Services reported together."""

    events: list[EventFacts] = Field(max_length=BULK_LIMIT)


class RowOnRecord(OnRecord):
    """A row that is on record: 201 new, 200 known before."""

    status: int


class RowRefused(_Told):
    """A row that was refused."""

    status: int
    error: Problem


class BatchAnswer(_Told):
    """What became of every row, in order."""

    events: list[RowOnRecord | RowRefused]


MODELS = (EventFacts, OnRecord, Problem, Batch, BatchAnswer)


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in MODELS], ref_template=f"{SCHEMA}{{model}}"
    )
    key = {"type": "http", "scheme": "bearer", "description": "A key that an administrator gave."}
    return {
        "openapi": "3.1.0",
        "info": {"title": "好差评", "version": "1", "description": ABOUT},
        "servers": [{"url": settings().base_url}],
        "security": [{"key": []}],
        "paths": {
            "/api/v1/events": {"post": _single()},
            "/api/v1/events/bulk": {"post": _bulk()},
        },
        "components": {"securitySchemes": {"key": key}, "schemas": schemas["$defs"]},
    }


ABOUT = (
    "Business systems report a service that was given and receive its one-time code. A report is"
    " idempotent on (source, project_no, service_number). Texts are UTF-8; times are ISO 8601"
    " with an offset. 64 KB for one report, 2 MB for a batch."
)


def _single() -> dict[str, Any]:
    answers = {
        "201": _holds("OnRecord", "Recorded."),
        "200": _holds("OnRecord", "The same was on record before; the same answer."),
        **_refusals(),
    }
    return {
        "operationId": "report_event", "summary": "Report one service",
        "requestBody": _body("EventFacts", EXAMPLE), "responses": answers,
    }  # fmt: skip


def _bulk() -> dict[str, Any]:
    answers = {
        "207": _holds("BatchAnswer", "Each row as the single call would have answered, in order."),
        **_refusals(),
    }
    return {
        "operationId": "report_events", "summary": f"Report up to {BULK_LIMIT} services",
        "requestBody": _body("Batch", {"events": [EXAMPLE]}), "responses": answers,
    }  # fmt: skip


def _body(model: str, example: object) -> dict[str, Any]:
    schema = {"$ref": SCHEMA + model}
    return {
        "required": True,
        "content": {"application/json": {"schema": schema, "example": example}},
    }


def _holds(model: str, words: str, mimetype: str = "application/json") -> dict[str, Any]:
    return {"description": words, "content": {mimetype: {"schema": {"$ref": SCHEMA + model}}}}


REFUSALS = {
    "400": "Not a JSON object.",
    "401": "No key, or none of ours.",
    "403": "The key does not report for this source.",
    "410": "On record, but its time has ended or its code was withdrawn: there is no code any more.",
    "413": "Too large.",
    "415": "Not application/json.",
    "422": "Fields are wrong, each of them named; or other facts are on record under this key.",
    "429": "Too many in a short time.",
    "503": "The service cannot answer just now; nothing was lost.",
}


def _refusals() -> dict[str, Any]:
    return {
        status: _holds("Problem", words, "application/problem+json")
        for status, words in REFUSALS.items()
    }
