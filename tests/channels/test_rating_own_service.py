"""Staff do not rate their own window or department: every way in which a phone can give them away."""

from datetime import timedelta

import pytest
import time_machine

from feedback import privacy
from feedback.config import settings
from feedback.db import transaction
from feedback.offices.models import Officer

from .. import counting
from ..factories import make_district
from .citizen import BAD, NAMED, kept, make_token, rate, text_of

OWN, WINDOW_ONLY, ELSEWHERE, LEFT = "13900000001", "13900000002", "13900000003", "13900000004"


@pytest.fixture(autouse=True)
def _monday(now):
    with time_machine.travel(now + timedelta(minutes=42)):
        yield


@pytest.fixture(autouse=True)
def _register(app):
    """RS's own officer, one of SW who sits at RS's window, one of SW elsewhere, one who left RS."""
    with app.app_context():
        make_district()
        with transaction() as session:
            session.add_all(
                [
                    officer("O1", OWN, "RS"), officer("O2", WINDOW_ONLY, "SW", window_code="RS-12"),
                    officer("O3", ELSEWHERE, "SW"), officer("O4", LEFT, "RS", active=False),
                ]
            )  # fmt: skip


def officer(code, phone, department, **more):
    digest = privacy.digest(settings().digest_key.get_secret_value(), "phone", f"+86{phone}")
    return Officer(
        code=code, name=code, department_code=department, phone_digest=digest,
        **{"active": True, **more},
    )  # fmt: skip


def refused(app, answer):
    assert answer.status_code == 403
    assert "Staff cannot rate" in text_of(answer)
    assert kept(app) == (0, 0)


@pytest.mark.parametrize(
    "phone", [OWN, WINDOW_ONLY, f"+86 {OWN}", "139-0000-0001", "１３９０００００００１"]
)
@pytest.mark.parametrize(
    "said",
    [{"grade": "5"}, {"grade": "3"}, NAMED, {**BAD, "identity": "anonymous"}],
    ids=["very satisfied", "fairly satisfied", "named", "anonymous"],
)  # fmt: skip
def test_a_typed_phone_of_the_service_s_own_staff_is_refused(app, client, said, phone):
    refused(app, rate(client, make_token(app), **{**said, "phone": phone}))


@pytest.mark.parametrize("phone", [OWN, WINDOW_ONLY])
@pytest.mark.parametrize("said", [{"grade": "5"}, BAD, NAMED], ids=["good", "bad", "named"])
def test_a_service_recorded_with_its_staff_s_own_phone_is_refused(app, client, said, phone):
    refused(app, rate(client, make_token(app, applicant={"phone": phone}), **said))


@pytest.mark.parametrize(
    ("phone", "how"),
    [
        (OWN, {"window": None}),  # by the item's department
        (OWN, {"item_code": "SW-001"}),  # by the window's department
        (ELSEWHERE, {"item_code": "SW-001", "window": None}),
    ],
)
def test_the_item_s_and_the_window_s_department_both_count(app, client, phone, how):
    refused(app, rate(client, make_token(app, applicant={"phone": phone}, **how), grade="5"))
    refused(app, rate(client, make_token(app, **how), grade="5", phone=phone))


@pytest.mark.parametrize("phone", [ELSEWHERE, LEFT, "13812345678"])
def test_staff_of_another_department_and_those_who_left_may_rate(app, client, phone):
    assert rate(client, make_token(app), **{**NAMED, "phone": phone}).status_code == 303
    assert rate(client, make_token(app), grade="5", phone=phone).status_code == 303
    token = make_token(app, applicant={"phone": phone})
    assert rate(client, token, grade="5").status_code == 303
    assert kept(app) == (3, 1)


def test_a_service_elsewhere_may_be_rated_with_a_phone_of_the_register(app, client):
    how = {"item_code": "SW-001", "window": None}
    assert (
        rate(client, make_token(app, applicant={"phone": OWN}, **how), grade="4").status_code == 303
    )
    assert rate(client, make_token(app, **how), **{**NAMED, "phone": OWN}).status_code == 303


def test_a_phone_that_is_none_is_dropped_from_a_satisfied_review_as_before(app, client):
    for phone in ("1", "\x00", "9" * 400, OWN + OWN):
        assert rate(client, make_token(app), grade="5", phone=phone).status_code == 303


def test_an_applicant_s_phone_costs_no_statement_more(app, client):
    token = make_token(app, applicant={"phone": "13812345678"})
    with counting.statements(app) as seen:
        assert rate(client, token, grade="5").status_code == 303
    assert len(seen) <= 6, seen
