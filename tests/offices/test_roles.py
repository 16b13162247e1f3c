"""Which roles one account may hold, and what is a good enough password or key."""

import base64
import re

import pytest

from feedback.offices import credentials
from feedback.offices.roles import Role, may_be_together


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.LEADER])
def test_every_role_but_the_leaders_mark_may_be_held_alone(role):
    assert may_be_together(frozenset({role}))


@pytest.mark.parametrize("other", [None, *Role])
def test_a_leader_is_a_supervisor_marked_as_one(other):
    together = may_be_together(frozenset({Role.LEADER, other} - {None}))
    assert together == (other is Role.SUPERVISOR)


@pytest.mark.parametrize(
    ("roles", "together"),
    [
        ("handler head", True),
        ("clerk handler", False),
        ("clerk head", False),
        ("clerk handler head", False),
        ("", False),
        ("handler supervisor", False),
        ("clerk operator", False),
        ("supervisor operator", False),
        ("head auditor", False),
        ("supervisor auditor", False),
        ("admin clerk", False),
        ("admin auditor", False),
    ],
)
def test_only_those_who_work_the_departments_cases_go_together(roles, together):
    assert may_be_together(frozenset(map(Role, roles.split()))) is together


@pytest.mark.parametrize(
    ("password", "fault"),
    [("a" * 11, "password_too_short"), ("a" * 12, None), ("密码" * 6, None), ("a" * 128, None),
     ("a" * 129, "password_too_long"), ("", "password_too_short")],
)  # fmt: skip
def test_a_password_has_twelve_to_128_characters(password, fault):
    assert credentials.password_fault(password) == fault


def test_made_passwords_and_keys_are_random_and_readable():
    passwords = {credentials.new_password() for _ in range(100)}
    assert len(passwords) == 100
    assert all(re.fullmatch(r"([2-9a-hjkmnp-z]{5}-){3}[2-9a-hjkmnp-z]{5}", p) for p in passwords)
    key = credentials.new_api_key()
    assert re.fullmatch(r"hcp_[a-z2-7]{32}", key)
    assert len(base64.b32decode(key.removeprefix("hcp_").upper())) == 20


@pytest.mark.parametrize(
    ("typed", "kept"),
    [(" A.B@Licheng.Example ", "a.b@licheng.example"), ("not an address", None), ("", None),
     ("a@b@c.example", None), ("a\x00@b.example", None), ("a\n@b.example", None)],
)  # fmt: skip
def test_an_address_is_kept_in_small_letters(typed, kept):
    assert credentials.read_email(typed) == kept
