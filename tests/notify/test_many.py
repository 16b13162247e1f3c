"""The outbox after years: what its pages ask is answered from an index, whatever was sent before.

On PostgreSQL, whose planner chooses by the numbers of rows; a few ten thousand are enough for that.
"""

from datetime import timedelta

import pytest
from sqlalchemy import event, text

from feedback.db import db
from feedback.notify import figures, queries

from ..factories import make_district

MANY = 40_000
FILL = """
INSERT INTO messages (id, dedupe_key, occasion, facts, by, to_department, locale, subject_id, state,
    urgency, attempts, fence, not_before, next_try_at, handed_over_at, sent_at, delivered_at, carrier,
    parts, spent, last_error, created_at)
SELECT ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'many:' || n,
    CASE WHEN n % 4 = 0 THEN 'case_opened' ELSE 'invitation' END, '{}', 'mail', 'RS', 'zh_CN', n::text,
    CASE WHEN n % 20 = 1 THEN 'failed' WHEN n % 50 = 2 THEN 'queued' ELSE 'delivered' END,
    CASE WHEN n % 4 = 0 THEN 1 ELSE 2 END, 1, 1, at, at + interval '40 days', at,
    CASE WHEN n % 20 <> 1 AND n % 50 = 2 THEN NULL ELSE at END,
    CASE WHEN n % 20 = 1 OR n % 50 = 2 THEN NULL ELSE at END, '', 2, 0, '', at
FROM (SELECT n, timestamptz '2025-01-01 00:00+00' + n * interval '20 minutes' AS at
      FROM generate_series(1, :many) AS n) AS numbered
"""


@pytest.fixture
def years(context, database_address):
    """A full outbox: three in four are invitations, and of every twenty messages one did not arrive."""
    if not database_address:
        pytest.skip("SQLite's planner does not go by numbers")
    make_district()
    with db.engine.connect() as connection:
        connection.execute(text(FILL), {"many": MANY})
        connection.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE messages"))
    return context


def plans(ask):
    """Return the plan of every statement with which `ask` looks something up."""
    found = []

    def explain(connection, cursor, statement, parameters, context, _many):
        if statement.startswith("SELECT"):
            cursor.execute(f"EXPLAIN {statement}", parameters)
            found.append("\n".join(row[0] for row in cursor.fetchall()))

    event.listen(db.engine, "before_cursor_execute", explain)
    try:
        ask()
    finally:
        event.remove(db.engine, "before_cursor_execute", explain)
        db.session.rollback()
    return found


def test_what_needs_a_person_is_found_without_reading_what_was_sent(years, now):
    (plan,) = plans(lambda: queries.needing_a_person(now))
    assert "ix_messages_decidable" in plan
    assert "Seq Scan" not in plan


def test_what_was_lost_is_found_and_counted_without_reading_what_was_sent(years):
    for ask in (queries.lost, queries.lost_number):
        for plan in plans(ask):
            assert "ix_messages_decidable" in plan
            assert "Seq Scan" not in plan


def test_the_figures_of_a_week_read_a_week(years, now):
    (plan,) = plans(lambda: figures.groups(now - timedelta(days=7), now))
    assert "ix_messages_created_at" in plan


def test_the_counts_of_all_states_are_read_from_an_index_alone(years):
    (plan,) = plans(queries.counts)
    assert "Index Only Scan using ix_messages_state" in plan
