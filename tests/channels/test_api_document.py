"""The door's own description: what it says is what happens."""

import pytest
import time_machine

from feedback.catalog.grades import PromiseUnit, ServiceKind
from feedback.catalog.models import Item
from feedback.channels.api_document import BatchAnswer, OnRecord, Problem
from feedback.db import transaction

from .business import BULK, SINGLE, open_shop, report, send


@pytest.fixture(autouse=True)
def _monday(app):
    open_shop(app)
    with time_machine.travel("2026-11-23T03:00:00Z", tick=False):
        yield


@pytest.fixture
def document(client):
    answer = client.get("/api/openapi.json")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    return answer.json


def references(part):
    if isinstance(part, dict):
        yield from [part["$ref"]] if "$ref" in part else []
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_every_reference_of_the_description_leads_somewhere(document):
    assert document["openapi"].startswith("3.1")
    found = set(references(document))
    assert found
    for reference in found:
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]


def test_every_address_of_the_door_is_described_and_exists(app, document):
    described = set(document["paths"])
    routed = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and "POST" in (rule.methods or ())
    }
    assert described == routed


@pytest.mark.parametrize("path", [SINGLE, BULK])
def test_the_documented_example_is_taken(app, client, document, path):
    with app.app_context(), transaction() as session:
        session.add(
            Item(
                code="XZSP-001", name="营业执照申领", department_code="XZSP",
                kind=ServiceKind.APPLICATION, promised_unit=PromiseUnit.WORKDAY,
            )
        )  # fmt: skip
    content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    answer = send(client, content["example"], path)
    assert answer.status_code in (201, 207)
    if path == BULK:
        (row,) = BatchAnswer.model_validate(answer.json).events
        assert row.status == 201
    else:
        OnRecord.model_validate(answer.json)


@pytest.mark.parametrize(
    ("said", "options", "status"),
    [
        (b"{", {}, 400), ({}, {"key": "wrong"}, 401), (report(source="desk"), {}, 403),
        (b" " * 100_000, {}, 413), (b"", {"content_type": "text/plain"}, 415), ({}, {}, 422),
    ],
)  # fmt: skip
def test_every_documented_refusal_has_the_documented_shape(client, document, said, options, status):
    described = document["paths"][SINGLE]["post"]["responses"]
    answer = send(client, said, **options)
    assert answer.status_code == status
    assert answer.mimetype in described[str(status)]["content"]
    problem = Problem.model_validate(answer.json)
    assert problem.status == status


def test_a_mixed_batch_has_the_documented_shape(client):
    answer = send(client, {"events": [report("a"), {}, 7, report("a")]}, BULK)
    rows = BatchAnswer.model_validate(answer.json).events
    assert [row.status for row in rows] == [201, 422, 400, 200]


def test_the_fields_described_are_the_fields_taken(document):
    schemas = document["components"]["schemas"]
    assert set(schemas["EventFacts"]["properties"]) == {
        "source", "project_no", "service_number", "item_code", "mode", "served_at", "window",
        "officer", "promised_at", "accepted_at", "completed_at", "applicant",
    }  # fmt: skip
    assert schemas["EventFacts"]["required"] == ["source", "project_no", "item_code"]
    assert set(schemas["Applicant"]["properties"]) == {"kind", "name", "phone"}
    assert schemas["EventFacts"]["additionalProperties"] is False
