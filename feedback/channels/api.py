"""The business systems' door: services reported one by one or by the thousand, as JSON.

Bearer keys, no cookies. A report is idempotent on (source, project_no, service_number): the same
again is answered alike, other facts under a known key are refused with each differing field named.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from flask_limiter.util import get_remote_address
from pydantic import ValidationError
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from .. import clock, limits
from ..db import transaction
from ..errors import Expired, FieldError, Invalid
from ..events import codes
from ..events.actions import BULK_LIMIT, Recorded, record_all
from ..events.facts import EventFacts, field_errors, parse
from ..events.forms import SOURCE as DESK
from ..events.models import RecordedVia, ServiceEvent
from ..ledger.actions import Actor
from ..ledger.models import ActorKind
from ..limits import limiter
from ..offices import queries as offices
from ..offices.credentials import api_key_digest
from .api_document import document
from .json_door import read_object
from .refusals import answer, problem

SINGLE_BYTES = 64 * 1024
BULK_BYTES = 2 * 1024 * 1024
BULK_FIELD = "events"

api = Blueprint("api", __name__, url_prefix="/api")


@dataclass(frozen=True)
class Caller:
    """Who reports, and for which source alone, if the key is bound to one."""

    by: Actor
    source: str | None

    def may_report_for(self, source: str) -> bool:
        """Say whether the key speaks for `source`; nobody's key speaks for the clerks' desk."""
        return source != DESK and self.source in (None, source)


@dataclass(frozen=True)
class Outcome:
    """What became of one report: a status, and the answer or the problem."""

    status: int
    body: dict[str, Any]


@api.record_once
def _exempt(state: BlueprintSetupState) -> None:
    """No cookie signs a caller in here, so there is no cross-site request to forge."""
    state.app.extensions["csrf"].exempt(api)


def _bearer() -> str:
    """Return what the caller bears, or nothing."""
    scheme, _space, bearer = request.headers.get("Authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else ""


def _key_used() -> str:
    """Return the digest of what the caller bears, as no limit may hold a key; else the address."""
    bearer = _bearer()
    return api_key_digest(bearer) if bearer else get_remote_address()


def _is_nobody(response: Response) -> bool:
    return response.status_code == 401


def _limited(page: Callable[[], Response]) -> Callable[[], Response]:
    """Limit calls by key, and calls without a good key by address: made-up keys are many."""
    by_key = limiter.limit(limits.api_limit, key_func=_key_used)
    by_address = limiter.limit(limits.api_limit, deduct_when=_is_nobody)
    limited: Callable[[], Response] = by_key(by_address(page))
    return limited


@api.post("/v1/events")
@_limited
def report_event() -> Response:
    """Put one service on record."""
    caller = _caller()
    outcome = _report([read_object(SINGLE_BYTES)], caller, clock.now())[0]
    response = jsonify(outcome.body)
    response.status_code = outcome.status
    if outcome.status >= 400:
        response.mimetype = "application/problem+json"
    return response


@api.post("/v1/events/bulk")
@_limited
def report_events() -> Response:
    """Put up to a thousand services on record; good rows are kept though others are bad."""
    caller = _caller()
    said = read_object(BULK_BYTES)
    if wrong := _wrong_batch(said):
        return answer(422, "invalid", wrong)
    outcomes = _report(said[BULK_FIELD], caller, clock.now())
    response = jsonify({BULK_FIELD: [_row(outcome) for outcome in outcomes]})
    response.status_code = 207
    return response


@api.get("/openapi.json")
def openapi() -> Response:
    """Describe this door."""
    return jsonify(document())


def _caller() -> Caller:
    """Return who bears the key. Raises Unauthorized."""
    bearer = _bearer()
    key = offices.api_key(bearer) if bearer else None
    if key is None:
        raise Unauthorized(www_authenticate=WWWAuthenticate("bearer"))
    return Caller(Actor(ActorKind.API, name=key.name), key.source)


def _wrong_batch(said: dict[str, Any]) -> list[FieldError]:
    wrong = [FieldError(name, "unknown_field") for name in said if name != BULK_FIELD]
    if BULK_FIELD not in said:
        wrong.append(FieldError(BULK_FIELD, "missing"))
    elif not isinstance(said[BULK_FIELD], list):
        wrong.append(FieldError(BULK_FIELD, "not_a_list"))
    elif len(said[BULK_FIELD]) > BULK_LIMIT:
        wrong.append(FieldError(BULK_FIELD, "too_many", {"limit": BULK_LIMIT}))
    return wrong


def _report(reports: Sequence[object], caller: Caller, now: datetime) -> list[Outcome]:
    """Record what can be recorded, and return what became of each report, in order."""
    read = [_read(said, caller) for said in reports]
    batch = [facts for facts in read if isinstance(facts, EventFacts)]
    recorded = iter(_record(batch, caller.by, now))
    return [one if isinstance(one, Outcome) else next(recorded) for one in read]


def _read(said: object, caller: Caller) -> EventFacts | Outcome:
    if not isinstance(said, dict):
        return _problem(400, "bad_request")
    try:
        facts = parse(said)
    except ValidationError as error:
        return _problem(422, "invalid", errors=field_errors(error))
    if not caller.may_report_for(facts.source):
        return _problem(403, "not_yours", _("This key does not report for this source."))
    return facts


def _record(batch: Sequence[EventFacts], by: Actor, now: datetime) -> list[Outcome]:
    if not batch:
        return []
    with transaction():
        outcomes = record_all(batch, RecordedVia.API, by, now)
    return [_told(outcome) for outcome in outcomes]


def _told(outcome: Recorded | Invalid) -> Outcome:
    if isinstance(outcome, Invalid):
        return _problem(422, "invalid", errors=outcome.errors)
    try:
        return Outcome(201 if outcome.is_new else 200, _body(outcome.event))
    except Expired as refused:
        return _problem(
            410, refused.code, _("This service is on record; no code is made for it any more.")
        )


def _body(event: ServiceEvent) -> dict[str, Any]:
    link = codes.link(event)
    return {
        "project_no": event.project_no, "service_number": event.service_number,
        "token": codes.token(event), "link": link,
        "expires_at": clock.local(event.expires_at).isoformat(),
        "qr_svg": f"{link}/qr.svg", "qr_png": f"{link}/qr.png",
    }  # fmt: skip


def _problem(
    status: int, code: str, detail: str | None = None, errors: Sequence[FieldError] = ()
) -> Outcome:
    return Outcome(status, problem(status, code, detail, errors))


def _row(outcome: Outcome) -> dict[str, Any]:
    if outcome.status >= 400:
        return {"status": outcome.status, "error": outcome.body}
    return {"status": outcome.status, **outcome.body}
