"""The citizen's road as a rule: which ledger line is which step, and what comes next by when."""

from datetime import UTC, datetime, timedelta

import pytest

from feedback.cases.road import Happened, Place, Texts, What, ahead, behind, open_acts
from feedback.cases.states import Act, State

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
FRIDAY = MONDAY + timedelta(days=4)
NEXT_MONDAY = MONDAY + timedelta(days=7)
TEXTS = Texts(
    departments={"RS": "区人力资源社会保障局", "SW": "区水务局"},
    replies={1: "已增开窗口", 2: "已换人"}, articles={2: "《行政许可法》第三十二条"},
    reasons={("extend", 1): "要等设备到货", ("complex", 1): "涉及三个部门"},
    judgement="评的是另一件事", reconsideration="两件事确实不同", conclusion="已约谈负责人",
)  # fmt: skip
MOVED = {"due_at": NEXT_MONDAY.isoformat(), "due_before": FRIDAY.isoformat()}


def step_of(act, **facts):
    """Return what one line alone is to the citizen, or None."""
    found = behind([Happened(MONDAY, act, facts)], TEXTS, None)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("act", "facts", "what"),
    [
        ("open", {"department": "RS"}, What.PASSED),
        ("route", {"department": "RS"}, What.PASSED),
        ("reassign", {"department": "SW"}, What.PASSED_ON),
        ("decide", {"request": "transfer", "granted": True, "department": "SW"}, What.PASSED_ON),
        ("decide", {"request": "extend", "number": 1, "granted": True, **MOVED}, What.TERM_MOVED),
        ("recomputed", MOVED, What.RECOUNTED),
        ("contact", {"reached": True, "means": "phone"}, What.CALLED),
        ("contact", {"reached": True, "means": "in_person"}, What.SPOKEN_TO),
        ("contact", {"reached": False, "means": "phone"}, What.TRIED),
        ("appeal", {"ground": "malicious"}, What.APPEALED),
        ("judge", {"verdict": "dismiss"}, What.COUNTS),
        ("judge", {"verdict": "uphold"}, What.VOIDED),
        ("object", {}, What.OBJECTED),
        ("reconsider", {"verdict": "uphold"}, What.COUNTS_AGAIN),
        ("reconsider", {"verdict": "dismiss"}, What.VOID_STANDS),
        ("reply", {"round": 1}, What.ANSWERED),
        ("reply", {"round": 2}, What.EXPLAINED),
        ("visit", {"outcome": "failed", "to": "visiting"}, What.VISIT_TRIED),
        ("visit", {"outcome": "answered", "satisfied": True, "to": "closing"}, What.VISITED),
        ("visit", {"outcome": "answered", "satisfied": False, "to": "rectifying"}, What.SENT_BACK),
        ("visit", {"outcome": "answered", "satisfied": False, "to": "closing"}, What.STILL_UNHAPPY),
        ("second_review", {"grade": 4, "satisfied": True, "to": "closing"}, What.RATED),
        ("second_review", {"grade": 1, "satisfied": False, "to": "rectifying"}, What.SENT_BACK),
        ("second_review", {"grade": 1}, What.RATED),
        ("add", {}, What.ADDED),
        ("close", {}, What.FINISHED),
    ],
)  # fmt: skip
def test_each_of_these_lines_is_a_step(act, facts, what):
    assert step_of(act, **facts).what is what


@pytest.mark.parametrize(
    ("act", "facts"),
    [
        ("open", {"department": None}),
        ("decide", {"request": "transfer", "granted": False, "number": 1}),
        ("decide", {"request": "extend", "granted": False, "number": 1}),
        ("decide", {"request": "complex", "granted": True, "number": 1}),
        ("recomputed", {}),
        *((act, {}) for act in ("accept", "verify", "rectify", "complex", "extend", "transfer",
                                "reveal", "notice", "rung_2", "found", "told_soon", "nonsense")),
    ],
)  # fmt: skip
def test_what_the_staff_do_among_themselves_is_none(act, facts):
    assert step_of(act, **facts) is None


def test_a_new_date_comes_with_the_departments_reason():
    moved = step_of("decide", request="extend", number=1, granted=True, **MOVED)
    assert (moved.until, moved.words) == (NEXT_MONDAY, "要等设备到货")
    longer = step_of("decide", request="complex", number=1, granted=True, **MOVED)
    assert longer.words == "涉及三个部门"


def test_each_rounds_reply_is_quoted_with_its_own_law():
    assert (step_of("reply", round=1).words, step_of("reply", round=1).article) == (
        "已增开窗口",
        "",
    )
    assert step_of("reply", round=2).article == "《行政许可法》第三十二条"


