"""The page of a case for every eye: each state, by its people, on a telephone and on a laptop."""

from datetime import timedelta

import pytest

from feedback import clock
from feedback.cases import actions
from feedback.cases.states import State
from feedback.db import db

from ..cases.cast import case_in, let_cast_go, make_cast
from ..cases.doing import do, say
from ..factories import make_district
from .test_main_job import LAPTOP, PHONE, Person
from .test_staff_for_every_eye import faults  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("monday")]

WHO = {
    "handler": [State.ROUTED, State.VERIFYING, "sent back", State.VOIDED],
    "head": [State.VERIFYING, State.RECTIFYING, State.APPEALED, "further extension"],
    "supervisor": [State.TRIAGE, State.TRANSFERRING, "further extension", State.APPEALED,
                   State.OBJECTED, State.CLOSING, State.CLOSED],
    "operator": [State.VISITING],
}  # fmt: skip


@pytest.fixture
def cases(app):
    """Return the people, and the number of a case in every state and of two with a history."""
    now = clock.now() - timedelta(days=1)
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("the database does not change how a page looks")
        make_district()
        cast = make_cast()
        numbers = {state: case_in(state, cast, now).number for state in State}
        numbers["sent back"] = _sent_back(cast, now).number
        numbers["further extension"] = _asked_again(cast, now).number
        let_cast_go(cast)
    return cast, numbers


def _sent_back(cast, now):
    case = say(actions.second_review, case_in(State.VISITING, cast, now), 1, "没有改", now=now)
    texts = ("给群众的话", "内部的话", "公开的话")
    case = do(actions.rectify, case, cast.people.handler, "改了", "", (), now=now)
    return do(actions.reply, case, cast.people.handler, *texts, now=now)


def _asked_again(cast, now):
    case, people = case_in(State.RECTIFYING, cast, now), cast.people
    case = do(actions.ask_extension, case, people.head, "等设备", "周三到货", now=now)
    case = do(actions.decide, case, people.supervisor, True, "同意", now=now)
    return do(actions.ask_extension, case, people.head, "还要等", "周五到货", now=now)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.looks
def test_axe_finds_nothing_and_nothing_runs_off_the_side(
    chromium,
    live_server,
    cases,
    faults,  # noqa: F811
    who,
):
    cast, numbers = cases
    found = {}
    for name, viewport in (("telephone", PHONE), ("laptop", LAPTOP)):
        person = Person(chromium, live_server, viewport, bypass_csp=True)
        person.signs_in(cast.everybody[who])
        for state in WHO[who]:
            assert person.opens(f"/cases/{numbers[state]}?lang=zh_CN") == 200
            reports = faults(person.page) if name == "telephone" else []
            wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            if reports or person.page.evaluate(wide):
                found[name, str(state)] = reports or "runs off the side"
        person.browser.close()
    assert found == {}
