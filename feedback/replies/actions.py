"""Taking in a text message from a citizen: one walk, whichever gateway it came by and however often.

What is made of it is decided in `talk`; here it is looked up what the phone was asked and said before,
done, kept, and answered. A rating goes through the hallway like everybody else's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select

from .. import clock, intake, privacy
from ..cases.actions import citizens
from ..cases.models import Case
from ..cases.saying import WORDS_MOST
from ..config import settings
from ..db import db, new_id, transaction
from ..errors import AlreadyRated, Busy, Expired, FeedbackError, OutOfTurn, OwnService, TooOften
from ..events import codes
from ..invitations import actions as invitations
from ..invitations import queries as invited
from ..invitations.models import Invitation
from ..ledger.actions import CITIZEN, Line, write
from ..notify import inline, phones
from ..notify.actions import Promise, phone_digest, promise_one
from ..notify.models import By, Phone, StoppedBy
from ..notify.occasions import NEWS
from ..notify.pace import ASKS
from ..notify.senders import Incoming, chosen
from ..offices.models import Account
from ..offices.sign_in import actor
from ..reviews import actions as reviews
from ..reviews.drafts import COMMENT_LIMIT, Channel, Draft, Identity
from ..text import is_mobile
from . import queries
from .models import IncomingText, Via
from .reading import Meaning, Reading, read
from .talk import (
    ANSWERED_WITHIN,
    ASKING,
    SETTLING,
    Made,
    Open,
    Situation,
    Step,
    naming,
    next_step,
    together,
)

log = structlog.get_logger(__name__)

SAME_MOMENT = timedelta(minutes=1)

OCCASIONS = {
    Made.REVIEW_ASKED_WHY: "answer_asked_why", Made.REASON: "answer_reason",
    Made.ADDITION: "answer_added", Made.ASKED_GRADE: "answer_grade",
    Made.ASKED_WHICH: "answer_which", Made.STOPPED: "answer_stopped",
    Made.STARTED: "answer_started", Made.LANGUAGE: "answer_language",
    Made.TOO_LATE: "answer_too_late", Made.OWN_SERVICE: "answer_own_service",
    Made.STRANGER: "answer_stranger",
}  # fmt: skip
"""What is answered; a review by its grade. What is not named here gets no answer."""


@dataclass(frozen=True)
class Heard:
    """What became of a text message: our answer's words and its promise, if it is answered at once."""

    made: Made
    words: str = ""
    answer_id: UUID | None = None


@dataclass(frozen=True)
class Talk:
    """A phone that wrote, what it was asked, and how it is answered."""

    incoming: Incoming
    digest: str
    phone: Phone
    open: Sequence[Invitation]
    lately: Sequence[IncomingText]
    """What it wrote before, newest first."""
    known: bool
    """Whether we ever wrote to it of our own accord."""
    at_once: bool
    now: datetime

    @property
    def locale(self) -> str:
        """The language of our answers."""
        return self.phone.locale or "zh_CN"


@dataclass(frozen=True)
class Done:
    """What was done about a text, and what our answer says."""

    made: Made
    event_id: UUID | None = None
    case_id: UUID | None = None
    occasion: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    must_be_answered: bool = False
    """Whether a person has to look if the citizen does not answer our question."""


def hear(incoming: Incoming, via: Via, now: datetime, at_once: bool) -> Heard:
    """Take in one text message and return our answer. Opens its own transaction.

    The same message again (its id at the gateway) does nothing more and gets the same answer. `at_once`
    says that the gateway takes the answer back within its call; otherwise it is promised.
    """
    try:
        return _hear(incoming, via, now, at_once, None)
    except (AlreadyRated, Expired):  # somebody was quicker, by another door
        return _hear(incoming, via, now, at_once, Made.TOO_LATE)
    except OwnService:
        return _hear(incoming, via, now, at_once, Made.OWN_SERVICE)
    except Busy:
        raise
    except FeedbackError as refusal:  # whatever it is, the words are kept and somebody sees them
        log.error("text_refused", gateway=incoming.gateway, error=refusal.code)
        return _hear(incoming, via, now, at_once, Made.PERSON)