def test_a_department_that_is_gone_from_the_register_is_named_by_its_code():
    assert step_of("route", department="XX").department == "XX"
    assert step_of("route", department="SW").department == "区水务局"


OPEN = Happened(MONDAY, "open", {"department": "RS", "due_at": FRIDAY.isoformat()})


@pytest.mark.parametrize(
    ("at", "late"), [(FRIDAY, False), (FRIDAY + timedelta(seconds=1), True)]
)  # fmt: skip
def test_an_answer_after_its_date_is_late(at, late):
    answer = behind([OPEN, Happened(at, "reply", {"round": 1})], TEXTS, None)[-1]
    assert answer.late is late


def test_an_answer_within_a_date_that_was_moved_is_not_late():
    moved = Happened(MONDAY, "decide", {"request": "extend", "number": 1, "granted": True, **MOVED})
    lines = [OPEN, moved, Happened(NEXT_MONDAY, "reply", {"round": 1})]
    assert not behind(lines, TEXTS, None)[-1].late


def test_only_the_first_call_can_be_late():
    tried = {"reached": False, "means": "phone"}
    lines = [Happened(MONDAY, "contact", tried), Happened(FRIDAY, "contact", tried)]
    assert [step.late for step in behind(lines, TEXTS, MONDAY)] == [False, False]
    assert [step.late for step in behind(lines[1:], TEXTS, MONDAY)] == [True]


def place(state, **changes):
    facts = {
        "named": True, "round": 1, "contacted": False, "contact_due_at": MONDAY,
        "due_at": FRIDAY, "desk_due_at": NEXT_MONDAY, **changes,
    }  # fmt: skip
    return Place(state, **facts)


CALL, ANSWER = (What.CALL, MONDAY), (What.ANSWER, FRIDAY)
VISIT, FINISH = (What.VISIT, None), (What.FINISH, None)


@pytest.mark.parametrize(
    ("standing", "coming"),
    [
        (place(State.TRIAGE), [(What.FINDING_OWNER, NEXT_MONDAY), CALL, ANSWER, VISIT, FINISH]),
        (place(State.ROUTED), [CALL, ANSWER, VISIT, FINISH]),
        (place(State.ROUTED, named=False), [ANSWER, FINISH]),
        (place(State.VERIFYING, contacted=True), [ANSWER, VISIT, FINISH]),
        (place(State.RECTIFYING, contacted=True, round=2),
         [(What.ANSWER_AGAIN, FRIDAY), VISIT, FINISH]),
        (place(State.TRANSFERRING, contacted=True),
         [(What.DECIDING_OWNER, NEXT_MONDAY), ANSWER, VISIT, FINISH]),
        (place(State.APPEALED), [(What.CHECKING, NEXT_MONDAY), (What.CALL, None),
                                 (What.ANSWER, None), VISIT, FINISH]),
        (place(State.VISITING), [(What.VISIT, NEXT_MONDAY), FINISH]),
        (place(State.CLOSING), [(What.FINISH, NEXT_MONDAY)]),
        (place(State.OBJECTED), [(What.RECHECKING, NEXT_MONDAY)]),
        (place(State.CLOSED), []),
        (place(State.VOIDED), []),
    ],
)  # fmt: skip
def test_what_comes_next_has_its_date(standing, coming):
    assert [(step.what, step.until) for step in ahead(standing, MONDAY)] == coming
    assert not any(step.late for step in ahead(standing, MONDAY))


def test_a_date_that_has_passed_is_overdue():
    coming = ahead(place(State.ROUTED), FRIDAY)
    assert [step.late for step in coming] == [True, False, False, False]


@pytest.mark.parametrize("state", State)
def test_what_a_citizen_may_do_follows_the_table_of_moves(state):
    may = open_acts(state, [], NEXT_MONDAY, FRIDAY)
    ended = (State.CLOSED, State.VOIDED)
    assert (Act.ADD in may) is (state not in ended)
    assert (Act.SECOND_REVIEW in may) is (state in (State.VISITING, State.CLOSING, State.CLOSED))
    assert (Act.OBJECT in may) is (state is State.VOIDED)


def test_some_things_can_be_said_once_and_one_of_them_for_a_time():
    assert open_acts(State.CLOSING, ["second_review"], None, MONDAY) == {Act.ADD}
    assert open_acts(State.VOIDED, ["object"], NEXT_MONDAY, MONDAY) == frozenset()
    assert open_acts(State.VOIDED, [], FRIDAY, FRIDAY) == frozenset()
    assert open_acts(State.ROUTED, ["add", "add"], None, MONDAY) == {Act.ADD}
