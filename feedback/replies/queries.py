"""Looking up what a phone wrote and was asked, and which texts a person has to see."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, SQLColumnExpression, exists, func, literal, or_, select

from .. import privacy
from ..cases.models import Addition, Case
from ..cases.states import MOVES, Act
from ..catalog.models import Item
from ..config import settings
from ..db import db
from ..errors import Unknown
from ..events.models import ServiceEvent
from ..invitations.models import Invitation
from ..notify.models import Message
from ..notify.senders import Incoming
from ..offices.models import Account, Officer, Window
from ..reviews.models import Review
from .models import InboxRead, IncomingText
from .talk import Made

A_DAY = timedelta(days=1)
PAGE_SIZE = 200
LATELY = 5

FOR_A_PERSON = (Made.PERSON, Made.STRANGER)

TAKES_WORDS = Case.state.in_(sorted(MOVES[Act.ADD].come_from))


def known(gateway: str, provider_id: str) -> IncomingText | None:
    """Return the text message with this id at its gateway, if it was taken in."""
    same = select(IncomingText).where(
        IncomingText.gateway == gateway, IncomingText.provider_id == provider_id
    )
    return db.session.scalar(same)


def lately_of(phone_digest: str) -> Sequence[IncomingText]:
    """Return what a phone wrote lately, newest first."""
    rows = select(IncomingText).where(IncomingText.phone_digest == phone_digest)
    newest = rows.order_by(IncomingText.received_at.desc(), IncomingText.id.desc())
    return db.session.scalars(newest.limit(LATELY)).all()


def was_written_to(phone_digest: str) -> bool:
    """Say whether we ever wrote to a phone of our own accord: to answer makes nobody known."""
    return bool(db.session.scalar(select(_written_to(literal(phone_digest)))))


def _written_to(phone_digest: SQLColumnExpression[str]) -> ColumnElement[bool]:
    return exists().where(
        Message.to_phone_digest == phone_digest, Message.handed_over_at.is_not(None),
        ~Message.occasion.startswith("answer_", autoescape=True),
    )  # fmt: skip


def case_without_reason(phone_digest: str) -> Case | None:
    """Return the matter of a phone's latest bad rating if we still wait for its reason."""
    found = _asked_why(phone_digest)
    return found[0] if found else None


def asked_why_at(phone_digest: str) -> datetime | None:
    """Return when we asked a phone for the reason for which we still wait."""
    found = _asked_why(phone_digest)
    return found[1] if found else None


def _asked_why(phone_digest: str) -> tuple[Case, datetime] | None:
    asked = (
        select(IncomingText.case_id, IncomingText.received_at)
        .where(
            IncomingText.phone_digest == phone_digest, IncomingText.made == Made.REVIEW_ASKED_WHY
        )
        .order_by(IncomingText.received_at.desc(), IncomingText.id.desc())
        .limit(1)
        .subquery()
    )
    given = exists().where(Addition.case_id == Case.id, Addition.is_reason)
    waiting = select(Case, asked.c.received_at).join(asked, asked.c.case_id == Case.id)
    found = db.session.execute(waiting.where(TAKES_WORDS, ~given)).one_or_none()
    return (found[0], found[1]) if found else None


def open_case_of(phone_digest: str) -> Case | None:
    """Return the newest matter under a phone's name that still takes the citizen's words."""
    theirs = (
        select(Case)
        .join(Review, Review.case_id == Case.id)
        .where(Review.phone_digest == phone_digest, TAKES_WORDS)
        .order_by(Case.opened_at.desc(), Case.id.desc())
        .limit(1)
    )
    return db.session.scalar(theirs)


def answer_of(text: IncomingText) -> Message | None:
    """Return the answer that a text got."""
    return db.session.get(Message, text.answer_id) if text.answer_id else None


def strangers_answered(phone_digest: str, now: datetime) -> tuple[int, int]:
    """Return how many answers to strangers there were within a day: to this phone, and to all."""
    theirs = func.count().filter(IncomingText.phone_digest == phone_digest)
    answered = select(theirs, func.count()).where(
        IncomingText.received_at > now - A_DAY, IncomingText.answer_id.is_not(None),
        ~_written_to(IncomingText.phone_digest),
    )  # fmt: skip
    found = db.session.execute(answered).one()
    return found[0], found[1]


def read_until(gateway: str) -> datetime | None:
    """Return when a gateway's list was last read to its end, if ever.

    The latest text that we have says nothing of it: calls go on while nobody reads lists.
    """
    return db.session.scalar(select(InboxRead.read_at).where(InboxRead.gateway == gateway))


