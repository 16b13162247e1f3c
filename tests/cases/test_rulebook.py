"""Rules with versions: which are in force, which a case keeps, and how they change."""

import contextlib
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from feedback.cases import rulebook
from feedback.cases.models import RuleVersion
from feedback.cases.rule_file import read_rules
from feedback.cases.rules import FIRST, LIMITS, Rule, Term, Unit, first_rules, from_json, to_json
from feedback.db import db, transaction
from feedback.errors import Busy, TableInvalid
from feedback.ledger.actions import Actor
from feedback.ledger.models import ActorKind, Entry

from ..counting import statements
from ..factories import make_case, make_district, make_event, rate
from ..together import at_once, raised

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BY = Actor(ActorKind.SYSTEM, name="李四")
HEADER = "rule,amount,unit,basis"


def table(*rows):
    return "\n".join((HEADER, *rows)).encode()


def change(*rows, now=MONDAY):
    with transaction():
        return rulebook.change(read_rules(table(*rows)), BY, now)


def versions():
    return [one.version for one in rulebook.versions()]


def faults(content):
    with pytest.raises(TableInvalid) as refused:
        read_rules(content)
    return [(number, fault.field, fault.code) for number, fault in refused.value.rows]


def test_every_rule_has_a_term_and_says_on_what_it_rests():
    assert set(FIRST) == set(Rule)
    assert all(amount > 0 and len(basis) > 5 for amount, basis in FIRST.values())


def test_what_is_kept_is_what_was_written_down():
    assert from_json(1, to_json(first_rules())) == first_rules()


def test_before_anything_happened_the_products_own_terms_are_in_force(context):
    assert rulebook.in_force().rules == first_rules()
    assert versions() == []


def test_the_first_case_makes_them_version_1(context):
    make_district()
    assert make_case(MONDAY).rules_version == 1
    assert versions() == [1]


def test_only_the_rules_named_change(context):
    rules, is_new = change("simple,7,day,济政办发〔2026〕9号")
    assert (rules.version, is_new) == (2, True)
    old, in_force = first_rules(), rulebook.in_force().rules
    assert in_force.terms == {**old.terms, Rule.SIMPLE: Term(7, Unit.DAY)}
    assert in_force.basis == {**old.basis, Rule.SIMPLE: "济政办发〔2026〕9号"}


def test_an_open_case_keeps_the_rules_it_was_born_with(context):
    make_district()
    older = make_case(MONDAY)
    change("simple,2,workday,济政办发〔2026〕9号")
    younger = make_case(MONDAY)
    assert (older.rules_version, younger.rules_version) == (1, 2)
    assert rulebook.of_case(older).rules.terms[Rule.SIMPLE] == Term(5)
    assert younger.due_at == datetime(2026, 11, 25, 9, 30, tzinfo=UTC)  # Wednesday 17:30
    assert older.due_at == datetime(2026, 11, 30, 9, 30, tzinfo=UTC)  # Monday 17:30


def test_the_same_terms_again_are_no_new_version(context):
    change("simple,7,day,济政办发〔2026〕9号")
    rules, is_new = change("simple,7,day,济政办发〔2026〕9号")
    assert (rules.version, is_new, versions()) == (2, False, [2, 1])


def test_another_basis_for_the_same_term_is_a_new_version(context):
    change("simple,5,workday,济政办发〔2026〕9号")
    assert versions() == [2, 1]


def test_a_version_says_who_and_when_and_leaves_a_line(context):
    change("simple,7,day,济政办发〔2026〕9号")
    kept = db.session.get_one(RuleVersion, 2)
    assert (kept.by_name, kept.at) == ("李四", MONDAY)
    line = db.session.scalars(select(Entry).where(Entry.subject == "rules")).one()
    assert (line.subject_id, line.act, line.actor_name) == ("2", "load", "李四")
    assert line.facts["simple"] == {"amount": 7, "unit": "day", "basis": "济政办发〔2026〕9号"}


def test_a_version_is_never_changed_or_deleted(context):
    change("simple,7,day,济政办发〔2026〕9号")
    for statement in (update(RuleVersion).values(by_name="x"), delete(RuleVersion)):
        with pytest.raises(DBAPIError, match="never"), transaction() as session:
            session.execute(statement)


def test_of_many_changes_at_once_none_takes_another_back(app):
    """Each is a version of its own over those before it, or is told to try again."""
    made = {}

    def one(rule):
        with contextlib.suppress(Busy):
            made[rule] = change(f"{rule.value},9,workday,某文")[0].version

    some = (Rule.SIMPLE, Rule.VISIT, Rule.APPEAL, Rule.JUDGE)
    assert raised(at_once(app, *(partial(one, rule) for rule in some))) == []
    assert sorted(made.values()) == list(range(2, 2 + len(made)))
    with app.app_context():
        rules = rulebook.in_force().rules
    assert rules.version == 1 + len(made)
    assert {rule for rule in some if rules.terms[rule] == Term(9)} == set(made) != set()


def test_opening_a_case_asks_for_rules_and_calendar_in_one_statement(app):
    with app.app_context():
        make_district()
        for _ in range(2):  # the second one reads the version that the first one made
            make_case(MONDAY)
        event = make_event(MONDAY)
        with statements(app) as seen:
            rate(event, MONDAY)
    asking = [one for one in seen if "rule_versions" in one or "calendars" in one]
    assert len(asking) == 1, asking


def test_every_wrong_row_is_named():
    content = table(
        "simpel,7,day,x",
        "simple,0,workday,x",
        "contact,251,workday,x",
        "visit,251,day,x",
        "complex,367,day,x",
        "judge,٥,weeks,x",
        "decide,,,",
        "visit,9,day,x",
        "appeal,1.5,workday," + "长" * 301,
    )
    assert faults(content) == [
        (2, "rule", "not_in_list"), (3, "amount", "days_out_of_range"),
        (4, "amount", "days_out_of_range"), (6, "amount", "days_out_of_range"),
        (7, "unit", "not_in_list"), (7, "amount", "not_a_number"),
        (8, "amount", "missing"), (8, "unit", "missing"), (8, "basis", "missing"),
        (9, "rule", "key_twice"), (10, "amount", "not_a_number"), (10, "basis", "too_long"),
    ]  # fmt: skip


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize(("beyond", "taken"), [(0, True), (1, False)])
def test_a_term_is_at_most_about_a_year(unit, beyond, taken):
    content = table(f"simple,{LIMITS[unit] + beyond},{unit.value},x")
    if taken:
        assert read_rules(content)[Rule.SIMPLE][0] == Term(LIMITS[unit], unit)
    else:
        assert faults(content) == [(2, "amount", "days_out_of_range")]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "header_missing"), (HEADER.encode(), "no_rows"), (b"rule,amount,unit\nsimple,5,day",
     "column_missing"), (b"PK\x03\x04x", "not_a_table")],
)  # fmt: skip
def test_a_file_without_rules_is_refused(content, code):
    assert [found for _, _, found in faults(content)] == [code]


def test_a_bad_row_changes_nothing(context):
    with pytest.raises(TableInvalid):
        change("simple,7,day,x", "contact,0,day,x")
    assert versions() == []