def _hear(
    incoming: Incoming, via: Via, now: datetime, at_once: bool, refused: Made | None
) -> Heard:
    """Take it in, in one transaction; `refused` is what to make of it where a rating was refused.

    1. whoever else writes from or to this phone waits
    2. a message that was taken in before is answered as before
    3. what it says, in view of the situation, is done
    4. it is kept, with what was made of it, and answered
    """
    digest = phone_digest(incoming.phone)
    with transaction():
        phone = phones.hold(digest)
        before = queries.known(incoming.gateway, incoming.provider_id)
        if before:
            return _said_again(before)
        talk = Talk(
            incoming, digest, phone, _open(incoming, digest, via, now),
            queries.lately_of(digest), queries.was_written_to(digest), at_once, now,
        )  # fmt: skip
        text_id = new_id()
        done = Done(refused, occasion=OCCASIONS.get(refused)) if refused else _do(talk)
        answered = _answer(talk, text_id, done)
        _keep(talk, text_id, via, done, answered)
    return answered


def _open(incoming: Incoming, digest: str, via: Via, now: datetime) -> list[Invitation]:
    """Return the invitations that a text can be about: one found on a list was sent some time ago, and
    cannot mean what was asked only since.
    """
    until = incoming.sent_at + SAME_MOMENT if via is Via.LIST else now
    found = invited.open_to(digest, now)
    return [one for one in found if one.message and (one.message.handed_over_at or now) <= until]


def _reading(incoming: Incoming) -> Reading:
    """Return what a text says; a wish that the gateway itself has understood is one, whatever we read."""
    reading = read(incoming.body)
    known = {"STOP": Meaning.STOP, "START": Meaning.START}.get(incoming.opt_out)
    return replace(reading, meaning=known) if known else reading


def _situation(talk: Talk) -> Situation:
    lately = talk.lately
    open_ = tuple(Open(one.letter, _asked_at(one), one.event.item.name) for one in talk.open)
    asked_back = list(takewhile(lambda text: text.made in ASKING, lately))
    pending = None
    for text in reversed(asked_back):
        pending = together(naming(read(text.body), open_), pending)
    return Situation(
        open=open_,
        last_at=_written_at(lately[0]) if lately else None,
        pending=pending,
        asked_back=len(asked_back),
        asked_why_at=queries.asked_why_at(talk.digest),
        has_case=queries.open_case_of(talk.digest) is not None,
        known=talk.known,
    )


def _written_at(text: IncomingText) -> datetime:
    """Return when a text was written: what was found on a list may have come in much later."""
    return text.sent_at if text.via is Via.LIST else text.received_at


def _asked_at(invitation: Invitation) -> datetime:
    """Return when a service was last asked about."""
    messages = filter(None, (invitation.message, invitation.reminder))
    return max(message.handed_over_at for message in messages if message.handed_over_at)


# -- what is done --------------------------------------------------------------------------------


def _do(talk: Talk) -> Done:
    """Do what a reply asks for. Raises AlreadyRated, Expired, OwnService."""
    step = next_step(_reading(talk.incoming), _situation(talk))
    if step.made is Made.REVIEW:
        return _review(talk, step)
    if step.made in (Made.REASON, Made.ADDITION):
        return _add(talk, step)
    if step.made in (Made.STOPPED, Made.STARTED, Made.LANGUAGE):
        return _wish(talk, step)
    return Done(
        step.made, occasion=OCCASIONS.get(step.made), facts=_choices(talk, step),
        must_be_answered=step.must_be_answered,
    )  # fmt: skip


def _review(talk: Talk, step: Step) -> Done:
    """Rate the service that is meant, under the phone's name, and say what comes next."""
    invitation = next(one for one in talk.open if one.letter == step.letter)
    said, event = step.said, invitation.event
    assert said.grade  # noqa: S101  a reply that rates has a grade
    draft = Draft(
        grade=str(int(said.grade)), channel=Channel.SMS, comment=said.words[:COMMENT_LIMIT],
        identity=Identity.NAMED.value, phone=talk.incoming.phone, locale=talk.locale,
        may_lack_reason=True,
    )  # fmt: skip
    intake.receive(codes.token(event), draft, talk.now)
    facts = {"item": event.item.name, "grade": int(said.grade)}
    if not said.grade.is_negative:
        return Done(Made.REVIEW, event.id, None, "answer_thanks", facts)
    case = db.session.scalars(select(Case).where(Case.event_id == event.id)).one()
    _say_the_rest(case, said.words[COMMENT_LIMIT:], talk.now)
    made = Made.REVIEW if said.words else Made.REVIEW_ASKED_WHY
    return Done(made, event.id, case.id, OCCASIONS.get(made, "answer_negative"), facts)


