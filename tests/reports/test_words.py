"""What the report says in its first sentence, and how it shows numbers."""

from datetime import UTC, datetime

import pytest
from flask_babel import force_locale

from feedback.cases.states import State
from feedback.reports import words
from feedback.reports.figures import Counts, OverdueCase, Pair, Rate, Row, WeekFigures
from feedback.reports.queries import Report, Standing

AS_OF = datetime(2026, 11, 22, 16, tzinfo=UTC)


def week(total: Counts, overdue: tuple[OverdueCase, ...] = (), rows: tuple[Row, ...] = ()):
    return WeekFigures("2026-W47", AS_OF, rows, total, overdue)


def overdue(name: str, days: int, number: int = 1, named: bool = True) -> OverdueCase:
    return OverdueCase(f"HC-{number}", name or None, name, named, days, State.RECTIFYING)


@pytest.fixture(autouse=True)
def _english(context):
    with force_locale("en"):
        yield


def test_the_sentence_says_due_closed_in_time_and_who_is_overdue():
    total = Counts(due=Pair(14), in_time=Pair(12), late=Pair(1), overdue=Pair(1))
    assert words.sentences(week(total, (overdue("区水务局", 2),))) == [
        "This week 14 named negative reviews were due for closure: 13 closed, 12 in time;"
        " 1 not closed: 区水务局, overdue by 2 working days."
    ]


def test_one_of_one_is_said_in_the_singular():
    total = Counts(due=Pair(1), in_time=Pair(1))
    assert words.sentences(week(total)) == [
        "This week 1 named negative review was due for closure: 1 closed, 1 in time."
    ]


def test_an_empty_week_is_said_too():
    assert words.sentences(week(Counts())) == [
        "No named negative review was due for closure this week."
    ]


def test_anonymous_ones_are_not_mixed_in_but_not_left_out():
    total = Counts(due=Pair(0, 3), in_time=Pair(0, 1), late=Pair(0, 1), overdue=Pair(0, 1))
    named, anonymous = words.sentences(week(total, (overdue("区水务局", 2, named=False),)))
    assert "区水务局" not in named
    assert anonymous == "3 anonymous ones were due: 2 closed, 1 in time."


def test_the_sentence_names_three_departments_longest_overdue_first():
    cases = (
        overdue("甲", 1), overdue("乙", 9, 2), overdue("乙", 3, 3), overdue("", 0, 4),
        overdue("丁", 4, 5), overdue("戊", 0, 6),
    )  # fmt: skip
    total = Counts(due=Pair(6), overdue=Pair(6))
    (sentence,) = words.sentences(week(total, cases))
    where = sentence.split("not closed: ")[1]
    assert where == (
        "乙, 2 cases, the longest overdue by 9 working days; 丁, overdue by 4 working days;"
        " 甲, overdue by 1 working day; 2 more departments."
    )


def test_triage_is_named_as_the_supervisors():
    (sentence,) = words.sentences(week(Counts(due=Pair(1), overdue=Pair(1)), (overdue("", 0),)))
    assert sentence.endswith("Supervisors' triage, overdue by less than one working day.")


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (Rate(13, 14), "13 / 14 = 92.9%"), (Rate(1, 1), "1 / 1 = 100%"),
        (Rate(1, 2), "1 / 2 = 50%"), (Rate(1999, 2000), "1999 / 2000 = 99.9%"),
        (Rate(0, 0), "— (none was due)"),
    ],
)  # fmt: skip
def test_the_rate_is_never_without_its_numbers(rate, said):
    assert words.rate_words(rate) == said


@pytest.mark.parametrize(
    ("change", "unit", "said"),
    [(2, 1, "+2"), (-3, 1, "−3"), (0, 1, "±0"), (None, 1, ""), (-71, 10, "−7.1"), (50, 10, "+5")],
)
def test_a_change_has_a_sign(change, unit, said):
    assert words.change_words(change, unit) == said


def test_every_figure_is_compared_with_the_week_before():
    now = Counts(
        received=Pair(3, 1), due=Pair(2), in_time=Pair(1), overdue=Pair(1), longest_overdue=4
    )
    then = Counts(received=Pair(1, 1), due=Pair(4), in_time=Pair(4))
    rows, rows_then = (
        (Row("SW", "区水务局", now), Row("RS", "人社局", now)),
        (Row("SW", "旧名", then),),
    )
    report = Report("2026-W47", Standing.KEPT, week(now, rows=rows), week(then, rows=rows_then))
    water, social, total = words.table(report)
    assert [cell.change for cell in water.cells] == [2, 0, -2, -3, 0, 0, 1, None]
    assert water.rate_change == -500
    assert [cell.change for cell in social.cells][:3] == [3, 1, 2]  # it had nothing before
    assert social.rate_change is None
    assert (total.name, total.cells) == ("Total", water.cells)


def test_without_a_week_before_nothing_is_compared():
    (total,) = words.table(Report("2026-W47", Standing.KEPT, week(Counts()), None))
    assert {cell.change for cell in total.cells} == {None}
