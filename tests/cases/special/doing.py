"""What the tests of special rectifications have in common: cases of a kind, and acts as pages do them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from feedback.cases.special import actions
from feedback.cases.special.models import Special
from feedback.cases.special.states import State
from feedback.db import db, transaction
from feedback.notify.models import Message

from ...factories import make_case

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday 10:00 in Shanghai
DAY = timedelta(days=1)
GUIDE, STAFF = ("108",), ("115",)


def make_cases(number=3, now=MONDAY, tags=GUIDE, item="RS-001"):
    """Have an item rated badly so often, for the same reason."""
    return [make_case(now, item, tags=tags) for _ in range(number)]


def proposed(now=MONDAY, **options):
    """Return what is proposed about three cases of a kind."""
    make_cases(now=now, **options)
    actions.propose(now)
    return the_one()


def the_one():
    db.session.rollback()
    return db.session.scalars(select(Special)).one()


def reload(special):
    db.session.rollback()
    return db.session.get_one(Special, special.id, populate_existing=True)


def do(action, special, by, *args, now=MONDAY, seen=None):
    """Do an act with the version that was seen, and return how it then stands."""
    with transaction():
        fresh = db.session.get_one(Special, special.id, populate_existing=True)
        action(fresh, by, *args, now, fresh.version if seen is None else seen)
    return reload(special)


def walk_to(special, state, people, now=MONDAY):
    """Do what leads a proposal about RS to `state`; 区政府 confirms, 爱丽 works, 区政府 closes."""
    steps = {
        State.PROPOSED: [],
        State.DECLINED: [(actions.decline, people.supervisor, "已有改进")],
        State.WORKING: [(actions.confirm, people.supervisor, "RS", "改指南", 20)],
    }
    steps[State.REPORTED] = [
        *steps[State.WORKING],
        (actions.measure, people.handler, "重写材料清单"),
        (actions.report, people.handler, "已重写并公布"),
    ]
    steps[State.CLOSED] = [*steps[State.REPORTED], (actions.close, people.supervisor, "已核对")]
    for action, *args in steps[state]:
        do(action, special, *args, now=now)
    return reload(special)


def told(prefix="special"):
    """Return which messages were promised about special rectifications, and to whom."""
    db.session.rollback()
    rows = select(Message.occasion, Message.to_department)
    rows = rows.where(Message.occasion.startswith(prefix))
    return sorted(tuple(row) for row in db.session.execute(rows))
