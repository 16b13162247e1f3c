"""The business systems' door, by the thousand."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select

from feedback.db import db
from feedback.events.models import ServiceEvent
from feedback.ledger.models import Entry

from ..conftest import MONDAY_MORNING
from ..counting import statements
from .business import BULK, count, make_key, open_shop, report, send, wrong


@pytest.fixture(autouse=True)
def _monday(app):
    open_shop(app)
    with time_machine.travel(MONDAY_MORNING, tick=False):
        yield


def batch(*rows):
    return {"events": list(rows)}


def test_every_row_is_answered_in_order_as_it_would_be_alone(app, client):
    known = send(client, report("known")).json
    answer = send(
        client,
        batch(
            report("first"), report("known"), report("known", mode="online"), "not an object",
            report("bad", item_code="XX"), report("foreign", source="desk"), report("last"),
        ),
        BULK,
    )  # fmt: skip
    assert answer.status_code == 207
    rows = answer.json["events"]
    assert [row["status"] for row in rows] == [201, 200, 422, 400, 422, 403, 201]
    assert rows[1] == {"status": 200, **known}
    assert [row["project_no"] for row in rows if "error" not in row] == ["first", "known", "last"]
    refused = [row for row in rows if "error" in row]
    assert all(set(row) == {"status", "error"} for row in refused)
    assert all(row["error"]["status"] == row["status"] for row in refused)
    assert [fault["field"] for fault in rows[2]["error"]["errors"]] == ["mode"]
    assert count(app) == 3


def test_a_bad_row_does_not_spoil_the_others(app, client):
    answer = send(client, batch(report("a"), {}, report("b"), None, [], report("c")), BULK)
    assert [row["status"] for row in answer.json["events"]] == [201, 422, 201, 400, 400, 201]
    assert count(app) == 3


def test_the_same_row_twice_in_a_batch_is_one_service(app, client):
    answer = send(client, batch(report("a"), report("a"), report("a", mode="online")), BULK)
    first, second, third = answer.json["events"]
    assert (first["status"], second["status"], third["status"]) == (201, 200, 422)
    assert {**first, "status": 0} == {**second, "status": 0}
    again = send(client, report("a"))
    assert again.status_code == 200
    assert again.json["token"] == first["token"]
    assert count(app) == 1


def test_the_whole_batch_again_records_nothing_new(app, client):
    rows = [report(str(number)) for number in range(50)]
    first, second = send(client, batch(*rows), BULK).json, send(client, batch(*rows), BULK).json
    assert {row["status"] for row in second["events"]} == {200}
    tokens = [[row["token"] for row in answer["events"]] for answer in (first, second)]
    assert tokens[0] == tokens[1]
    assert count(app) == 50


@pytest.mark.slow
def test_a_thousand_rows_take_as_many_statements_as_ten(app, client):
    def cost(rows: int, start: int) -> list[str]:
        with statements(app) as seen:
            answer = send(client, batch(*(report(str(start + n)) for n in range(rows))), BULK)
        assert {row["status"] for row in answer.json["events"]} == {201}
        return seen

    ten, thousand = cost(10, 0), cost(1000, 1000)
    assert len(ten) == len(thousand) <= 9, thousand
    assert count(app) == 1010


def test_a_thousand_and_one_are_too_many(app, client):
    answer = send(client, batch(*([{}] * 1001)), BULK)
    assert answer.status_code == 422
    assert wrong(answer) == {"events": "too_many"}


def test_an_empty_batch_is_answered_with_an_empty_list(client):
    answer = send(client, batch(), BULK)
    assert (answer.status_code, answer.json) == (207, {"events": []})


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ({}, {"events": "missing"}),
        ({"events": {}}, {"events": "not_a_list"}),
        ({"events": None}, {"events": "not_a_list"}),
        ({"events": [], "colour": "red"}, {"colour": "unknown_field"}),
        ({"colour": 1}, {"colour": "unknown_field", "events": "missing"}),
    ],
)
def test_a_batch_that_is_none_is_refused_by_name(client, said, faults):
    answer = send(client, said, BULK)
    assert (answer.status_code, wrong(answer)) == (422, faults)


def test_a_batch_needs_a_key(app, client):
    assert send(client, batch(report()), BULK, key=None).status_code == 401
    make_key(app, "bound", source="hospital")
    answer = send(client, batch(report("a"), report("b", source="hospital")), BULK, key="bound")
    assert [row["status"] for row in answer.json["events"]] == [403, 201]
    assert count(app) == 1


def test_rows_reach_the_database_in_one_order_whatever_the_order_of_the_batch(app, client):
    """Or two batches could hold what the other waits for; PostgreSQL would then end one of them."""
    send(client, batch(report("c"), report("a"), report("b")), BULK)
    with app.app_context():
        written = db.session.scalars(select(Entry.subject_id).order_by(Entry.id)).all()
        numbers = [db.session.get_one(ServiceEvent, UUID(one)).project_no for one in written]
    assert numbers == ["a", "b", "c"]


@pytest.mark.slow
def test_batches_that_overlap_are_answered_alike(app):
    rows = [report(str(number)) for number in range(200)]

    def post(turn: int) -> list[tuple[int, str]]:
        mine = rows if turn % 2 else rows[::-1]
        doubled = [*mine, mine[0]]
        answer = send(app.test_client(), batch(*doubled), BULK)
        assert answer.status_code == 207, answer.data
        return [(row["status"], row["token"]) for row in answer.json["events"]]

    with ThreadPoolExecutor(8) as threads:
        answers = [row for rows in threads.map(post, range(8)) for row in rows]
    assert sorted(status for status, _ in answers).count(201) == 200
    assert {status for status, _ in answers} == {200, 201}
    assert len({token for _, token in answers}) == 200
    assert count(app) == 200
