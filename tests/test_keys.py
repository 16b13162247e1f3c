"""Rotating the data key: nothing is lost, nothing is shown, whatever happens meanwhile."""

import base64
import select as ready
import subprocess
import sys
import threading

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select, text

from feedback import privacy
from feedback.config import settings
from feedback.db import db, transaction
from feedback.keys import (
    NO_KEY,
    Rotation,
    Row,
    UnknownKey,
    places,
    reseal,
    rotate,
    standing,
    totals,
)
from feedback.ledger.actions import SYSTEM
from feedback.ledger.models import Entry
from feedback.notify import outbox
from feedback.notify.models import Message
from feedback.notify.pace import EQUAL_TEXTS
from feedback.notify.senders import Incoming
from feedback.offices import loading
from feedback.offices.models import Officer
from feedback.offices.registers import OFFICERS
from feedback.replies.actions import hear
from feedback.replies.models import Via
from feedback.reviews.models import Review

from .conftest import MONDAY_MORNING, ROOT
from .factories import make_case, make_district, make_event
from .notify.helpers import Memory, by, environment, promise_sms, two_mailboxes
from .together import wait_until

OLD, NEW = b"d" * 32, b"e" * 32
BEFORE, BOTH, AFTER = {"D": OLD}, {"E": NEW, "D": OLD}, {"E": NEW}
IN_SETTINGS = ",".join(f"{k}:{base64.b64encode(v).decode()}" for k, v in BOTH.items())
SEALED_EACH = 5
NAME, PHONE = "王小明", "+8613812345678"


@pytest.fixture
def sealed(context):
    """Something sealed under the old key in every place, several rows of each."""
    make_district()
    for n in range(SEALED_EACH):
        make_event(applicant={"kind": "person", "name": f"赵{n}", "phone": f"1391111000{n}"})
        make_case(name=NAME, phone=PHONE)
        promise_sms(MONDAY_MORNING.replace(second=n))
        written = Incoming("twilio", f"SM{n}", f"1008{n}", "你好", MONDAY_MORNING)
        hear(written, Via.LIST, MONDAY_MORNING, at_once=False)
    load_officers(*[f"1392222000{n}" for n in range(SEALED_EACH)])
    return context


def load_officers(*phones):
    lines = [f"O{n},某,RS,{phone}" for n, phone in enumerate(phones)]
    table = "\n".join(["code,name,department,phone", *lines]).encode()
    with transaction():
        loading.load([loading.File("officers.csv", table, OFFICERS)], SYSTEM, MONDAY_MORNING)


@pytest.fixture
def ring(context):
    """Return a function that changes the key ring of the running app."""
    before = context.config["FEEDBACK"]

    def change(keys):
        context.config["FEEDBACK"] = before.model_copy(update={"data_keys": keys})
        return keys

    yield change
    context.config["FEEDBACK"] = before


def at_rest():
    """Return every sealed value as it rests: {(place, key): value}."""
    db.session.rollback()
    found = {}
    for place in places():
        rows = select(place.key, place.column).where(place.column.is_not(None))
        found |= {(place.name, key): value for key, value in db.session.execute(rows)}
    return found


def opened(keys):
    """Open everything with these keys alone."""
    bound = {place.name: (place.table.name, place.bound) for place in places()}
    return {
        (name, key): privacy.unseal(keys, *bound[name], key, value)
        for (name, key), value in at_rest().items()
    }


def total():
    db.session.rollback()
    return dict(totals(standing()))


def run(context, *arguments):
    """Run a command in this process, and return what it said and its exit code."""
    db.session.rollback()
    outcome = context.test_cli_runner().invoke(args=arguments)
    return outcome.output, outcome.exit_code


def test_every_sealed_column_of_the_house_is_known(sealed):
    assert {place.name for place in places()} == {
        "incoming_texts.from_phone", "messages.to_phone", "officers.phone", "reviews.name",
        "reviews.phone", "service_events.applicant_name", "service_events.applicant_phone",
    }  # fmt: skip
    assert all(counts["D"] >= SEALED_EACH for counts in standing().values())


def test_after_a_rotation_the_new_key_alone_opens_everything(sealed):
    before, number = opened(BEFORE), total()["D"]
    rotation = rotate(BOTH)
    assert (rotation.done.total(), rotation.broken) == (number, {})
    assert total() == {"E": number}
    assert opened(AFTER) == before
    assert PHONE in before.values()


def test_control_before_it_the_new_key_alone_opens_nothing(sealed):
    with pytest.raises(KeyError):
        opened(AFTER)


