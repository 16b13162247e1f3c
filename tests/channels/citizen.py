"""What a citizen has in hand: a code on a slip, and a form to send."""

import html
import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from feedback.cases.models import Case
from feedback.catalog.models import Tag
from feedback.db import db, transaction
from feedback.events import codes
from feedback.reviews.models import Review

from ..factories import make_event

BAD = {"grade": "1", "tags": "110", "comment": "等了三小时没人理"}
NAMED = {**BAD, "identity": "named", "name": "陈先生", "phone": "13812345678"}


def make_token(app: Flask, **changes: Any) -> str:
    """Return the token of a fresh service. The district must be there."""
    with app.app_context():
        return codes.token(make_event(**changes))


def rate(client: FlaskClient, token: str, **said: Any) -> TestResponse:
    """Send the form."""
    return client.post(f"/r/{token}?lang=en", data=said)


def text_of(answer: TestResponse) -> str:
    """Return a page's words without its tags, entities undone."""
    page = re.sub(r"(?s)<(style|script|svg).*?</\1>", " ", answer.get_data(as_text=True))
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split()))


def kept(app: Flask) -> tuple[int, int]:
    """Return how many reviews and cases there are."""
    with app.app_context():
        counts = [db.session.scalar(select(func.count()).select_from(m)) for m in (Review, Case)]
    return counts[0] or 0, counts[1] or 0


def only_review(app: Flask) -> Review:
    """Return the one review there is."""
    with app.app_context():
        return db.session.scalars(select(Review)).one()


def make_all_tags() -> None:
    """Fill every grade up to its eight tags, each as long as the longest in force."""
    with transaction() as session:
        have = {tag.code: tag.grade for tag in session.scalars(select(Tag).where(Tag.in_force))}
        for grade in range(1, 6):
            for number in range(8 - list(have.values()).count(grade)):
                words = f"承诺在线收取申报材料实际无法收取{grade}{number}"
                english = f"Material promised to be taken online was not taken {grade} {number}"
                session.add(
                    Tag(
                        code=900 + grade * 10 + number,
                        grade=grade,
                        name=words,
                        name_en=english,
                        in_force=True,
                        shown_first=False,
                    )
                )