def missing(gateway: str, listed: Iterable[Incoming]) -> list[Incoming]:
    """Return what of a gateway's list we have not taken in."""
    by_id = {one.provider_id: one for one in listed}
    for start in range(0, len(ids := list(by_id)), PAGE_SIZE):
        some = select(IncomingText.provider_id).where(
            IncomingText.gateway == gateway,
            IncomingText.provider_id.in_(ids[start : start + PAGE_SIZE]),
        )
        for taken in db.session.scalars(some):
            by_id.pop(taken)
    return list(by_id.values())


def _unseen(now: datetime) -> ColumnElement[bool]:
    waits = IncomingText.made.in_(FOR_A_PERSON) | (IncomingText.waits_from <= now)
    return waits & IncomingText.seen_at.is_(None)


def may_read(account: Account) -> ColumnElement[bool]:
    """Return the condition that holds for the texts that a person may read: none about their office.

    That is the service and the case that a text belongs to. Where it belongs to none yet, it is
    whatever its phone was asked about or has complained of.
    """
    served = _of_office(account)
    own = (Case.department_code == account.department_code) | Case.event.has(served)
    theirs = IncomingText.phone_digest
    is_about = (
        exists().where(ServiceEvent.id == IncomingText.event_id, served)
        | exists().where(Case.id == IncomingText.case_id, own)
    )  # fmt: skip
    may_be_about = (
        exists().where(Invitation.phone_digest == theirs, Invitation.event.has(served))
        | exists().where(Review.phone_digest == theirs, Case.id == Review.case_id, own)
    )  # fmt: skip
    belongs = IncomingText.event_id.is_not(None) | IncomingText.case_id.is_not(None)
    return ~is_about & (belongs | ~may_be_about)


def _of_office(account: Account) -> ColumnElement[bool]:
    """Return the condition that a service was given by a person, at their window or by their office."""
    here = account.department_code
    windows = select(Window.code).where(Window.department_code == here)
    conditions: list[ColumnElement[bool]] = [
        ServiceEvent.item_code.in_(select(Item.code).where(Item.department_code == here)),
        ServiceEvent.window_code.in_(windows),
        ServiceEvent.officer_code.in_(select(Officer.code).where(Officer.department_code == here)),
    ]
    if account.window_code is not None:
        conditions.append(ServiceEvent.window_code == account.window_code)
    return or_(*conditions)


def for_a_person(account: Account, now: datetime) -> Sequence[IncomingText]:
    """Return what nobody has looked at yet, oldest first, a page of it: what fitted nothing, and what we
    asked back about and heard no more of.
    """
    rows = select(IncomingText).where(_unseen(now), may_read(account))
    return db.session.scalars(rows.order_by(IncomingText.received_at).limit(PAGE_SIZE)).all()


def number_for_a_person(account: Account, now: datetime) -> int:
    """Return how many texts wait for a person."""
    rows = select(func.count()).select_from(IncomingText).where(_unseen(now), may_read(account))
    return db.session.scalar(rows) or 0


def held_for_a_person(text_id: UUID, account: Account) -> IncomingText:
    """Return a text that waits or waited for a person, held until the transaction ends.

    Raises Unknown if there is none, or not for the one who asks.
    """
    wanted = select(IncomingText).where(
        IncomingText.id == text_id, may_read(account),
        IncomingText.made.in_(FOR_A_PERSON) | IncomingText.waits_from.is_not(None),
    )  # fmt: skip
    found = db.session.scalar(wanted.with_for_update())
    if found is None:
        raise Unknown
    return found


def latest(account: Account) -> Sequence[IncomingText]:
    """Return what came in last, newest first, a page of it."""
    rows = select(IncomingText).where(may_read(account))
    newest = rows.order_by(IncomingText.received_at.desc(), IncomingText.id.desc())
    return db.session.scalars(newest.limit(PAGE_SIZE)).all()


def unplaced_of_case(case_id: UUID) -> Sequence[IncomingText]:
    """Return the texts about a case that it took no more, oldest first.

    What the others said stands in the review or among the additions.
    """
    rows = select(IncomingText).where(
        IncomingText.case_id == case_id, IncomingText.made == Made.PERSON
    )
    return db.session.scalars(rows.order_by(IncomingText.received_at)).all()


def shown_phone(text: IncomingText) -> str:
    """Return who wrote, the middle of the number hidden."""
    keys, sealed = settings().data_keys, text.from_phone_sealed or ""
    try:
        number = privacy.unseal(keys, "incoming_texts", "from_phone", text.id, sealed)
    except (InvalidTag, KeyError, ValueError):
        return "****"
    return privacy.mask_phone(number)