@pytest.mark.parametrize("batch", [1, 3, SEALED_EACH, 1000])
def test_the_size_of_a_batch_changes_nothing(sealed, batch):
    number, told = total()["D"], []
    rotate(BOTH, lambda place, done: told.append((place, done)), batch)
    assert total() == {"E": number}
    assert sum(done for _, done in told) == number
    assert max(done for _, done in told) <= batch


def test_a_second_run_touches_nothing(sealed):
    rotate(BOTH)
    before = at_rest()
    assert rotate(BOTH).done.total() == 0
    assert at_rest() == before


def test_nothing_but_the_sealed_values_changes(sealed):
    def others():
        db.session.rollback()
        return {
            place.table.name: db.session.execute(
                select(*(c for c in place.table.columns if not c.name.endswith("_sealed")))
                .order_by(place.key)
            ).all()
            for place in places()
        }  # fmt: skip

    before = others()
    rotate(BOTH)
    assert others() == before


def test_a_key_that_is_not_in_the_ring_is_named_and_nothing_is_changed(sealed):
    before = at_rest()
    with pytest.raises(UnknownKey) as refused:
        rotate(AFTER)
    assert refused.value.facts == {"ids": ["D"]}
    assert at_rest() == before


def test_a_value_moved_to_another_row_is_left_alone_and_named(sealed):
    first, second = db.session.scalars(select(Review.id).order_by(Review.id).limit(2))
    with transaction() as session:
        stolen = session.get_one(Review, first).name_sealed
        session.get_one(Review, second).name_sealed = stolen
    rotation = rotate(BOTH)
    assert rotation.broken == {"reviews.name": {str(second)}}
    assert total()["D"] == 1
    assert at_rest()["reviews.name", second] == stolen
    with pytest.raises(InvalidTag):
        opened(BOTH)


@pytest.mark.parametrize("value", ["13812345678", "", ".", "王.小明", "D.", "D.%%%", "D.QUJD"])
def test_what_is_no_sealed_value_is_left_alone_and_never_shown(sealed, ring, value):
    ring(BOTH)
    with transaction() as session:
        session.get_one(Officer, "O1").phone_sealed = value
    said, code = run(sealed, "keys", "rotate")
    assert code == 1
    assert "does not open, left as it is: officers.phone of O1" in said
    assert at_rest()["officers.phone", "O1"] == value
    shown, _ = run(sealed, "keys", "show")
    assert not value.strip(".D") or value not in said + shown
    assert total().get(NO_KEY, 0) == (not value.startswith("D."))


def test_a_value_that_changed_since_it_was_read_is_not_put_back(sealed):
    place = next(place for place in places() if place.name == "officers.phone")
    stale = Row("O1", at_rest()["officers.phone", "O1"])
    load_officers("13922220000", "13777777777")
    newer = at_rest()["officers.phone", "O1"]
    assert newer != stale.sealed
    with transaction():
        assert reseal(place, stale, BOTH, Rotation()) is False
    assert at_rest()["officers.phone", "O1"] == newer
    with transaction():
        assert reseal(place, Row("O1", newer), BOTH, Rotation()), "control: as it now rests"
    assert opened(BOTH)["officers.phone", "O1"] == "+8613777777777"


def test_a_row_that_somebody_holds_is_not_waited_for(sealed):
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite holds no single rows")
    with db.engine.connect() as other:
        other.execute(text("SELECT 1 FROM officers WHERE code = 'O1' FOR UPDATE"))
        rotate(BOTH)
        assert total()["D"] == 1
        other.rollback()
    rotate(BOTH)
    assert "D" not in total()


def test_a_rotation_in_the_middle_of_the_days_work_loses_nothing(sealed, ring):
    """Rating, promising and loading go on while it runs, all by processes that know both keys."""
    ring(BOTH)
    stop, made, troubles = threading.Event(), [], []

    def work(n):
        with sealed.app_context():
            while not stop.is_set():
                try:
                    made.append(make_case(name=NAME, phone=PHONE).id)
                    load_officers("13922220000", f"137777700{n}{len(made) % 10}")
                except Exception as problem:
                    troubles.append(problem)
                    return

    workers = [threading.Thread(target=work, args=(n,)) for n in range(2)]
    for worker in workers:
        worker.start()
    wait_until(lambda: len(made) >= 4 or troubles)
    rotate(BOTH, batch=2)
    during = len(made)
    wait_until(lambda: len(made) >= during + 4 or troubles)
    stop.set()
    for worker in workers:
        worker.join(60)
    assert troubles == []
    assert not any(worker.is_alive() for worker in workers)
    rotate(BOTH)
    assert set(total()) == {"E"}
    found = opened(AFTER)
    reviewed = db.session.execute(select(Review.id).where(Review.case_id.in_(made))).scalars().all()
    assert len(reviewed) == len(made)
    assert {found["reviews.phone", one] for one in reviewed} == {PHONE}
    assert found["officers.phone", "O1"].startswith("+86137777700")