def _say_the_rest(case: Case, words: str, now: datetime) -> None:
    """Put what no single field takes into the case, word for word, as long as it takes any."""
    for start in range(0, len(words), WORDS_MOST):
        _tell_case(case, words[start : start + WORDS_MOST], now)


def _tell_case(case: Case, words: str, now: datetime, *, is_reason: bool = False) -> bool:
    """Put words into a case and say whether it took them; they stand in the incoming text besides."""
    try:
        citizens.add(case, words, now, is_reason=is_reason)
    except (OutOfTurn, TooOften):
        return False
    return True


def _add(talk: Talk, step: Step) -> Done:
    """Put the words into the matter they belong to; what it takes no more waits for a person."""
    is_reason = step.made is Made.REASON
    find = queries.case_without_reason if is_reason else queries.open_case_of
    case = find(talk.digest)
    assert case  # noqa: S101  the situation said so
    words = step.said.words
    if not _tell_case(case, words[:WORDS_MOST], talk.now, is_reason=is_reason):
        return Done(Made.PERSON, case.event_id, case.id)
    _say_the_rest(case, words[WORDS_MOST:], talk.now)
    facts = {"item": case.event.item.name, "number": case.number}
    return Done(step.made, case.event_id, case.id, OCCASIONS[step.made], facts)


def _wish(talk: Talk, step: Step) -> Done:
    """Do as the phone's holder wishes; a rating or words beside the wish are not lost."""
    rated = _review(talk, step.also) if step.also else None
    was_stopped = talk.phone.stopped_by is StoppedBy.REPLY
    if step.made is Made.STOPPED:
        phones.stop(talk.phone, StoppedBy.REPLY, CITIZEN, talk.now)
    elif step.made is Made.STARTED:
        phones.start(talk.phone, CITIZEN, talk.now)
    else:
        talk.phone.locale = step.said.locale
    case = queries.open_case_of(talk.digest) if step.said.words else None
    if case:
        _say_the_rest(case, step.said.words, talk.now)
    about = rated or Done(step.made, case_id=case.id if case else None)
    is_confirmed = step.made is Made.STOPPED and was_stopped  # who said TD before was told so: once
    occasion = None if is_confirmed else OCCASIONS[step.made]
    return Done(step.made, about.event_id, about.case_id, occasion)


def _choices(talk: Talk, step: Step) -> dict[str, Any]:
    """Return what a question back names: the service that is meant, or all that may be."""
    if step.made is Made.ASKED_WHICH:
        return {"services": [_named(one) for one in talk.open]}
    if step.made is Made.ASKED_GRADE:
        meant = next((one for one in talk.open if one.letter == step.letter), talk.open[0])
        return {**_named(meant), "letter": meant.letter if len(talk.open) > 1 else ""}
    return {}


def _named(invitation: Invitation) -> dict[str, str]:
    event = invitation.event
    return {
        "letter": invitation.letter, "item": event.item.name,
        "day": clock.day_of(event.served_at).isoformat(),
    }  # fmt: skip


# -- keeping and answering -----------------------------------------------------------------------


