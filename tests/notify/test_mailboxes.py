import pytest

from feedback.db import transaction
from feedback.offices.mailboxes import mailboxes
from feedback.offices.models import Account, Department
from feedback.offices.roles import Role

from ..factories import make_account, make_district


@pytest.fixture
def people(context):
    make_district()
    for role, department, name in (
        (Role.HANDLER, "RS", "handler"), (Role.HEAD, "RS", "head"), (Role.CLERK, "RS", "clerk"),
        (Role.HANDLER, "SW", "other"), (Role.SUPERVISOR, "XZSP", "supervisor"),
        (Role.HANDLER, "XZSP", "desk"),
    ):  # fmt: skip
        make_account(role, department=department, email=f"{name}@licheng.example")


def test_a_case_concerns_its_departments_handlers_and_heads(people):
    found = mailboxes("RS", "case_opened")
    assert found == ["handler@licheng.example", "head@licheng.example"]


def test_a_supervising_office_is_written_to_as_whom_the_occasion_means(people):
    """Its own window may be complained of: then its handlers are meant."""
    assert mailboxes("XZSP", "case_in_triage") == ["supervisor@licheng.example"]
    assert mailboxes("XZSP", "desk_overdue") == ["supervisor@licheng.example"]
    assert mailboxes("XZSP", "case_overdue") == ["desk@licheng.example"]


def test_somebody_with_two_roles_is_written_to_once(people):
    make_account(Role.HANDLER, Role.HEAD, department="SW", email="both@licheng.example")
    assert mailboxes("SW", "case_opened") == ["both@licheng.example", "other@licheng.example"]


def test_a_disabled_account_gets_nothing(people):
    with transaction() as session:
        for account in session.query(Account):
            account.active = account.email != "head@licheng.example"
    assert mailboxes("RS", "case_opened") == ["handler@licheng.example"]


def test_a_department_that_was_closed_has_nobody(people):
    with transaction() as session:
        session.get_one(Department, "RS").active = False
    assert mailboxes("RS", "case_opened") == []
