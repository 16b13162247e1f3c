"""The table of moves, line by line."""

import pytest

from feedback.cases.states import (
    DESK_TERMS,
    ENDED,
    MOVES,
    WORKING,
    Act,
    Finding,
    Outcome,
    State,
    Whose,
    after_finding,
    after_reply,
    after_visit,
    may_act,
)
from feedback.offices.roles import Role

ALLOWED = [
    # act, role, own department?
    (Act.ROUTE, Role.SUPERVISOR, False), (Act.ROUTE, Role.SUPERVISOR, True),
    (Act.ACCEPT, Role.HANDLER, True), (Act.ACCEPT, Role.HEAD, True),
    (Act.CONTACT, Role.HANDLER, True), (Act.CONTACT, Role.HEAD, True),
    (Act.VERIFY, Role.HANDLER, True), (Act.VERIFY, Role.HEAD, True),
    (Act.RECTIFY, Role.HANDLER, True), (Act.RECTIFY, Role.HEAD, True),
    (Act.REPLY, Role.HANDLER, True), (Act.REPLY, Role.HEAD, True),
    (Act.VISIT, Role.OPERATOR, False), (Act.VISIT, Role.SUPERVISOR, False),
    (Act.CLOSE, Role.SUPERVISOR, False),
    (Act.COMPLEX, Role.HEAD, True), (Act.EXTEND, Role.HEAD, True),
    (Act.TRANSFER, Role.HEAD, True), (Act.APPEAL, Role.HEAD, True),
    (Act.DECIDE, Role.SUPERVISOR, False), (Act.REASSIGN, Role.SUPERVISOR, False),
    (Act.JUDGE, Role.SUPERVISOR, False), (Act.RECONSIDER, Role.SUPERVISOR, False),
    (Act.ANSWER, Role.SUPERVISOR, False),
]  # fmt: skip


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("own", [True, False])
def test_an_act_is_open_to_its_roles_on_their_side_only(act, role, own):
    may = may_act(act, frozenset({role}), "RS", "RS" if own else "SW")
    assert may == ((act, role, own) in ALLOWED)


def test_nobody_of_the_department_visits_even_with_every_role():
    assert not may_act(Act.VISIT, frozenset(Role), "RS", "RS")


@pytest.mark.parametrize(
    ("act", "come_from"),
    [
        (Act.ROUTE, "triage"), (Act.ACCEPT, "routed"), (Act.CONTACT, "verifying rectifying"),
        (Act.VERIFY, "verifying"), (Act.RECTIFY, "rectifying"), (Act.REPLY, "rectifying"),
        (Act.VISIT, "visiting"), (Act.CLOSE, "closing"), (Act.ANSWER, "closed"),
        (Act.COMPLEX, "verifying rectifying"), (Act.EXTEND, "verifying rectifying"),
        (Act.TRANSFER, "routed verifying"),
        (Act.DECIDE, "routed verifying rectifying transferring"),
        (Act.REASSIGN, "routed verifying rectifying"), (Act.APPEAL, "routed verifying rectifying"),
        (Act.JUDGE, "appealed"), (Act.OBJECT, "voided"), (Act.RECONSIDER, "objected"),
        (Act.SECOND_REVIEW, "visiting closing closed"),
        (Act.ADD, "triage routed verifying rectifying transferring appealed visiting closing"
                  " objected"),
    ],
)  # fmt: skip
def test_an_act_starts_from_these_states_only(act, come_from):
    assert {state.value for state in MOVES[act].come_from} == set(come_from.split())


def test_every_act_is_in_the_table_once():
    assert list(MOVES) == [move.act for move in MOVES.values()]
    assert set(MOVES) == set(Act)


@pytest.mark.parametrize("act", [act for act in Act if MOVES[act].whose is Whose.CITIZEN])
def test_what_is_the_citizens_is_nobodys_of_the_staff(act):
    assert not may_act(act, frozenset(Role), "GOV", "RS")


def test_every_state_has_a_way_on_by_which_the_staff_can_end_it():
    staff = [move for move in MOVES.values() if move.whose is not Whose.CITIZEN]
    ways = {state for move in staff for state in move.come_from - {move.to}}
    assert set(State) - ways == ENDED


def test_in_every_state_that_has_not_ended_somebody_has_a_term():
    assert WORKING | set(DESK_TERMS) | ENDED == set(State)
    assert not WORKING & set(DESK_TERMS)
    assert not ENDED & set(DESK_TERMS)


@pytest.mark.parametrize("finding", Finding)
def test_unfounded_leads_nowhere_but_to_an_appeal(finding):
    stays = after_finding(finding) is State.VERIFYING
    assert stays == (finding is Finding.UNFOUNDED)


def test_an_anonymous_reviewer_is_not_visited():
    assert after_reply(named=False) is State.CLOSING
    assert after_reply(named=True) is State.VISITING


@pytest.mark.parametrize(
    ("outcome", "satisfied", "attempt", "round_", "goes_to"),
    [
        (Outcome.ANSWERED, True, 1, 1, State.CLOSING),
        (Outcome.ANSWERED, False, 1, 1, State.RECTIFYING),
        (Outcome.ANSWERED, False, 1, 2, State.CLOSING),
        (Outcome.ANSWERED, True, 1, 2, State.CLOSING),
        (Outcome.FAILED, None, 1, 1, State.VISITING),
        (Outcome.FAILED, None, 2, 1, State.VISITING),
        (Outcome.FAILED, None, 3, 1, State.CLOSING),
    ],
)
def test_a_visit_leads_where_its_outcome_says(outcome, satisfied, attempt, round_, goes_to):
    assert after_visit(outcome, satisfied, attempt, round_) is goes_to
