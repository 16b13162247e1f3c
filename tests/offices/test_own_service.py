"""Whether a phone belongs to somebody who serves at a window or in a department."""

import pytest

from feedback.db import transaction
from feedback.offices.models import Officer
from feedback.offices.queries import is_own_service
from feedback.offices.registers import phone_digest

from ..counting import statements
from ..factories import make_district


def make_officers():
    """爱丽 of RS at a window of XZSP, 柏 of SW without a window, 陈 of RS who has left."""
    officers = [
        ("G1", "RS", "XZSP-01", "+8619900000001", True),
        ("G2", "SW", None, "+8619900000002", True),
        ("G3", "RS", "RS-12", "+8619900000003", False),
        ("G4", "GOV", None, None, True),
    ]
    with transaction() as session:
        session.add_all(
            Officer(
                code=code, name=code, department_code=department, window_code=window,
                phone_digest=phone and phone_digest(phone), active=active,
            )
            for code, department, window, phone, active in officers
        )  # fmt: skip


@pytest.mark.parametrize(
    ("phone", "departments", "window", "own"),
    [
        ("+8619900000001", {"RS"}, None, True),
        ("+8619900000001", {"SW"}, None, False),
        ("+8619900000001", {"SW"}, "XZSP-01", True),
        ("+8619900000001", set(), "XZSP-01", True),
        ("+8619900000001", set(), None, False),
        ("+8619900000001", set(), "RS-12", False),
        ("+8619900000002", {"SW", "RS"}, "RS-12", True),
        ("+8619900000002", {"RS"}, "RS-12", False),
        ("+8619900000003", {"RS"}, "RS-12", False),
        ("+8619900000009", {"RS", "SW", "GOV"}, "RS-12", False),
    ],
)
def test_a_phone_on_the_register_belongs_to_its_window_and_its_department(
    context, phone, departments, window, own
):
    make_district()
    make_officers()
    assert is_own_service(phone_digest(phone), departments, window) is own


def test_it_is_one_statement(app):
    with app.app_context():
        make_district()
        make_officers()
    with app.app_context(), statements(app) as seen:
        is_own_service(phone_digest("+8619900000001"), {"RS", "SW"}, "RS-12")
    assert len([each for each in seen if "BEGIN" not in each]) == 1
