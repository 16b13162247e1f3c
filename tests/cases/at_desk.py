"""Working at a case's page without JavaScript: the token, the version that was seen, a post."""

from sqlalchemy import select

from feedback.cases.models import Case
from feedback.db import db

from ..factories import walk_to


def seen(app, number):
    with app.app_context():
        return db.session.scalars(select(Case.version).where(Case.number == number)).one()


def state(app, number):
    with app.app_context():
        return db.session.scalars(select(Case.state).where(Case.number == number)).one()


def walk(app, number, to, people):
    with app.app_context():
        walk_to(db.session.scalars(select(Case).where(Case.number == number)).one(), to, people)


def csrf(client, number):
    page = client.get(f"/cases/{number}").get_data(as_text=True)
    return page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]


def post(client, number, act, **said):
    said.setdefault("csrf_token", csrf(client, number))
    said.setdefault("seen", seen(client.application, number))
    return client.post(f"/cases/{number}/{act}?lang=en", data=said)
