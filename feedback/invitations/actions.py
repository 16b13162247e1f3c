"""Asking by text message: once per service, and once more if nobody answers.

What is due is read from rows (`service_events.invite_at`, `invitations.remind_at`), so that one tick
after any silence catches up. Whether and when a promised message may really go is decided by the
outbox at the last moment; here it is decided whether there is a reason to ask at all.
"""

import string
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, select, true, tuple_

from .. import clock, privacy
from ..config import settings
from ..db import db, insert, new_id, reading, transaction
from ..events import codes
from ..events.models import ServiceEvent
from ..ledger.actions import SYSTEM, Line, write
from ..logs import failure
from ..notify import phones
from ..notify.actions import Promise, phone_digest, promise_one
from ..notify.models import Message, State
from ..notify.texts import first_moment
from ..offices.queries import is_own_service
from ..text import is_mobile
from .models import Invitation, Skipped
from .queries import RATED, is_wanted, letters_met, open_to

BATCH = 50
log = structlog.get_logger(__name__)

LETTERS = string.ascii_uppercase[: string.ascii_uppercase.index("T")]
"""T alone means «no more messages» to most people, so no service is called so."""

LETTER_RESTS = timedelta(days=30)


def invite(now: datetime, go_on: Callable[[], bool]) -> list[str]:
    """Decide about every service whose moment to ask has come; return what was done.

    Opens its own transactions, one a service: one that makes trouble does not hold up the others.
    """
    if settings().invitations == "off":
        return []
    return _each(_due, _decide_about, now, go_on)


Place = tuple[datetime, UUID]
"""Where a row stands in the order of its moment."""


def _each(
    due: Callable[[datetime, Place | None], Sequence[Any]],
    decide: Callable[[UUID, datetime], str | None],
    now: datetime,
    go_on: Callable[[], bool],
) -> list[str]:
    """Decide about all that is due, in order; what failed is met again at the next tick."""
    done: list[str] = []
    last: Place | None = None
    while go_on() and (batch := due(now, last)):
        last = batch[-1]
        for _, row_id in batch:
            done += filter(None, [_safely(decide, row_id, now)])
    return done


def _safely(
    decide: Callable[[UUID, datetime], str | None], row_id: UUID, now: datetime
) -> str | None:
    try:
        return decide(row_id, now)
    except Exception as problem:  # somebody's own trouble must not keep the others from being asked
        log.error("not_decided", row=str(row_id), **failure(problem))
        return None


def _after(moment: Any, row_id: Any, last: Place | None) -> ColumnElement[bool]:
    return tuple_(moment, row_id) > tuple_(*last) if last else true()


def _due(now: datetime, last: Place | None) -> Sequence[Any]:
    order = (ServiceEvent.invite_at, ServiceEvent.id)
    rows = select(*order).where(ServiceEvent.invite_at <= now, _after(*order, last))
    with reading() as session:
        return [(at, row_id) for at, row_id in session.execute(rows.order_by(*order).limit(BATCH))]


def _decide_about(event_id: UUID, now: datetime) -> str | None:
    """Decide about one service, unless somebody else does. A rating of it does not wait for us."""
    mine = (
        select(ServiceEvent, RATED)
        .where(ServiceEvent.id == event_id, ServiceEvent.invite_at <= now)
        .with_for_update(of=ServiceEvent, skip_locked=True, key_share=True)
    )
    with transaction():
        found = db.session.execute(mine).one_or_none()
        return _decide(found[0], found[1], now) if found else None


def _decide(event: ServiceEvent, is_rated: bool, now: datetime) -> str:
    """Decide about one service, once: the UNIQUE key on it holds whoever else decides."""
    event.invite_at = None
    digest = event.applicant_phone_digest
    assert digest  # noqa: S101  there is no moment to ask without a phone
    wish = phones.hold(digest)
    number = phone_of(event)
    skipped = _why_not(event, is_rated, number, wish.stopped_at is not None, now)
    row: dict[str, Any] = {
        "id": new_id(), "event_id": event.id, "phone_digest": digest, "decided_at": now,
        "skipped": skipped, "letter": "",
    }  # fmt: skip
    if skipped is None and number:
        row["letter"] = _letter(digest, now)
        row["message_id"] = _promise("invitation", event, number, wish.locale, now)
        row["remind_at"] = now + timedelta(days=settings().reminder_days)
    kept = insert(Invitation).values(row).on_conflict_do_nothing(index_elements=["event_id"])
    db.session.execute(kept, execution_options={"synchronize_session": False})
    outcome = skipped.value if skipped else "invited"
    write(now, SYSTEM, Line("event", event.id, "invite", {"outcome": outcome}))
    return outcome


def _letter(phone_digest: str, now: datetime) -> str:
    """Return the letter by which a phone will name the service: one that it has not met for long, so
    that an answer to an old text does not meet a new service.
    """
    met = letters_met(phone_digest, now - LETTER_RESTS)
    return next(
        (one for one in LETTERS if one not in met), min(met, key=met.__getitem__, default="A")
    )


