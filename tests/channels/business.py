"""A business system: its key, and the reports it sends."""

import json
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from feedback.db import db, transaction
from feedback.events.models import ServiceEvent
from feedback.offices.credentials import api_key_digest
from feedback.offices.models import ApiKey

from ..conftest import MONDAY_MORNING
from ..factories import make_district

KEY = "hcp_of-a-business-system"
SINGLE, BULK = "/api/v1/events", "/api/v1/events/bulk"


def make_key(app: Flask, key: str = KEY, **changes: Any) -> None:
    """Give out a key that speaks for every source, unless told otherwise."""
    with app.app_context(), transaction() as session:
        session.add(
            ApiKey(
                **{
                    "name": "综合受理系统", "key_digest": api_key_digest(key), "source": None,
                    "created_at": MONDAY_MORNING, **changes,
                }
            )
        )  # fmt: skip


def open_shop(app: Flask) -> None:
    """Make the district and a key."""
    with app.app_context():
        make_district()
    make_key(app)


def report(project_no: object = "370112202611230001", **changes: Any) -> dict[str, Any]:
    """Return a good report, with changes; a change to ... leaves the field out."""
    said = {
        "source": "zwfw", "project_no": project_no, "item_code": "RS-001", "window": "RS-12",
        "served_at": "2026-11-23T09:30:00+08:00", **changes,
    }  # fmt: skip
    return {name: value for name, value in said.items() if value is not ...}


def send(
    client: FlaskClient, said: object, path: str = SINGLE, key: str | None = KEY, **options: Any
) -> TestResponse:
    """Send a report; `bytes` go as they are."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
    options.setdefault("content_type", "application/json")
    return client.post(
        path, data=body, headers={**headers, **options.pop("headers", {})}, **options
    )


def wrong(answer: TestResponse) -> dict[str, str]:
    """Return the wrong fields of a refusal, each with its code."""
    assert answer.json
    return {fault["field"]: fault["code"] for fault in answer.json["errors"]}


def count(app: Flask) -> int:
    """Count the services on record."""
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(ServiceEvent)) or 0
