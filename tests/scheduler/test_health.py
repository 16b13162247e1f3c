import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from feedback import clock
from feedback.cases.deadlines import light
from feedback.cases.models import Case
from feedback.cases.states import State
from feedback.db import db, transaction
from feedback.scheduler import ticks
from feedback.scheduler.jobs import Job
from feedback.scheduler.models import Tick
from feedback.scheduler.ticks import tick

from ..conftest import ROOT
from ..counting import statements
from ..factories import make_case, make_district, make_event, make_people, rate, walk_to
from ..notify.helpers import environment, nobody_there

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def ticked(seconds_ago, error=""):
    with transaction() as session:
        session.merge(
            Tick(
                job="deliver-messages", at=clock.now() - timedelta(seconds=seconds_ago), error=error
            )
        )


def test_a_living_process_says_so_without_asking_the_database(client):
    assert client.get("/health/live").json["status"] == "ok"


def test_ready_with_a_scheduler_that_ticks(client, context):
    ticked(3)
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json["scheduler"] == "ok"
    assert answer.json["migrations"] == "ok"
    assert 3 <= answer.json["jobs"]["deliver-messages"]["seconds_since_tick"] < 120


@pytest.mark.parametrize("seconds", [None, 3600])
def test_a_silent_scheduler_is_told_and_the_web_still_serves(client, context, seconds):
    if seconds:
        ticked(seconds)
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json["scheduler"] == "silent"


@pytest.mark.parametrize("every", [5, 60, 3600])
def test_a_job_that_missed_several_rounds_is_named_though_others_tick(client, context, every):
    job = Job("write-reports", every, lambda *_: [], "reports write-due")
    patience = max(timedelta(minutes=10), 3 * timedelta(seconds=every))
    ticked(1)
    tick(context, job, clock.now())
    for passed, late in ((patience * 0.99, []), (patience * 1.01, ["write-reports"])):
        with time_machine.travel(clock.now() + passed, tick=True):
            ticked(1)
            answer = client.get("/health/ready")
        assert answer.status_code == 200
        assert (answer.json["late"], answer.json["scheduler"]) == (late, "late" if late else "ok")


def test_a_long_round_that_goes_on_is_not_late(client, context, monkeypatch):
    monkeypatch.setattr(ticks, "A_SIGN", 0.0)
    seen = []

    def work_for_hours(now, go_on):
        with time_machine.travel(now + timedelta(hours=3), tick=True):
            assert go_on()
            seen.append(client.get("/health/ready").json)
        return []

    job = Job("deliver-messages", 5, work_for_hours, "messages deliver")
    tick(context, job, clock.now())
    assert (seen[0]["late"], seen[0]["scheduler"]) == ([], "ok")


def test_a_job_that_failed_is_told_without_its_words(client, context):
    ticked(1, error="ValueError")
    answer = client.get("/health/ready")
    assert answer.json["jobs"]["deliver-messages"]["failed"] is True
    assert "ValueError" not in answer.get_data(as_text=True)


def test_a_database_behind_its_migrations_is_not_ready(client, context):
    with transaction() as session:
        before = session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    answer = client.get("/health/ready")
    with transaction() as session:
        session.execute(text(f"UPDATE alembic_version SET version_num = '{before}'"))
    assert (answer.status_code, answer.json["status"]) == (503, "unready")


def test_a_database_that_is_gone_is_not_ready_and_the_process_lives(app, tmp_path):
    """In a process of its own, whose database was never there."""
    ask = (
        "from wsgi import app; c = app.test_client();"
        "print([c.get(p).status_code for p in ('/health/live', '/health/ready', '/metrics')])"
    )
    with nobody_there() as port:
        gone = {"FEEDBACK_VAR": str(tmp_path), "FEEDBACK_DATABASE_URL": ""}
        if app.config["FEEDBACK"].database_url:
            gone = {"FEEDBACK_DATABASE_URL": f"postgresql://x@127.0.0.1:{port}/x"}
        answered = subprocess.run(
            [sys.executable, "-c", ask], cwd=ROOT, env=environment(app, **gone),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert "[200, 503, 503]" in answered.stdout, answered.stderr[-2000:]


def metrics(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.get_data(as_text=True))
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_metrics_count_what_there_is(client, context):
    make_district()
    make_case(MONDAY)
    rate(make_event(MONDAY), MONDAY, grade="5", tags=("510",), identity="", name="", phone="")
    ticked(7)
    told = metrics(client)
    assert told["feedback_reviews_total", "1"] == 1
    assert told["feedback_reviews_total", "5"] == 1
    assert told["feedback_reviews_total", "3"] == 0
    assert told["feedback_messages", "queued"] == 1
    assert told["feedback_scheduler_seconds_since_tick", "deliver-messages"] >= 7


def test_metrics_see_urgency_as_the_rule_does(client, context):
    make_district()
    now = clock.now()
    for due, warn in ((-1, -24), (2, -1), (24, 2)):
        case = make_case(MONDAY, identity="anonymous", name="", phone="")
        with transaction() as session:
            row = session.get_one(Case, case.id, populate_existing=True)
            row.next_due_at, row.warn_at = now + timedelta(hours=due), now + timedelta(hours=warn)
    told = metrics(client)
    for case in db.session.query(Case):
        shown = light(now, case.warn_at, case.next_due_at).value
        assert told["feedback_open_cases", *sorted((shown, "routed"))] == 1


def test_a_case_that_was_voided_is_open_no_more(client, context):
    make_district()
    walk_to(make_case(MONDAY), State.VOIDED, make_people())
    assert not [name for name, *_ in metrics(client) if name == "feedback_open_cases"]


def test_only_the_reviews_since_yesterday_are_counted_at_every_look(app, client, context):
    make_district()
    for days in (400, 2, 0):
        at = clock.now() - timedelta(days=days)
        rate(make_event(at), at, grade="5", tags=("510",), identity="", name="", phone="")
    assert metrics(client)["feedback_reviews_total", "5"] == 3
    now = clock.now()
    rate(make_event(now), now, grade="5", tags=("510",), identity="", name="", phone="")
    with statements(app) as seen:
        assert metrics(client)["feedback_reviews_total", "5"] == 4
    asked = [one for one in seen if "FROM reviews" in one]
    assert len(asked) == 1
    assert "received_at >=" in asked[0]


def test_metrics_name_nobody(client, context):
    make_district()
    make_case(MONDAY)
    page = client.get("/metrics").get_data(as_text=True)
    assert "王小明" not in page
    assert "13812345678" not in page
    assert "HC-2026" not in page
