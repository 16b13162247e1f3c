"""Looking up what a phone wrote and was asked, and which texts a person has to see."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select

from .. import privacy
from ..cases.models import Addition, Case
from ..cases.states import MOVES, Act
from ..config import settings
from ..db import db
from ..notify.models import Message
from ..notify.senders import Incoming
from ..reviews.models import Review
from .models import InboxRead, IncomingText
from .talk import Made

A_DAY = timedelta(days=1)
PAGE_SIZE = 200

FOR_A_PERSON = (Made.PERSON, Made.STRANGER)

TAKES_WORDS = Case.state.in_(sorted(MOVES[Act.ADD].come_from))


def known(gateway: str, provider_id: str) -> IncomingText | None:
    """Return the text message with this id at its gateway, if it was taken in."""
    same = select(IncomingText).where(
        IncomingText.gateway == gateway, IncomingText.provider_id == provider_id
    )
    return db.session.scalar(same)


def last_of(phone_digest: str) -> IncomingText | None:
    """Return what a phone wrote last."""
    rows = select(IncomingText).where(IncomingText.phone_digest == phone_digest)
    newest = rows.order_by(IncomingText.received_at.desc(), IncomingText.id.desc())
    return db.session.scalar(newest.limit(1))


def was_written_to(phone_digest: str) -> bool:
    """Say whether we ever wrote to a phone."""
    sent = exists().where(
        Message.to_phone_digest == phone_digest, Message.handed_over_at.is_not(None),
        Message.occasion != "answer_stranger",
    )  # fmt: skip
    return bool(db.session.scalar(select(sent)))


def case_without_reason(phone_digest: str) -> Case | None:
    """Return the matter of a phone's latest bad rating if we still wait for its reason."""
    asked = (
        select(IncomingText.case_id)
        .where(
            IncomingText.phone_digest == phone_digest, IncomingText.made == Made.REVIEW_ASKED_WHY
        )
        .order_by(IncomingText.received_at.desc(), IncomingText.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    given = exists().where(Addition.case_id == Case.id, Addition.is_reason)
    return db.session.scalar(select(Case).where(Case.id == asked, TAKES_WORDS, ~given))


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
    answered = (
        IncomingText.made == Made.STRANGER, IncomingText.answer_id.is_not(None),
        IncomingText.received_at > now - A_DAY,
    )  # fmt: skip
    theirs = func.count().filter(IncomingText.phone_digest == phone_digest)
    found = db.session.execute(select(theirs, func.count()).where(*answered)).one()
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


def _unseen() -> ColumnElement[bool]:
    return IncomingText.made.in_(FOR_A_PERSON) & IncomingText.seen_at.is_(None)


def for_a_person() -> Sequence[IncomingText]:
    """Return what fitted nothing and nobody has looked at yet, oldest first, a page of it."""
    rows = select(IncomingText).where(_unseen()).order_by(IncomingText.received_at)
    return db.session.scalars(rows.limit(PAGE_SIZE)).all()


def latest() -> Sequence[IncomingText]:
    """Return what came in last, newest first, a page of it."""
    rows = select(IncomingText).order_by(IncomingText.received_at.desc(), IncomingText.id.desc())
    return db.session.scalars(rows.limit(PAGE_SIZE)).all()


def by_id(text_id: UUID) -> IncomingText | None:
    """Return one text message."""
    return db.session.get(IncomingText, text_id)


def of_case(case_id: UUID) -> Sequence[IncomingText]:
    """Return the text messages that belong to a case, oldest first."""
    rows = select(IncomingText).where(IncomingText.case_id == case_id)
    return db.session.scalars(rows.order_by(IncomingText.received_at)).all()


def shown_phone(text: IncomingText) -> str:
    """Return who wrote, the middle of the number hidden."""
    keys, sealed = settings().data_keys, text.from_phone_sealed or ""
    return privacy.mask_phone(privacy.unseal(keys, "incoming_texts", "from_phone", text.id, sealed))
