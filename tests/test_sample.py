"""The sample district."""

import json
import stat
from datetime import timedelta

import pytest
from sqlalchemy import select

from feedback import text
from feedback.catalog import queries as catalog
from feedback.db import db, transaction
from feedback.events.models import ServiceEvent
from feedback.offices import queries as offices
from feedback.offices.roles import Role
from feedback.sample import DATA, WORKING, load_sample

from .factories import make_district
from .offices.test_pages import try_to_sign_in


@pytest.fixture
def made(app, now):
    """Load the sample and return what it tells."""
    with app.app_context(), transaction():
        return load_sample(now)


def test_there_are_people_for_every_role_and_they_can_sign_in(app, made):
    people = {(account.role, account.department) for account in made.accounts}
    assert {role for role, _ in people} == set(Role)
    assert people >= {(r, d) for r in ("clerk", "handler", "head") for d in WORKING}
    supervisors = [each.department for each in made.accounts if each.role == "supervisor"]
    assert supervisors == ["GOV", "XZSP"]
    assert len({each.password for each in made.accounts}) == len(made.accounts)
    for account in made.accounts[:3]:
        assert try_to_sign_in(app, account.email, account.password).status_code == 302


def test_the_services_can_be_rated_and_were_given_in_the_last_two_hours(app, client, made, now):
    with app.app_context():
        events = db.session.scalars(select(ServiceEvent)).all()
    assert len(events) == len(made.events) == 8
    assert len({event.item_code for event in events}) == 8
    assert all(timedelta(0) < now - event.served_at < timedelta(hours=2) for event in events)
    assert {event.source for event in events} == {"sample"}
    assert all(each.project_no.startswith("37011220261123") for each in made.events)
    path = made.events[0].link.removeprefix(made.base_url)
    assert client.get(path).status_code in (200, 410)


def test_its_key_opens_the_door_of_business_systems(app, made):
    with app.app_context():
        assert offices.api_key(made.api_key).name == "sample"


def test_a_database_with_departments_is_left_alone(context, now):
    make_district()
    before = catalog.counts()
    with transaction():
        assert load_sample(now) is None
    assert catalog.counts() == before
    assert offices.accounts() == []


def test_two_districts_have_no_password_in_common(app, made, now):
    from .conftest import empty_database

    with app.app_context():
        empty_database(app)
    with app.app_context(), transaction():
        other = load_sample(now)
    assert not {a.password for a in made.accounts} & {a.password for a in other.accounts}
    assert made.api_key != other.api_key


def test_sample_people_and_their_phones_cannot_be_taken_for_real_ones():
    lines = (DATA / "officers.csv").read_text("utf-8").splitlines()[1:]
    for line in lines:
        _, name, _, _, phone = line.split(",")
        assert name.startswith("示例")
        assert phone.startswith("199000000")
        assert text.phone(phone) == f"+86{phone}"


def test_the_command_prints_and_writes_what_is_needed_to_begin(app, run_flask, tmp_path):
    target = tmp_path / "new" / "sample.json"
    done = run_flask("sample", "load", "--json", str(target))
    written = json.loads(target.read_text("utf-8"))
    assert json.loads(done.stdout) == written
    assert list(written) == ["base_url", "api_key", "accounts", "events"]
    assert list(written["accounts"][0]) == ["role", "department", "email", "password"]
    assert list(written["events"][0]) == ["project_no", "link"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    again = run_flask("sample", "load", "--json", str(target))
    assert again.returncode == 0
    assert json.loads(target.read_text("utf-8")) == written
