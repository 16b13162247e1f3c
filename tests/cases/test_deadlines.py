"""Deadlines with weekdays written out, across the holidays of 2026."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from feedback import clock
from feedback.cases.deadlines import Light, Standing, Step, Terms, light
from feedback.cases.rules import Rule, Rules, Term, Unit, first_rules
from feedback.cases.states import DESK_TERMS, ENDED, State
from feedback.workdays import Calendar, china

from .. import slow_calendar as slow

TERMS = Terms(first_rules(), china(), time(9), time(17, 30))
SIMPLE = Step("simple", Term(5))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("opened", "contact", "simple"),
    [
        ("2026-11-23T10:00", "2026-11-24", "2026-11-30"),  # Monday → Tuesday, Monday
        ("2026-11-27T16:00", "2026-11-30", "2026-12-04"),  # Friday → Monday, Friday
        ("2026-11-28T09:00", "2026-11-30", "2026-12-04"),  # Saturday → Monday, Friday
        ("2026-11-27T23:59", "2026-11-30", "2026-12-04"),  # late on Friday is still Friday
        ("2026-02-13T10:00", "2026-02-14", "2026-02-27"),  # Friday → worked Saturday; 春节 15-23
        ("2026-02-27T10:00", "2026-02-28", "2026-03-05"),  # Friday → worked Saturday, Thursday
        ("2026-02-28T10:00", "2026-03-02", "2026-03-06"),  # worked Saturday → Monday, Friday
        ("2026-09-18T10:00", "2026-09-20", "2026-09-24"),  # Friday → worked Sunday, Thursday
        ("2026-09-30T10:00", "2026-10-08", "2026-10-13"),  # Wednesday before 国庆 → Thursday 8th;
        # then Friday 9th, worked Saturday 10th, Monday 12th, Tuesday 13th
        ("2025-12-31T10:00", "2026-01-04", "2026-01-08"),  # Wednesday → worked Sunday, Thursday
        ("2026-12-31T10:00", "2027-01-04", "2027-01-08"),  # Thursday → Monday (estimate for 2027)
    ],
)
def test_deadlines_fall_on_office_closing_of_the_nth_working_day(opened, contact, simple):
    assert TERMS.after(at(opened), Rule.CONTACT) == at(f"{contact}T17:30")
    assert TERMS.after(at(opened), Rule.SIMPLE) == at(f"{simple}T17:30")


def test_friday_evening_is_due_on_monday():
    assert clock.day_of(TERMS.after(at("2026-11-27T21:00"), Rule.CONTACT)).isoweekday() == 1


def test_a_complex_case_has_fifteen_working_days():
    assert TERMS.after(at("2026-11-23T10:00"), Rule.COMPLEX) == at("2026-12-14T17:30")


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-11-26T23:59", Light.GREEN),  # Thursday
        ("2026-11-27T08:59", Light.GREEN),  # Friday, before the office opens
        ("2026-11-27T09:00", Light.YELLOW),  # Friday, the working day before
        ("2026-11-30T17:30", Light.YELLOW),  # Monday, the last moment
        ("2026-11-30T17:31", Light.RED),
    ],
)
def test_the_light_turns_a_working_day_before_and_at_the_deadline(moment, shown):
    due = at("2026-11-30T17:30")  # Monday
    assert light(at(moment), TERMS.warn_at(due), due) is shown


def test_a_closed_case_is_never_urgent():
    assert light(at("2030-01-01T00:00"), None, None) is Light.GREEN


def standing(state, *, contacted=False, named=True, desk=None, plan=(SIMPLE,)):
    opened = at("2026-11-23T10:00")  # Monday
    return Standing(state, opened if named else None, contacted, opened, plan, desk and at(desk))


@pytest.mark.parametrize(
    ("state", "contacted", "desk", "due"),
    [
        (State.ROUTED, False, None, "2026-11-24"),  # contact by Tuesday
        (State.VERIFYING, False, None, "2026-11-24"),
        (State.VERIFYING, True, None, "2026-11-30"),  # put right by Monday
        (State.RECTIFYING, True, None, "2026-11-30"),
        (State.TRIAGE, False, "2026-11-23T10:00", "2026-11-24"),  # one working day
        (State.TRANSFERRING, False, "2026-11-24T10:00", "2026-11-25"),
        (State.APPEALED, True, "2026-11-24T10:00", "2026-12-01"),  # five, Tuesday to Tuesday
        (State.OBJECTED, True, "2026-12-04T10:00", "2026-12-11"),  # five, Friday to Friday
        (State.VISITING, True, "2026-11-27T10:00", "2026-12-04"),
        (State.CLOSING, True, "2026-11-27T10:00", "2026-12-04"),
        (State.CLOSED, True, None, None),
        (State.VOIDED, True, None, None),
    ],
)
def test_the_next_deadline_is_that_of_what_comes_next(state, contacted, desk, due):
    found = TERMS.deadlines(standing(state, contacted=contacted, desk=desk))
    assert found.next_due_at == (due and at(f"{due}T17:30"))
    assert (found.warn_at is None) == (due is None)


def test_an_anonymous_case_has_no_contact_deadline():
    found = TERMS.deadlines(standing(State.ROUTED, named=False))
    assert found.contact_due_at is None
    assert found.next_due_at == at("2026-11-30T17:30")


def test_an_extension_is_counted_from_where_the_term_ended():
    plan = (SIMPLE, Step("extension", Term(7)))
    found = TERMS.deadlines(standing(State.RECTIFYING, contacted=True, plan=plan))
    assert found.due_at == at("2026-12-09T17:30")  # 5 → Monday 30th, 7 more → Wednesday 9th


def with_rule(rule, term):
    rules = first_rules()
    return Terms(
        Rules(2, {**rules.terms, rule: term}, rules.basis), china(), time(9), time(17, 30)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("opened", "days", "last"),
    [
        ("2026-11-23T10:00", 7, "2026-11-30"),  # Monday → Monday
        ("2026-11-23T10:00", 5, "2026-11-30"),  # would end on Saturday 28th → Monday 30th
        ("2026-02-10T10:00", 7, "2026-02-24"),  # would end on 17 February, in 春节 → Tuesday 24th
        ("2026-02-21T10:00", 7, "2026-02-28"),  # ends on Saturday 28th, which is worked
    ],
)
def test_a_term_in_days_ends_on_a_working_day(opened, days, last):
    terms = with_rule(Rule.SIMPLE, Term(days, Unit.DAY))
    assert terms.after(at(opened), Rule.SIMPLE) == at(f"{last}T17:30")


def test_the_warning_may_be_counted_in_days_too():
    terms = with_rule(Rule.WARN, Term(2, Unit.DAY))
    assert terms.warn_at(at("2026-11-30T17:30")) == at("2026-11-28T09:00")  # a Saturday


def test_whichever_term_gives_more_time_is_taken():
    early, late = (at("2026-11-23T10:00"), (SIMPLE,)), (at("2026-11-24T10:00"), (SIMPLE,))
    assert TERMS.later(early, late) == late
    assert TERMS.later(late, early) == late


def test_a_notice_moves_the_deadlines_across_new_year():
    """The estimate: 1 January off. The notice: 1-4 January off, Friday to Monday."""
    noticed = china().with_year(2027, *slow.notice_of(2027))
    terms = Terms(first_rules(), noticed, time(9), time(17, 30))
    opened = at("2026-12-30T10:00")  # Wednesday
    assert TERMS.after(opened, Rule.SIMPLE) == at("2027-01-07T17:30")  # Thursday
    assert terms.after(opened, Rule.SIMPLE) == at("2027-01-08T17:30")  # Friday
    assert TERMS.warn_at(at("2027-01-05T17:30")) == at("2027-01-04T09:00")  # Monday
    assert terms.warn_at(at("2027-01-05T17:30")) == at("2026-12-31T09:00")  # Thursday before


CALENDAR = china().with_year(2027, *slow.notice_of(2027))
OPENS, CLOSES = time(9), time(17, 30)
DAYS = st.dates(date(2026, 2, 1), date(2027, 6, 30))
MOMENTS = st.builds(datetime.combine, DAYS, st.times())
TERM = st.builds(Term, st.integers(1, 20), st.sampled_from(Unit))
RULES = st.fixed_dictionaries(dict.fromkeys(Rule, TERM))


def terms_by(rules, calendar=CALENDAR):
    return Terms(Rules(2, rules, dict.fromkeys(Rule, "x")), calendar, OPENS, CLOSES)


def shanghai(moment):
    return (moment - timedelta(hours=8)).replace(tzinfo=UTC)


def slowly(since, *terms):
    """Return a deadline as the slow reference has it, by Shanghai's clock."""
    day = since.date()
    for term in terms:
        day = slow.last_day(day, term.amount, term.unit.value)
    return datetime.combine(day, CLOSES)


