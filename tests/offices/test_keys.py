"""Keys of business systems."""

import hashlib

import pytest
from sqlalchemy import select

from feedback.db import db, transaction
from feedback.errors import Invalid, Unknown
from feedback.ledger.actions import SYSTEM
from feedback.ledger.models import Entry
from feedback.offices import actions, queries
from feedback.offices.models import ApiKey

from ..conftest import MONDAY_MORNING
from ..counting import statements


def add(name="自助机", source=None):
    with transaction():
        return actions.add_api_key(name, source, SYSTEM, MONDAY_MORNING)


def revoke(name):
    with transaction():
        actions.revoke_api_key(name, SYSTEM, MONDAY_MORNING)


def test_a_key_is_found_by_its_digest_and_kept_nowhere(context):
    bearer = add(source="hall")
    key = queries.api_key(bearer)
    assert (key.name, key.source) == ("自助机", "hall")
    assert key.key_digest == hashlib.sha256(bearer.encode()).hexdigest()
    kept = [
        str(vars(row)) for model in (ApiKey, Entry) for row in db.session.scalars(select(model))
    ]
    assert not any(bearer in row for row in kept)


@pytest.mark.parametrize("bearer", ["", "hcp_", "x" * 100_000, "\ud800", "hcp_é", "' OR 1=1 --"])
def test_what_is_no_key_finds_none(context, bearer):
    add()
    assert queries.api_key(bearer) is None


def test_a_revoked_key_is_refused_and_its_name_is_free_again(context):
    bearer = add()
    revoke("自助机")
    assert queries.api_key(bearer) is None
    assert queries.api_key(add()) is not None
    assert len(queries.api_keys()) == 2


def test_a_key_is_revoked_once_and_only_if_it_is_there(context):
    add()
    revoke("自助机")
    for name in ("自助机", "never made"):
        with pytest.raises(Unknown):
            revoke(name)


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [("", None, ("name", "missing")), ("x" * 61, None, ("name", "too_long")),
     ("taken", None, ("name", "key_name_taken")), ("x", "s" * 41, ("source", "too_long"))],
)  # fmt: skip
def test_a_key_needs_a_name_of_its_own(context, name, source, expected):
    add("taken")
    with pytest.raises(Invalid) as refused:
        add(name, source)
    assert [(fault.field, fault.code) for fault in refused.value.errors] == [expected]


def test_finding_a_key_is_one_statement(app):
    with app.app_context():
        bearer = add()
    with app.app_context(), statements(app) as seen:
        queries.api_key(bearer)
    assert len([each for each in seen if "BEGIN" not in each]) == 1
