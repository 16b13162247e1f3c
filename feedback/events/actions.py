"""Recording services: the one action behind the desk, the business systems' door and the files."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, tuple_

from .. import privacy
from ..calendar.queries import calendar_in_force
from ..catalog.models import Item
from ..config import Settings, settings
from ..db import db, insert, new_id
from ..errors import FieldError, Invalid
from ..ledger.actions import Actor, Line, write
from ..offices.models import Officer, Window
from ..workdays import Calendar
from . import tokens
from .expiry import expires_at
from .facts import EventFacts, check_times
from .models import RecordedVia, ServiceEvent

BULK_LIMIT = 1000


@dataclass(frozen=True)
class Recorded:
    """A service that is on record, and whether it was so before."""

    event: ServiceEvent
    is_new: bool


@dataclass(frozen=True)
class _Known:
    """What the catalogue and the staff register say of the codes in a batch, and the calendar."""

    items: Mapping[str, Item]
    windows: Mapping[str, Window]
    officers: Mapping[str, Officer]
    calendar: Calendar


def record(facts: EventFacts, via: RecordedVia, by: Actor, now: datetime) -> Recorded:
    """Put one service on record. Raises Invalid; see `record_all`. Inside a transaction."""
    outcome = record_all([facts], via, by, now)[0]
    if isinstance(outcome, Invalid):
        raise outcome
    return outcome


def record_all(
    batch: Sequence[EventFacts], via: RecordedVia, by: Actor, now: datetime
) -> list[Recorded | Invalid]:
    """Put services on record and return an outcome for each, in order. Inside a transaction.

    The same facts under the same key again are the same service, not a second one, whatever was
    retired since. Other facts under a known key are refused with each differing field named. A
    constant number of statements however long the batch.
    """
    on_record = _on_record({facts.key for facts in batch})
    known = _look_up([facts for facts in batch if facts.key not in on_record])
    outcomes: list[Recorded | Invalid] = []
    fresh: dict[tuple[str, str, int], dict[str, Any]] = {}
    for facts in batch:
        if facts.key in on_record:
            outcomes.append(_again(facts, on_record[facts.key]))
        elif wrong := _wrong(facts, known, now):
            outcomes.append(Invalid(wrong))
        else:
            fresh[facts.key] = _row(facts, known, via, by, now)
            on_record[facts.key] = event = ServiceEvent(**fresh[facts.key])
            outcomes.append(Recorded(event, is_new=True))
    return _insert(list(fresh.values()), outcomes, batch, by, now)


def _insert(
    rows: list[dict[str, Any]],
    outcomes: list[Recorded | Invalid],
    batch: Sequence[EventFacts],
    by: Actor,
    now: datetime,
) -> list[Recorded | Invalid]:
    """Insert the fresh rows; a row that somebody else put on record meanwhile is theirs."""
    if not rows:
        return outcomes
    statement = insert(ServiceEvent).on_conflict_do_nothing(
        index_elements=["source", "project_no", "service_number"]
    )
    # In one order, or two batches with the same keys could wait for each other.
    rows.sort(key=lambda row: (row["source"], row["project_no"], row["service_number"]))
    mine = set(db.session.scalars(statement.returning(ServiceEvent.id), rows))
    if mine:
        write(now, by, *(_line(row) for row in rows if row["id"] in mine))
    if len(mine) == len(rows):
        return outcomes
    on_record = _on_record({facts.key for facts in batch})
    return [
        _again(facts, on_record[facts.key])
        if isinstance(outcome, Recorded) and outcome.event.id not in mine
        else outcome
        for facts, outcome in zip(batch, outcomes, strict=True)
    ]


def _line(row: dict[str, Any]) -> Line:
    facts = {
        "item": row["item_code"],
        "window": row["window_code"],
        "via": row["recorded_via"].value,
    }
    return Line("event", row["id"], "record", facts)


def _look_up(batch: Sequence[EventFacts]) -> _Known:
    def rows(model: Any, codes: Iterable[str | None]) -> dict[str, Any]:
        wanted = {code for code in codes if code}
        if not wanted:
            return {}
        found = db.session.scalars(select(model).where(model.code.in_(wanted), model.active))
        return {row.code: row for row in found}

    return _Known(
        rows(Item, (facts.item_code for facts in batch)),
        rows(Window, (facts.window for facts in batch)),
        rows(Officer, (facts.officer for facts in batch)),
        calendar_in_force(),
    )


def _on_record(keys: set[tuple[str, str, int]]) -> dict[tuple[str, str, int], ServiceEvent]:
    key = tuple_(ServiceEvent.source, ServiceEvent.project_no, ServiceEvent.service_number)
    found = db.session.scalars(select(ServiceEvent).where(key.in_(keys)))
    return {(event.source, event.project_no, event.service_number): event for event in found}


def _wrong(facts: EventFacts, known: _Known, now: datetime) -> list[FieldError]:
    wrong = check_times(facts, facts.served_at or now, now)
    if facts.item_code not in known.items:
        wrong.append(FieldError("item_code", "unknown_item"))
    if facts.window and facts.window not in known.windows:
        wrong.append(FieldError("window", "unknown_window"))
    if facts.officer and facts.officer not in known.officers:
        wrong.append(FieldError("officer", "unknown_officer"))
    return wrong


def _digest(facts: EventFacts) -> str:
    """Return a keyed digest of every field that was given, to recognise the same report again."""
    told = facts.model_dump(mode="json", exclude_none=True)
    key = settings().digest_key.get_secret_value()
    return privacy.digest(key, "event", json.dumps(told, sort_keys=True, ensure_ascii=False))


def _again(facts: EventFacts, event: ServiceEvent) -> Recorded | Invalid:
    if event.facts_digest == _digest(facts):
        return Recorded(event, is_new=False)
    return Invalid(
        [FieldError(field, "recorded_differently") for field in _differing(facts, event)]
    )


def _differing(facts: EventFacts, event: ServiceEvent) -> list[str]:
    """Name the fields in which a report differs from the record; personal data as a whole."""
    pairs = {
        "item_code": (facts.item_code, event.item_code),
        "mode": (facts.mode, event.mode),
        "served_at": (facts.served_at or event.served_at, event.served_at),
        "window": (facts.window, event.window_code),
        "officer": (facts.officer, event.officer_code),
        "promised_at": (facts.promised_at, event.promised_at),
        "accepted_at": (facts.accepted_at, event.accepted_at),
        "completed_at": (facts.completed_at, event.completed_at),
    }
    return [name for name, (said, kept) in pairs.items() if said != kept] or ["applicant"]


def _row(
    facts: EventFacts, known: _Known, via: RecordedVia, by: Actor, now: datetime
) -> dict[str, Any]:
    config = settings()
    event_id = new_id()
    served_at = facts.served_at or now
    phone = facts.applicant.phone
    key = config.digest_key.get_secret_value()

    def sealed(column: str, plain: str | None) -> str | None:
        return plain and privacy.seal(config.data_keys, "service_events", column, event_id, plain)

    return {
        "id": event_id, "serial": tokens.new_serial(), "token_key_id": next(iter(config.token_keys)),
        "source": facts.source, "project_no": facts.project_no,
        "service_number": facts.service_number, "item_code": facts.item_code,
        "kind": known.items[facts.item_code].kind, "mode": facts.mode, "window_code": facts.window,
        "officer_code": facts.officer, "applicant_kind": facts.applicant.kind,
        "applicant_name_sealed": sealed("applicant_name", facts.applicant.name),
        "applicant_phone_sealed": sealed("applicant_phone", phone),
        "applicant_phone_digest": phone and privacy.digest(key, "phone", phone),
        "served_at": served_at, "promised_at": facts.promised_at, "accepted_at": facts.accepted_at,
        "completed_at": facts.completed_at,
        "expires_at": expires_at(served_at, config.rating_workdays, known.calendar),
        "recorded_at": now, "recorded_via": via, "recorded_by_id": by.id,
        "facts_digest": _digest(facts), "invite_at": _invite_at(served_at, phone, config),
    }  # fmt: skip


def _invite_at(served_at: datetime, phone: str | None, config: Settings) -> datetime | None:
    """Return when the applicant is to be asked by text message, if at all."""
    if not phone or config.invitations == "off":
        return None
    return served_at + timedelta(minutes=config.invitation_delay_minutes)
