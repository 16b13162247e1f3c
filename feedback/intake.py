"""The hallway: one function by which every door turns what was said into rows.

`receive` is the walk of a review, told top to bottom; everything in it belongs to one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, bindparam, exists, or_, select

from . import privacy
from .cases import opening as cases
from .catalog.models import Item, Tag
from .catalog.routing import Served
from .config import settings
from .db import db, execute
from .errors import AlreadyRated, Expired, OwnService, Unknown
from .events import queries as events
from .events import tokens
from .events.models import ServiceEvent
from .ledger.actions import CITIZEN, Line, write
from .offices.models import Officer, Window
from .offices.queries import is_own_service
from .reviews import actions as reviews
from .reviews.drafts import Draft, KnownTag, Statement, take
from .reviews.models import Review
from .text import phone

SERVED_TO_STAFF = exists().where(
    Officer.active,
    Officer.phone_digest == ServiceEvent.applicant_phone_digest,
    or_(
        Officer.department_code.in_((Item.department_code, Window.department_code)),
        Officer.window_code == ServiceEvent.window_code,
    ),
)
"""Whether the applicant's phone is on the staff register for the service's window or department."""

SERVED = (
    select(
        ServiceEvent.id, ServiceEvent.expires_at, ServiceEvent.item_code, ServiceEvent.window_code,
        Item.name.label("item_name"), Item.department_code, Item.guide_owner_code,
        Window.department_code.label("window_department"), Review.id.label("is_rated"),
        SERVED_TO_STAFF.correlate(ServiceEvent, Item, Window).label("to_staff"),
    )
    .join(Item, Item.code == ServiceEvent.item_code)
    .outerjoin(Window, Window.code == ServiceEvent.window_code)
    .outerjoin(Review, Review.event_id == ServiceEvent.id)
    .where(ServiceEvent.serial == bindparam("serial"))
)  # fmt: skip
"""What the walk needs to know of a service, in one statement."""

TAGS = select(Tag.code, Tag.grade, Tag.in_force, Tag.responsibility).where(
    Tag.code.in_(bindparam("codes", expanding=True))
)


@dataclass(frozen=True)
class Invitation:
    """What the rating page shows: the service, and the tags that are in force."""

    event: ServiceEvent
    tags: list[Tag]


def look(token: str, now: datetime) -> Invitation:
    """Return what may be rated with this token. Looking never spends.

    Raises Unknown (forged or no such service), AlreadyRated, Expired.
    """
    asked = (
        events.shown()
        .add_columns(Review.id)
        .outerjoin(Review, Review.event_id == ServiceEvent.id)
        .where(ServiceEvent.serial == recognise(token))
    )
    found = db.session.execute(asked).one_or_none()
    if found is None:
        raise Unknown
    event, review_id = found
    _still_open(event, review_id is not None, now)
    in_force = select(Tag).where(Tag.in_force).order_by(Tag.grade.desc(), Tag.code)
    return Invitation(event, list(db.session.scalars(in_force)))


def receive(token: str, draft: Draft, now: datetime) -> str:
    """Take a review and return its receipt code. To be called inside a transaction.

    1. the token names its event; a forged one is refused before the database is asked
    2. the draft is a statement, or every wrong field is named
    3. negative: the case first, with its deadlines, so that the review can point at it
    4. the review: one INSERT, and the UNIQUE key on the event is the one-time right
    5. the ledger

    Raises Unknown, AlreadyRated, Expired, Invalid, OwnService.
    """
    served = execute(SERVED, {"serial": recognise(token)}).one_or_none()
    if served is None:
        raise Unknown
    _still_open(served, served.is_rated is not None, now)
    said = take(draft, _known_tags(draft))
    _not_own_service(served, draft)
    case = _open_case(served, said, draft, now) if said.grade.is_negative else None
    review_id = reviews.record(served.id, said, draft, case.id if case else None, now)
    lines = [Line("review", review_id, "receive", _facts(served, said, draft))]
    if case:
        lines += [Line("case", case.id, "open", case.facts)]
    write(now, CITIZEN, *lines)
    return reviews.receipt_of(served.id)


def recognise(token: str) -> int:
    """Return the serial that a token names. Raises Unknown for a forged one, without the database."""
    serial = tokens.read_token(settings().token_keys, token)
    if serial is None:
        raise Unknown
    return serial


def _still_open(event: ServiceEvent | Row, is_rated: bool, now: datetime) -> None:
    if is_rated:
        raise AlreadyRated(receipt=reviews.receipt_of(event.id))
    if now >= event.expires_at:
        raise Expired(expired_at=event.expires_at)


def _known_tags(draft: Draft) -> Mapping[int, KnownTag]:
    codes = draft.tag_codes()
    if not codes:
        return {}
    rows = execute(TAGS, {"codes": sorted(codes)})
    return {
        row.code: KnownTag(row.code, row.grade, row.in_force, row.responsibility) for row in rows
    }


def _not_own_service(served: Row, draft: Draft) -> None:
    """Refuse a rating from a phone on the staff register for its own window or department.

    Whether the phone was typed here, even where it would not be kept, or recorded with the service.
    """
    if served.to_staff:
        raise OwnService
    typed = phone(draft.phone)
    if typed is None:
        return
    digest = privacy.digest(settings().digest_key.get_secret_value(), "phone", typed)
    departments = {served.department_code, served.window_department} - {None}
    if is_own_service(digest, departments, served.window_code):
        raise OwnService


def _open_case(served: Row, said: Statement, draft: Draft, now: datetime) -> cases.Opened:
    service = Served(
        served.item_code, served.department_code, served.guide_owner_code, served.window_department
    )
    return cases.open_case(served.id, served.item_name, service, said, draft.locale, now)


def _facts(served: Row, said: Statement, draft: Draft) -> dict[str, object]:
    return {
        "event": str(served.id), "grade": int(said.grade), "tags": list(said.tags),
        "identity": said.identity.value, "channel": draft.channel.value,
        "entered_by": str(draft.entered_by) if draft.entered_by else None,
    }  # fmt: skip