@pytest.mark.parametrize("opens", [0, 7, 19])
def test_killed_in_the_middle_it_is_run_again_and_ends_well(sealed, opens):
    before, number = opened(BEFORE), total()["D"]
    rotation = subprocess.Popen(
        [sys.executable, "-m", "tests.rotator", str(opens)], cwd=ROOT, stdout=subprocess.PIPE,
        env=environment(sealed, FEEDBACK_DATA_KEYS=IN_SETTINGS),
    )  # fmt: skip
    try:
        assert ready.select([rotation.stdout], [], [], 60)[0]
        assert rotation.stdout.readline() == b"halted\n"
    finally:
        rotation.kill()
        rotation.wait(10)
        rotation.stdout.close()
    committed = total().get("E", 0)
    assert opens - 4 < committed <= opens, "whole batches only"
    assert opened(BOTH) == before
    assert rotate(BOTH).done.total() == number - committed
    assert opened(AFTER) == before


def test_an_old_message_still_goes_to_its_number(sealed, ring):
    ring(BOTH)
    rotate(BOTH)
    ring(AFTER)
    carrier = Memory()
    outbox.deliver(MONDAY_MORNING.replace(minute=30), two_mailboxes, by(carrier))
    texts = [to for _, to, _, _ in carrier.sent if to == [PHONE]]
    assert len(texts) == EQUAL_TEXTS, "the others wait: no phone gets more equal texts in a day"
    assert db.session.scalars(select(Message.state).where(Message.state == "given_up")).all() == []


# -- the commands


def test_show_counts_by_key_and_shows_no_value(sealed, ring):
    ring(BOTH)
    said, code = run(sealed, "keys", "show")
    assert code == 0
    number = total()["D"]
    assert (
        f"E         0  in front: seals what is new\nD  {number:>8}  kept: opens what is old" in said
    )
    assert f"{SEALED_EACH:>8}  reviews.name" in said
    hidden = (NAME, PHONE[3:], base64.b64encode(OLD).decode(), *at_rest().values())
    assert not [value for value in hidden if value in said]
    ring(AFTER)
    said, _ = run(sealed, "keys", "show")
    assert f"D  {number:>8}  NOT in FEEDBACK_DATA_KEYS: what it sealed cannot be opened" in said


def test_rotate_says_what_was_done_and_when_the_old_key_may_go(sealed, ring):
    ring(BOTH)
    number = total()["D"]
    said, code = run(sealed, "keys", "rotate")
    assert code == 0
    assert f"sealed anew under key E: {number}\n" in said
    assert "key D seals nothing any more: take it out of FEEDBACK_DATA_KEYS" in said
    assert not [value for value in (NAME, PHONE[3:], *at_rest().values()) if value in said]
    line = db.session.scalars(select(Entry).where(Entry.act == "rotate")).one()
    assert line.facts["key"] == "E"
    assert sum(line.facts["sealed"].values()) == number
    run(sealed, "keys", "rotate")
    assert len(db.session.scalars(select(Entry).where(Entry.act == "rotate")).all()) == 1


def test_rotate_refuses_while_a_key_is_missing_and_says_what_to_do(sealed, ring):
    ring(AFTER)
    said, code = run(sealed, "keys", "rotate")
    assert code == 1
    assert (
        "values rest under key D, which is not in FEEDBACK_DATA_KEYS. Nothing was changed." in said
    )
    assert "Put that key back" in said


def test_rotate_says_to_keep_the_old_key_while_it_still_seals(sealed, ring):
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite holds no single rows")
    ring(BOTH)
    with db.engine.connect() as other:
        other.execute(text("SELECT 1 FROM officers WHERE code = 'O1' FOR UPDATE"))
        said, code = run(sealed, "keys", "rotate")
        other.rollback()
    assert code == 1
    assert "Do not take the old key away yet" in said


def test_rotating_with_one_key_and_nothing_sealed_says_so(context):
    said, code = run(context, "keys", "rotate")
    assert code == 0
    assert said == "sealed anew under key D: 0\n"
    assert settings().data_keys == BEFORE
