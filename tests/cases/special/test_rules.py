from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.cases.special.rules import Seen, groups, joining
from feedback.cases.special.states import MOVES, Act, State, may_act
from feedback.offices.roles import Role

NOVEMBER = date(2026, 11, 1)


def cases(*days):
    """Return a case opened on each of these days, counted from 1 November."""
    return [
        Seen(UUID(int=number), f"HC-2026-{number:06d}", NOVEMBER + timedelta(days=day))
        for number, day in enumerate(days)
    ]


def days_of(found):
    return [[(one.day - NOVEMBER).days for one in group] for group in found]


@pytest.mark.parametrize(
    ("days", "together"),
    [
        ([], []),
        ([0, 1], []),
        ([0, 1, 2], [[0, 1, 2]]),
        ([2, 0, 1], [[0, 1, 2]]),  # in whatever order they are looked at
        ([0, 0, 0], [[0, 0, 0]]),
        ([0, 15, 30], [[0, 15, 30]]),  # the 30th day after the first still belongs
        ([0, 15, 31], []),
        ([0, 20, 40, 60], []),  # a steady trickle is no concentration
        ([0, 15, 30, 45], [[0, 15, 30, 45]]),  # groups that share a case are one
        ([0, 1, 2, 33], [[0, 1, 2]]),
        ([0, 31, 32, 33], [[31, 32, 33]]),
        ([0, 1, 2, 90, 91, 92], [[0, 1, 2], [90, 91, 92]]),
        ([0, 1, 2, 30, 31, 32], [[0, 1, 2, 30, 31, 32]]),
    ],
)
def test_three_within_thirty_days_belong_together(days, together):
    assert days_of(groups(cases(*days), 3, 30)) == together


@pytest.mark.parametrize(("least", "found"), [(2, 1), (3, 1), (4, 0)])
def test_how_many_it_takes_is_a_setting(least, found):
    assert len(groups(cases(0, 1, 2), least, 30)) == found


def slowly(seen, least, window_days):
    """Say the same slowly: look from every case as far as the window goes, and merge what overlaps."""
    crowds = []
    for first in seen:
        crowd = {one for one in seen if 0 <= (one.day - first.day).days <= window_days}
        if len(crowd) < least:
            continue
        sharing = [other for other in crowds if other & crowd]
        crowds = [other for other in crowds if not other & crowd] + [crowd.union(*sharing)]
    return sorted(sorted((one.day, one.number) for one in crowd) for crowd in crowds)


@given(st.lists(st.integers(0, 120), max_size=25), st.integers(2, 6), st.integers(1, 40))
def test_the_quick_rule_says_what_the_slow_one_says(days, least, window_days):
    seen = cases(*days)
    quick = groups(seen, least, window_days)
    assert [[(one.day, one.number) for one in group] for group in quick] == slowly(
        seen, least, window_days
    )


@given(st.lists(st.integers(0, 60), max_size=15), st.randoms())
def test_the_order_of_looking_changes_nothing(days, chance):
    seen = cases(*days)
    shuffled = chance.sample(seen, len(seen))
    assert groups(seen, 3, 30) == groups(shuffled, 3, 30)


def test_whatever_comes_later_joins_and_what_was_before_does_not():
    seen = cases(0, 9, 10, 200)
    assert [one.number for one in joining(seen, NOVEMBER + timedelta(days=10))] == [
        "HC-2026-000002", "HC-2026-000003",
    ]  # fmt: skip


SUPERVISORS = {Act.CONFIRM, Act.DECLINE, Act.SEND_BACK, Act.CLOSE}


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("department", ["RS", "GOV"])
def test_the_owner_works_and_supervisors_of_another_office_decide(act, role, department):
    own = department == "RS"
    allowed = (
        role is Role.SUPERVISOR and not own
        if act in SUPERVISORS
        else role in (Role.HANDLER, Role.HEAD) and own
    )
    assert may_act(act, frozenset({role}), department, "RS") is allowed


def test_a_proposal_without_anybody_who_answers_is_any_supervisors_to_decide():
    assert may_act(Act.CONFIRM, frozenset({Role.SUPERVISOR}), "GOV", None)
    assert not may_act(Act.MEASURE, frozenset({Role.HANDLER}), "RS", None)


def test_every_state_but_the_last_ones_leads_on():
    leading = {move.come_from for move in MOVES.values()}
    assert leading == set(State) - {State.DECLINED, State.CLOSED}
