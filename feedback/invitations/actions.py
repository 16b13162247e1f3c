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

from sqlalchemy import select

from .. import clock, privacy
from ..config import settings
from ..db import db, insert, new_id, transaction
from ..events import codes
from ..events.models import ServiceEvent
from ..ledger.actions import SYSTEM, Line, write
from ..notify import phones
from ..notify.actions import Promise, promise_one
from ..notify.models import Message, State
from ..offices.queries import is_own_service
from ..text import is_mobile
from .models import Invitation, Skipped
from .queries import RATED, is_wanted, letters_in_use, open_to

BATCH = 50
LETTERS = string.ascii_uppercase[: string.ascii_uppercase.index("T")]
"""T alone means «no more messages» to most people, so no service is called so."""


def invite(now: datetime, go_on: Callable[[], bool]) -> list[str]:
    """Decide about every service whose moment to ask has come; return what was done.

    Opens its own transactions, a batch each.
    """
    if settings().invitations == "off":
        return []
    done: list[str] = []
    while go_on():
        with transaction():
            due = _due(now)
            done += [_decide(event, is_rated, now) for event, is_rated in due]
        if len(due) < BATCH:
            return done
    return done


def _due(now: datetime) -> Sequence[tuple[ServiceEvent, bool]]:
    due = (
        select(ServiceEvent, RATED)
        .where(ServiceEvent.invite_at <= now)
        .order_by(ServiceEvent.invite_at, ServiceEvent.id)
        .limit(BATCH)
        .with_for_update(of=ServiceEvent, skip_locked=True)
    )
    return [(event, is_rated) for event, is_rated in db.session.execute(due)]


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
    if skipped is None:
        used = letters_in_use(digest, now)
        row["letter"] = next((one for one in LETTERS if one not in used), LETTERS[-1])
        row["message_id"] = _promise("invitation", event, number, wish.locale, now)
        row["remind_at"] = now + timedelta(days=settings().reminder_days)
    kept = insert(Invitation).values(row).on_conflict_do_nothing(index_elements=["event_id"])
    db.session.execute(kept, execution_options={"synchronize_session": False})
    outcome = skipped.value if skipped else "invited"
    write(now, SYSTEM, Line("event", event.id, "invite", {"outcome": outcome}))
    return outcome


def _why_not(
    event: ServiceEvent, is_rated: bool, number: str, is_stopped: bool, now: datetime
) -> Skipped | None:
    """Return why nobody is asked, if so."""
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


def phone_of(event: ServiceEvent) -> str:
    """Return the applicant's phone in the clear, for promising a message."""
    return privacy.unseal(
        settings().data_keys, "service_events", "applicant_phone", event.id,
        event.applicant_phone_sealed or "",
    )  # fmt: skip


def _promise(
    occasion: str, event: ServiceEvent, number: str, locale: str | None, now: datetime
) -> UUID:
    """Promise one message about a service and return its id. What else it says: see `afresh`."""
    facts = {"item": event.item.name, "day": clock.day_of(event.served_at).isoformat()}
    asked = Promise(
        occasion, f"{occasion}:{event.id}", event.id, facts, phone=number, locale=locale or "zh_CN"
    )
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

    Opens its own transactions, a batch each.
    """
    done: list[str] = []
    while go_on():
        with transaction():
            due = _unanswered(now)
            done += [_remind(invitation, now) for invitation in due]
        if len(due) < BATCH:
            return done
    return done


def _unanswered(now: datetime) -> Sequence[Invitation]:
    due = (
        select(Invitation)
        .where(Invitation.remind_at <= now)
        .order_by(Invitation.remind_at, Invitation.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    return db.session.scalars(due).all()


def _remind(invitation: Invitation, now: datetime) -> str:
    """Promise the one reminder, or wait until the invitation itself has been out long enough."""
    message, event = invitation.message, invitation.event
    assert message  # noqa: S101  whoever is reminded was invited
    invitation.remind_at = _too_early(message, now)
    if invitation.remind_at:
        return "later"
    wish = phones.hold(invitation.phone_digest)
    if message.sent_at is None or wish.stopped_at or not is_wanted(str(event.id), now):
        return "not_reminded"
    invitation.reminder_id = _promise(
        "invitation_reminder", event, phone_of(event), wish.locale, now
    )  # fmt: skip
    write(now, SYSTEM, Line("event", event.id, "remind", {}))
    return "reminded"


def _too_early(message: Message, now: datetime) -> datetime | None:
    """Return when to look again, if the invitation has not left yet or not long ago."""
    span = timedelta(days=settings().reminder_days)
    if message.state in (State.QUEUED, State.SENDING, State.ASKING):
        return now + span
    due = message.sent_at + span if message.sent_at else now
    return due if due > now else None
