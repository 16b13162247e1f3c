"""Making and changing accounts, and loading them from a file."""

import pytest
from sqlalchemy import select

from feedback.db import transaction
from feedback.errors import Invalid, TableInvalid
from feedback.ledger.actions import SYSTEM
from feedback.ledger.models import Entry
from feedback.offices import actions, queries
from feedback.offices.actions import Person, person_of
from feedback.offices.roles import Role

from ..conftest import MONDAY_MORNING
from ..counting import statements
from ..factories import db, make_account, make_district

GOOD = {
    "email": "aili@licheng.example", "name": "爱丽", "department": "RS",
    "roles": frozenset({Role.HANDLER}), "window": None,
}  # fmt: skip
PASSWORD = "correct horse battery"


def add(password=PASSWORD, **changes):
    with transaction():
        return actions.add_account(Person(**{**GOOD, **changes}), password, SYSTEM, MONDAY_MORNING)


def do(action, *arguments):
    with transaction():
        return action(*arguments, SYSTEM, MONDAY_MORNING)


def codes(action, *arguments, **changes):
    with pytest.raises(Invalid) as refused:
        action(*arguments, **changes)
    return [(fault.field, fault.code) for fault in refused.value.errors]


def test_an_account_is_made_and_its_password_is_kept_as_a_hash_only(context):
    make_district()
    account = add(window="RS-12", email="AiLi@Licheng.example")
    assert person_of(account) == Person(**{**GOOD, "window": "RS-12"})
    assert account.password.startswith("$argon2id$")
    assert len(account.fs_uniquifier) == 64


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"email": "x"}, [("email", "not_an_email")]),
        ({"name": " "}, [("name", "missing")]),
        ({"name": "长" * 61}, [("name", "too_long")]),
        ({"name": "a\x00"}, [("name", "not_text")]),
        ({"department": "NONE"}, [("department", "unknown_department")]),
        ({"window": "NONE"}, [("window", "unknown_window")]),
        ({"roles": frozenset()}, [("roles", "missing")]),
        ({"roles": frozenset({Role.HANDLER, Role.SUPERVISOR})}, [("roles", "roles_apart")]),
        ({"password": "short"}, [("password", "password_too_short")]),
        (
            {"email": "x", "name": "", "department": "", "password": ""},
            [("email", "not_an_email"), ("name", "missing"), ("department", "unknown_department"),
             ("password", "password_too_short")],
        ),
    ],
)  # fmt: skip
def test_every_wrong_field_of_an_account_is_named(context, changes, expected):
    make_district()
    assert codes(add, **changes) == expected
    assert queries.accounts() == []


def test_one_address_is_one_account_however_it_is_written(context):
    make_district()
    add()
    assert codes(add, email="AILI@LICHENG.EXAMPLE") == [("email", "email_taken")]


def test_what_happens_to_accounts_is_in_the_ledger_without_addresses(context):
    make_district()
    account = add()
    do(actions.disable_account, account)
    do(actions.enable_account, account)
    do(actions.set_password, account, "another good password")
    do(actions.change_account, account, Person(**{**GOOD, "department": "SW"}))
    lines = db.session.scalars(select(Entry).order_by(Entry.id)).all()
    assert [(line.subject, line.act) for line in lines] == [
        ("account", act) for act in ("add", "disable", "enable", "password", "change")
    ]
    assert {line.subject_id for line in lines} == {str(account.id)}
    told = str([line.facts for line in lines])
    assert "aili" not in told
    assert "爱丽" not in told


def test_new_rights_a_new_password_and_disabling_end_every_session(context):
    make_district()
    account = add()
    seen = {account.fs_uniquifier}
    for action, *arguments in (
        (actions.change_account, Person(**{**GOOD, "roles": frozenset({Role.CLERK})})),
        (actions.change_account, Person(**{**GOOD, "department": "SW"})),
        (actions.set_password, "another good password"),
        (actions.disable_account,),
    ):
        do(action, account, *arguments)
        assert account.fs_uniquifier not in seen
        seen.add(account.fs_uniquifier)
    assert not account.active