def _keep(talk: Talk, text_id: UUID, via: Via, done: Done, answered: Heard) -> None:
    incoming, keys = talk.incoming, settings().data_keys
    for before in talk.lately if done.made in SETTLING else ():
        before.waits_from = None
    db.session.add(
        IncomingText(
            id=text_id, gateway=incoming.gateway, provider_id=incoming.provider_id, via=via,
            from_phone_sealed=privacy.seal(
                keys, "incoming_texts", "from_phone", text_id, incoming.phone
            ),
            phone_digest=talk.digest, body=incoming.body, sent_at=incoming.sent_at,
            received_at=talk.now, made=answered.made, event_id=done.event_id, case_id=done.case_id,
            answer_id=answered.answer_id,
            waits_from=talk.now + ANSWERED_WITHIN if done.must_be_answered else None,
        )
    )  # fmt: skip
    facts = {
        "gateway": incoming.gateway, "via": via.value,
        "event": str(done.event_id) if done.event_id else None,
    }  # fmt: skip
    write(talk.now, CITIZEN, Line("text", text_id, answered.made.value, facts))


def _answer(talk: Talk, text_id: UUID, done: Done) -> Heard:
    """Answer, at once or by a promise, unless the gateway itself has.

    Strangers are answered rarely, and only at a mobile phone, whatever they ask for.
    """
    if done.occasion is None or talk.incoming.opt_out or not _may_answer(talk):
        return Heard(done.made)
    promised = Promise(
        done.occasion, f"answer:{text_id}", text_id, done.facts, phone=talk.incoming.phone,
        locale=talk.locale,
    )  # fmt: skip
    if not talk.at_once:
        return Heard(done.made, answer_id=promise_one(talk.now, promised))
    fresh = {"link": _link(done.occasion, done.event_id)}
    sender = chosen(settings())[By.SMS]
    spoken = inline.answer(promised, fresh, talk.incoming.gateway, sender, talk.now)
    is_unasked = (
        done.made in ASKING and not spoken.text
    )  # a question that may not go out asks nothing
    return Heard(Made.PERSON if is_unasked else done.made, spoken.text, spoken.message_id)


def _may_answer(talk: Talk) -> bool:
    """Say whether a phone may be answered. One that we never wrote to: once a day, and so many in all;
    nobody makes us a machine that sends texts.
    """
    if talk.known:
        return True
    if not is_mobile(talk.incoming.phone):
        return False
    theirs, all_ = queries.strangers_answered(talk.digest, talk.now)
    return not theirs and all_ < settings().strangers_answered


def _said_again(before: IncomingText) -> Heard:
    """Return what was answered to a message that comes a second time, if that may have been lost.

    What was fetched from a list is answered by the outbox, whoever brings it afterwards.
    """
    message = queries.answer_of(before)
    if message is None or before.via is not Via.CALL or not inline.may_be_lost(message):
        return Heard(before.made)
    facts = message.facts | {"link": _link(message.occasion, before.event_id)}
    return Heard(before.made, inline.words(message.occasion, message.locale, facts), message.id)


def _link(occasion: str, event_id: UUID | None) -> str:
    """Return the address that an answer carries, where the gateway lets addresses pass."""
    if settings().sms_links == "off":
        return ""
    if event_id is None:
        return settings().base_url if occasion == "answer_stranger" else ""
    return f"{settings().base_url}/receipts/{reviews.grouped_receipt_of(event_id)}"


def afresh(occasion: str, subject_id: str, now: datetime) -> dict[str, Any] | None:
    """Return what a message says that is not kept with it. For the outbox.

    Invitations carry their one-time link, answers the address of the receipt, news its code.
    """
    if occasion in ASKS:
        return invitations.afresh(subject_id, now)
    if occasion in NEWS:
        case = db.session.get_one(Case, UUID(subject_id))
        return {"receipt": reviews.grouped_receipt_of(case.event_id)}
    if not occasion.startswith("answer_"):
        return {}
    answered = db.session.get(IncomingText, UUID(subject_id))
    return {"link": _link(occasion, answered.event_id if answered else None)}


def mark_seen(text: IncomingText, by: Account, now: datetime) -> None:
    """Note that somebody has seen to a text that fitted nothing; the first one stays noted."""
    if text.seen_at is None:
        text.seen_at, text.seen_by_id = now, by.id
        write(now, actor(by), Line("text", text.id, "seen", {"made": text.made.value}))


def keep_for_a_person(incoming: Incoming, via: Via, now: datetime) -> None:
    """Keep a text that no telephone sent, or none that is named: nobody can be answered or rate by it.

    Opens its own transaction.
    """
    _hear(incoming, via, now, at_once=False, refused=Made.PERSON)
