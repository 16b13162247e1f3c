"""What the department does: accept, contact, verify, rectify, reply; and looking at a number."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ...config import settings
from ...db import db, new_id
from ...errors import FieldError, Invalid
from ...language import DEFAULT
from ...ledger.actions import Line, write
from ...notify.actions import Promise, promise
from ...notify.occasions import Occasion
from ...offices.models import Account
from ...offices.roles import Role
from ...offices.sign_in import actor
from ...reviews import actions as reviews
from ...reviews import queries as review_queries
from ...reviews.drafts import Identity
from .. import rulebook
from ..evidence import Upload
from ..models import Appeal, Case, Contact, Evidence, Rectification, Reply, Verification
from ..second_link import second_link
from ..states import (
    MOVES,
    Act,
    Finding,
    Means,
    Purpose,
    Remedy,
    State,
    after_finding,
    after_reply,
)
from .moving import allow, move, not_yours, out_of_turn, require_role, take_part


def accept(case: Case, by: Account, now: datetime, seen: int) -> None:
    """Accept a case for the department (签收)."""
    allow(case, by, Act.ACCEPT, seen)
    take_part(case, by, Act.ACCEPT, now)
    move(case, Act.ACCEPT, by, State.VERIFYING, now, {})


def contact(
    case: Case, by: Account, means: Means, reached: bool, words: str, now: datetime, seen: int
) -> None:
    """Record an attempt to reach a named citizen (联系). The first one meets the contact deadline.

    Raises NotYours, OutOfTurn for an anonymous citizen.
    """
    allow(case, by, Act.CONTACT, seen)
    if case.identity is not Identity.NAMED:
        raise out_of_turn(case, Act.CONTACT)
    take_part(case, by, Act.CONTACT, now)
    row = Contact(case_id=case.id, at=now, by_id=by.id, means=means, reached=reached, words=words)
    db.session.add(row)
    facts = {"means": means.value, "reached": reached}
    first = case.contacted_at or now
    move(case, Act.CONTACT, by, case.state, now, facts, contacted_at=first)


def verify(case: Case, by: Account, finding: Finding, words: str, now: datetime, seen: int) -> None:
    """Record what the department found (核实).

    «Unfounded» waits for an appeal: it is not open once there was one, or its time has passed.
    Raises Invalid.
    """
    allow(case, by, Act.VERIFY, seen)
    if finding is Finding.UNFOUNDED:
        _refuse_without_appeal(case, now)
    take_part(case, by, Act.VERIFY, now)
    # Were the clock set back meanwhile, the finding would seem to be an earlier department's.
    at = max(now, case.routed_at or now)
    db.session.add(Verification(case_id=case.id, at=at, by_id=by.id, finding=finding, words=words))
    move(case, Act.VERIFY, by, after_finding(finding), now, {"finding": finding.value})


def _refuse_without_appeal(case: Case, now: datetime) -> None:
    """Refuse «unfounded» where no appeal can follow: the case would wait for nothing."""
    if db.session.scalar(select(Appeal.id).where(Appeal.case_id == case.id)) is not None:
        raise Invalid([FieldError("finding", "appeal_dismissed")])
    if now > rulebook.appeal_until(case):
        raise Invalid([FieldError("finding", "appeal_over")])


def rectify(
    case: Case, by: Account, words: str, article: str, uploads: Sequence[Upload], now: datetime,
    seen: int,
) -> None:  # fmt: skip
    """Record what was put right (整改), with evidence files.

    Where verification found no legal basis, the law is explained in its place and `article` names
    it. The files lie in their folder already (`evidence.keep`), before the transaction was opened.
    Raises Invalid for a missing article.
    """
    allow(case, by, Act.RECTIFY, seen)
    kind = _remedy(case)
    if kind is Remedy.EXPLANATION and not article:
        raise Invalid([FieldError("article", "article_missing")])
    take_part(case, by, Act.RECTIFY, now)
    done = Rectification(
        id=new_id(), case_id=case.id, round=case.round, at=now, by_id=by.id, words=words, kind=kind,
        article=article if kind is Remedy.EXPLANATION else "",
    )  # fmt: skip
    db.session.add(done)
    db.session.flush()
    add_evidence(case, uploads, rectification_id=done.id)
    facts = {"round": case.round, "kind": kind.value, "files": [u.sha256 for u in uploads]}
    move(case, Act.RECTIFY, by, case.state, now, facts)


def _remedy(case: Case) -> Remedy:
    found = latest_finding(case)
    no_basis = found is not None and found.finding is Finding.NO_LEGAL_BASIS
    return Remedy.EXPLANATION if no_basis else Remedy.REMEDY


def latest_finding(case: Case) -> Verification | None:
    """Return the finding in force: the present department's last one, never another's before it."""
    ours = Verification.case_id == case.id, Verification.at >= case.routed_at
    return db.session.scalars(
        select(Verification).where(*ours).order_by(Verification.id.desc())
    ).first()


def add_evidence(case: Case, uploads: Sequence[Upload], **belongs_to: Any) -> None:
    """Note the files that belong to a rectification or an appeal."""
    db.session.add_all(
        Evidence(
            case_id=case.id, name=upload.name, media_type=upload.media_type,
            size=len(upload.content), sha256=upload.sha256, **belongs_to,
        )
        for upload in uploads
    )  # fmt: skip


def reply(
    case: Case, by: Account, words: str, internal: str, publishable: str, now: datetime, seen: int
) -> None:
    """Reply to the citizen (反馈): on the receipt page, and to a named one by message.

    `internal` is for the staff, `publishable` for everybody once released; both may be empty.
    Raises OutOfTurn while this round has no rectification of the finding in force (another
    department's does not count), or nobody tried to reach a named citizen.
    """
    allow(case, by, Act.REPLY, seen)
    named = case.identity is Identity.NAMED
    if named and case.contacted_at is None:
        raise out_of_turn(case, Act.REPLY, missing=Act.CONTACT.value)
    if not _is_put_right(case):
        raise out_of_turn(case, Act.REPLY, missing=Act.RECTIFY.value)
    take_part(case, by, Act.REPLY, now)
    db.session.add(
        Reply(case_id=case.id, round=case.round, at=now, by_id=by.id, words=words,
              internal=internal, publishable=publishable)
    )  # fmt: skip
    facts = {"round": case.round, "lapsed": str(case.request_id) if case.request_id else None}
    goes_to = after_reply(named=named)
    move(case, Act.REPLY, by, goes_to, now, facts, answered_at=now, request_id=None)
    tell_citizen(
        case, Occasion.CITIZEN_REPLIED, f"replied:{case.id}:{case.round}", now,
        link=second_link(case.number) if case.round == 1 else receipt_link(case),
    )  # fmt: skip


def _is_put_right(case: Case) -> bool:
    """Say whether this round has a rectification that came after the finding in force."""
    found, done = latest_finding(case), latest(Rectification, case)
    return found is not None and done is not None and done.id > found.id


def tell_citizen(case: Case, occasion: Occasion, key: str, now: datetime, **facts: Any) -> None:
    """Promise a named citizen a text message; an anonymous one reads the receipt page."""
    if case.identity is not Identity.NAMED:
        return
    review = review_queries.of_case(case.id)
    told = {"item": case.event.item.name, "link": receipt_link(case), **facts}
    if review.locale != DEFAULT:
        told["link"] += f"?lang={review.locale}"
    phone = review_queries.phone_of(review)
    promise(
        now, Promise(occasion.value, key, case.id, told, phone=phone, locale=review.locale)
    )  # fmt: skip


def receipt_link(case: Case) -> str:
    """Return the address of the citizen's receipt."""
    return f"{settings().base_url}/receipts/{reviews.grouped_receipt_of(case.event_id)}"


def latest(kind: Any, case: Case) -> Any:
    """Return the last row of a kind in the case's present round, or None."""
    rows = select(kind).where(kind.case_id == case.id, kind.round == case.round)
    return db.session.scalars(rows.order_by(kind.id.desc())).first()


def _role_for(act: Act, roles: frozenset[Role]) -> Role:
    """Return the role in which somebody with `roles` does `act`."""
    return next(role for role in MOVES[act].roles if role in roles)


def reveal(
    case: Case, by: Account, purpose: Purpose, now: datetime
) -> tuple[str | None, str | None]:
    """Return a named citizen's name and phone in the clear, for a purpose.

    Leaves a ledger line, which the citizen sees on the receipt. Only for those whose turn it is to
    call: the department while it may contact, the visitor while a visit is due; never for whoever
    the case is about. It is a part in the case like the call itself. Raises NotYours, also for
    whoever has another part.
    """
    act = Act.VISIT if purpose is Purpose.VISIT else Act.CONTACT
    require_role(case, by, act)
    if case.state not in MOVES[act].come_from or case.identity is not Identity.NAMED:
        raise not_yours(act)
    take_part(case, by, act, now)
    roles = frozenset(role.name for role in by.roles)
    facts = {"purpose": purpose.value, "role": _role_for(act, roles).value}
    write(now, actor(by), Line("case", case.id, "reveal", facts))
    review = review_queries.of_case(case.id)
    return review_queries.name_of(review), review_queries.phone_of(review)