def test_another_name_alone_ends_no_session(context):
    make_district()
    account = add()
    before = account.fs_uniquifier
    do(actions.change_account, account, Person(**{**GOOD, "name": "爱丽丝"}))
    assert (account.name, account.fs_uniquifier) == ("爱丽丝", before)


def test_roles_are_changed_and_kept_where_they_stay(context):
    make_district()
    account = add()
    both = frozenset({Role.HANDLER, Role.HEAD})
    do(actions.change_account, account, Person(**{**GOOD, "roles": both}))
    db.session.expire_all()
    assert person_of(queries.account("aili@licheng.example")).roles == both


def test_the_last_administrator_stays(context):
    make_district()
    first = make_account(Role.ADMIN, department="XZSP")
    make_account(Role.HANDLER)
    demoted = Person(first.email, first.name, "XZSP", frozenset({Role.CLERK}))
    assert codes(do, actions.disable_account, first) == [("email", "last_administrator")]
    assert codes(do, actions.change_account, first, demoted) == [("email", "last_administrator")]
    assert first.active
    make_account(Role.ADMIN, department="XZSP", name="柏")
    do(actions.disable_account, first)
    assert not first.active


def load(text):
    with transaction():
        return actions.load_accounts(
            actions.account_file("accounts.csv", text.encode()), SYSTEM, MONDAY_MORNING
        )


HEADER = "email,name,department,roles,window,active\n"


def test_accounts_are_loaded_with_a_password_each(context):
    make_district()
    issued = load(HEADER + "a@x.example,爱丽,RS,handler head,,\nb@x.example,柏,RS,clerk,RS-12,0\n")
    assert [each.email for each in issued] == ["a@x.example", "b@x.example"]
    assert len({each.password for each in issued}) == 2
    assert person_of(queries.account("a@x.example")).roles == {Role.HANDLER, Role.HEAD}
    assert queries.account("b@x.example").active is False


def test_loading_accounts_again_changes_nothing_and_gives_no_password(context):
    make_district()
    text = HEADER + "a@x.example,爱丽,RS,handler,,1\n"
    load(text)
    before = queries.account("a@x.example").password
    assert load(text) == []
    assert load("email,name,department,roles\na@x.example,爱丽,SW,handler\n") == []
    db.session.expire_all()
    account = queries.account("a@x.example")
    assert (account.password, account.department_code, account.active) == (before, "SW", True)


def test_a_bad_row_keeps_every_account_out(context):
    make_district()
    rows = [
        "a@x.example,爱丽,RS,handler,,1",
        "nobody,柏,NONE,king,NONE,2",
        "c@x.example,陈,RS,handler admin,,1",
        "A@X.example,又,RS,handler,,1",
    ]
    with pytest.raises(TableInvalid) as refused:
        load(HEADER + "\n".join(rows))
    assert [(number, fault.field, fault.code) for number, fault in refused.value.rows] == [
        (3, "email", "not_an_email"),
        (3, "roles", "not_in_list"),
        (3, "active", "not_a_flag"),
        (3, "department", "unknown_department"),
        (3, "window", "unknown_window"),
        (4, "roles", "roles_apart"),
        (5, "email", "key_twice"),
    ]
    assert queries.accounts() == []


def test_the_list_of_accounts_is_one_statement(app):
    with app.app_context():
        make_district()
        for _ in range(5):
            make_account(Role.CLERK, Role.HANDLER)
    with app.app_context(), statements(app) as seen:
        people = queries.accounts()
        assert [person.department.name for person in people] == ["区人力资源社会保障局"] * 5
        assert all(len(person.roles) == 2 for person in people)
    assert len([each for each in seen if "BEGIN" not in each]) == 1