@given(RULES, MOMENTS, st.lists(TERM, min_size=1, max_size=3))
def test_terms_in_both_units_end_where_one_counts_slowly(rules, since, some):
    assert terms_by(rules).after(shanghai(since), *some) == shanghai(slowly(since, *some))


@given(RULES, DAYS)
def test_the_warning_is_where_one_counts_slowly(rules, day):
    term, due = rules[Rule.WARN], datetime.combine(day, CLOSES)
    back = timedelta(days=term.amount)
    begins = slow.nth_before(day, term.amount) if term.unit is Unit.WORKDAY else day - back
    assert terms_by(rules).warn_at(shanghai(due)) == shanghai(datetime.combine(begins, OPENS))


@given(
    RULES, MOMENTS, MOMENTS, MOMENTS, st.sampled_from(State), st.booleans(), st.booleans(),
    st.lists(TERM, min_size=1, max_size=2),
)  # fmt: skip
def test_all_deadlines_are_where_one_counts_slowly(
    rules, contact, since, desk, state, contacted, named, plan
):
    found = terms_by(rules).deadlines(
        Standing(
            state, shanghai(contact) if named else None, contacted, shanghai(since),
            tuple(Step("x", term) for term in plan),
            shanghai(desk) if state in DESK_TERMS else None,
        )
    )  # fmt: skip
    contact_due = slowly(contact, rules[Rule.CONTACT]) if named else None
    due = slowly(since, *plan)
    desk_due = slowly(desk, rules[DESK_TERMS[state]]) if state in DESK_TERMS else None
    working = contact_due if contact_due and not contacted and contact_due < due else due
    following = None if state in ENDED else desk_due or working
    assert found.contact_due_at == (contact_due and shanghai(contact_due))
    assert found.due_at == shanghai(due)
    assert found.desk_due_at == (desk_due and shanghai(desk_due))
    assert found.next_due_at == (following and shanghai(following))


@given(RULES, MOMENTS, MOMENTS, st.lists(TERM, min_size=1, max_size=3))
def test_a_deadline_is_never_on_a_day_off_nor_earlier_for_a_later_start(rules, one, other, some):
    first, second = sorted((one, other))
    ends = [terms_by(rules).after(shanghai(since), *some) for since in (first, second)]
    assert ends[0] <= ends[1]
    assert all(slow.is_workday(clock.day_of(end)) for end in ends)


def test_the_reference_finds_out_deadlines_that_ignore_make_up_days():
    """The control: the property above does not hold for a calendar that knows days off alone."""
    ignorant = Calendar(CALENDAR.days_off, frozenset())

    @settings(derandomize=True, database=None, phases=[Phase.generate])
    @given(RULES, MOMENTS, st.lists(TERM, min_size=1, max_size=3))
    def end_where_one_counts_slowly(rules, since, some):
        found = terms_by(rules, ignorant).after(shanghai(since), *some)
        assert found == shanghai(slowly(since, *some))

    with pytest.raises(AssertionError):
        end_where_one_counts_slowly()