def _why_not(
    event: ServiceEvent, is_rated: bool, number: str | None, is_stopped: bool, now: datetime
) -> Skipped | None:
    """Return why nobody is asked, if so."""
    if number is None:
        return Skipped.UNREADABLE
    if is_rated:
        return Skipped.RATED
    if event.expires_at <= now or not codes.can_be_made(event):
        return Skipped.EXPIRED
    if not is_mobile(number):
        return Skipped.NO_MOBILE
    if is_stopped:
        return Skipped.STOPPED
    return Skipped.OWN_SERVICE if _is_own(event) else None


def _is_own(event: ServiceEvent) -> bool:
    """Whether the phone is on the staff register for the service's own window or department."""
    departments = {event.item.department_code}
    if event.window:
        departments.add(event.window.department_code)
    assert event.applicant_phone_digest  # noqa: S101
    return is_own_service(event.applicant_phone_digest, departments, event.window_code)


def phone_of(event: ServiceEvent) -> str | None:
    """Return the applicant's phone in the clear, for promising a message; None if it does not open."""
    keys, sealed = settings().data_keys, event.applicant_phone_sealed or ""
    try:
        return privacy.unseal(keys, "service_events", "applicant_phone", event.id, sealed)
    except (InvalidTag, KeyError, ValueError):  # its key is gone, or the row was altered
        return None


def _promise(
    occasion: str, event: ServiceEvent, number: str, locale: str | None, now: datetime
) -> UUID:
    """Promise one message about a service and return its id. What else it says: see `afresh`."""
    facts = {"item": event.item.name, "day": clock.day_of(event.served_at).isoformat()}
    asked = Promise(
        occasion, f"{occasion}:{event.id}", event.id, facts, phone=number,
        locale=locale or "zh_CN", not_before=first_moment(occasion, phone_digest(number), now),
    )  # fmt: skip
    return promise_one(now, asked)


def afresh(subject_id: str, now: datetime) -> dict[str, Any] | None:
    """Return what an invitation says that is not kept with it; None once it is not wanted any more.

    That is the one-time link, and the letter if the phone was asked about another service that is still
    open. For the outbox, in the transaction of handing over.
    """
    if not is_wanted(subject_id, now):
        return None
    event = db.session.get_one(ServiceEvent, UUID(subject_id))
    link = codes.link(event) if settings().sms_links == "on" else ""
    return {"link": link, "letter": _letter_to_say(event, now)}


def _letter_to_say(event: ServiceEvent, now: datetime) -> str:
    """Return the service's letter if the phone could mean another one."""
    assert event.applicant_phone_digest  # noqa: S101
    others = [one for one in open_to(event.applicant_phone_digest, now) if one.event_id != event.id]
    own = select(Invitation.letter).where(Invitation.event_id == event.id)
    return db.session.scalars(own).one() if others else ""


def remind(now: datetime, go_on: Callable[[], bool]) -> list[str]:
    """Ask those who have not answered once more, and never again; return what was done.

    Opens its own transactions, one an invitation.
    """
    if settings().invitations == "off":
        return []
    return _each(_unanswered, _remind_of, now, go_on)


def _unanswered(now: datetime, last: Place | None) -> Sequence[Any]:
    order = (Invitation.remind_at, Invitation.id)
    rows = select(*order).where(Invitation.remind_at <= now, _after(*order, last))
    with reading() as session:
        return [(at, row_id) for at, row_id in session.execute(rows.order_by(*order).limit(BATCH))]


def _remind_of(invitation_id: UUID, now: datetime) -> str | None:
    mine = (
        select(Invitation)
        .where(Invitation.id == invitation_id, Invitation.remind_at <= now)
        .with_for_update(skip_locked=True)
    )
    with transaction():
        found = db.session.scalar(mine)
        return _remind(found, now) if found else None


def _remind(invitation: Invitation, now: datetime) -> str:
    """Promise the one reminder, or wait until the invitation itself has been out long enough."""
    message, event = invitation.message, invitation.event
    assert message  # noqa: S101  whoever is reminded was invited
    invitation.remind_at = _too_early(message, now)
    if invitation.remind_at:
        return "later"
    wish, number = phones.hold(invitation.phone_digest), phone_of(event)
    arrived = message.state in (State.SENT, State.DELIVERED)
    if not arrived or wish.stopped_at or not number or not is_wanted(str(event.id), now):
        return "not_reminded"
    invitation.reminder_id = _promise("invitation_reminder", event, number, wish.locale, now)
    write(now, SYSTEM, Line("event", event.id, "remind", {}))
    return "reminded"


def _too_early(message: Message, now: datetime) -> datetime | None:
    """Return when to look again, if the invitation has not left yet or not long ago."""
    span = timedelta(days=settings().reminder_days)
    if message.state in (State.QUEUED, State.SENDING, State.ASKING):
        return now + span
    due = message.sent_at + span if message.sent_at else now
    return due if due > now else None
