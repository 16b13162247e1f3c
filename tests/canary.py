"""A day with one citizen whose name and telephone are nowhere else, in a process of its own, so that
everything it writes to its log can be searched. With `leaks` as its argument it also writes them down.
"""

import json
import sys
from contextlib import contextmanager
from datetime import timedelta

import structlog
from pydantic import SecretStr
from sqlalchemy import select, text

from feedback import clock, create_app
from feedback.cases.models import Case
from feedback.cases.urging import climb
from feedback.channels.key_commands import commands as key_commands
from feedback.db import db, transaction
from feedback.events import codes
from feedback.events.models import ServiceEvent
from feedback.notify import outbox
from feedback.notify.senders import Refused, chosen
from feedback.offices.mailboxes import mailboxes
from feedback.offices.models import Officer
from feedback.reviews.models import Review

from .channels.business import BULK, SINGLE, make_key, report, send
from .factories import let_go, make_district, make_event, make_people, sign_in
from .notify.helpers import by
from .replies.talking import TOKEN, Citizen, call

NAME, PHONE = "金丝雀的名字", "13987654321"
NAMED = {"grade": "1", "tags": "110", "comment": "等了三小时", "identity": "named", "name": NAME,
         "phone": PHONE}  # fmt: skip
LONG_AGO = "2020-01-01T09:00:00+08:00"


def main(leaks):
    app = create_app()
    app.config["FEEDBACK"] = app.config["FEEDBACK"].model_copy(update={"rate_limits": "off"})
    with app.app_context():
        make_district()
        people = make_people()
        let_go(people.handler, people.head, people.operator, people.supervisor)
    make_key(app)
    reports_services(app)
    number = rates(app)
    is_seen_by_staff(app, people, number)
    is_written_to(app)
    writes_texts(app)
    goes_wrong(app, people, number)
    if leaks:
        structlog.get_logger().info("leak", name=NAME, phone=PHONE)
        with app.app_context(), transaction() as session:
            session.add(Officer(code="LEAK", name=NAME, department_code="RS"))


def reports_services(app):
    """A business system tells of its applicant, well and in every wrong way."""
    client, who = app.test_client(), {"kind": "person", "name": NAME, "phone": PHONE}
    now = clock.local(clock.now()).isoformat()
    assert send(client, report(applicant=who, served_at=now)).status_code == 201
    assert (
        send(client, report(applicant={**who, "kind": "enterprise"}, served_at=now)).status_code
        == 422
    )
    for wrong in ({"phone": PHONE * 2}, {"name": NAME * 99}, {"name": [NAME]}):
        said = report("N2", applicant={**who, **wrong}, served_at=now)
        assert send(client, said).status_code == 422
        assert send(client, {"events": [said, said]}, BULK).status_code == 207
    assert send(client, report("N3", applicant=who, item_code="NONE")).status_code == 422
    assert send(client, report("N4", applicant=who, served_at=LONG_AGO)).status_code in (201, 422)
    assert send(client, report(applicant=who), key="wrong").status_code == 401
    assert send(client, json.dumps(report(applicant=who)).encode()[:-3]).status_code == 400
    assert client.get(f"{SINGLE}?phone={PHONE}").status_code == 405


def rates(app):
    """The citizen rates, after several tries that are refused; returns the case's number."""
    client = app.test_client()
    with app.app_context():
        served = make_event(clock.now())
        token, event_id = codes.token(served), served.id
    rate = f"/r/{token}"
    for wrong in ({"phone": PHONE * 2}, {"name": NAME * 50}, {"grade": "9"}, {"tags": "x"},
                  {"name": NAME + "\0"}, {"identity": NAME}, {"grade": PHONE}):  # fmt: skip
        assert client.post(rate, data={**NAMED, **wrong}).status_code == 422
    with reviews_refused(app):
        assert client.post(rate, data=NAMED).status_code in (500, 503)
    forged = token[:-1] + ("X" if token[-1] != "X" else "Y")
    assert client.post(f"/r/{forged}", data=NAMED).status_code == 404
    assert client.post(rate, data=NAMED, content_type="application/json").status_code == 415
    assert client.post(rate, data=NAMED).status_code == 303
    assert client.post(rate, data=NAMED).status_code == 409
    client.post("/receipts", data={"code": PHONE})
    client.get(f"/receipts/{PHONE}?name={NAME}")
    client.get(f"/{NAME}/{PHONE}")
    with app.app_context():
        return db.session.scalars(select(Case.number).where(Case.event_id == event_id)).one()


@contextmanager
def reviews_refused(app):
    """Let the database itself refuse every review, as a fault of its own would."""
    with app.app_context():
        sqlite = db.engine.dialect.name == "sqlite"
        run = [
            "CREATE TRIGGER refused BEFORE INSERT ON reviews BEGIN SELECT RAISE(ABORT, 'no'); END"
            if sqlite else "ALTER TABLE reviews ADD CONSTRAINT refused CHECK (grade > 9) NOT VALID",
            "DROP TRIGGER refused" if sqlite else "ALTER TABLE reviews DROP CONSTRAINT refused",
        ]  # fmt: skip
    execute(app, run[0])
    yield
    execute(app, run[1])


def execute(app, statement):
    with app.app_context(), transaction() as session:
        session.execute(text(statement))


def token_of(client, path):
    page = client.get(path).get_data(as_text=True)
    return page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]


def acts(client, number, act, **said):
    """Do an act through its form; return the status."""
    with client.application.app_context():
        seen = db.session.scalars(select(Case.version).where(Case.number == number)).one()
    path = f"/cases/{number}"
    said = {"csrf_token": token_of(client, path), "seen": seen, **said}
    return client.post(f"{path}/{act}", data=said).status_code


def is_seen_by_staff(app, people, number):
    """The case is worked to its end; the number is opened, and searched for."""
    handler, operator, supervisor = app.test_client(), app.test_client(), app.test_client()
    for client, account in ((handler, people.handler), (operator, people.operator),
                            (supervisor, people.supervisor)):  # fmt: skip
        sign_in(client, account)
    assert acts(handler, number, "accept") == 303
    assert acts(handler, number, "reveal", purpose=NAME) == 422
    assert acts(handler, number, "reveal", purpose="call_back") == 200
    for query in (NAME, PHONE):
        assert handler.get("/cases", query_string={"q": query}).status_code == 200
    assert acts(handler, number, "contact", means=PHONE, words="x") == 422
    assert (
        acts(handler, number, "contact", means="phone", reached="answered", words="已联系") == 303
    )
    assert acts(handler, number, "verify", finding="true", words="属实") == 303
    assert acts(handler, number, "rectify", words="已整改") == 303
    assert acts(handler, number, "reply", words="已整改，欢迎再来") == 303
    assert acts(operator, number, "reveal", purpose="visit") == 200
    unhappy = {"means": "phone", "outcome": "answered", "satisfied": "no", "words": "没有改"}
    assert acts(operator, number, "visit", **unhappy) == 303
    notice = f"/cases/{number}/notices/DB-{clock.day_of(clock.now()).year}-000001"
    for path in (f"/cases/{number}", notice, f"{notice}.docx", "/supervision/notices", "/messages"):
        assert supervisor.get(path).status_code == 200


class Failing:
    """A carrier whose errors repeat what it was given."""

    name = "failing"

    def __init__(self, kind):
        self.kind = kind

    def send(self, letter):
        words = f"cannot reach {NAME} at {letter.to}"
        raise self.kind(words if self.kind is RuntimeError else "refused")


def is_written_to(app):
    """Messages are refused, fail with a text that holds name and number, and are carried."""
    with app.app_context():
        now = clock.now()
        for n, kind in enumerate((Refused, RuntimeError)):
            outbox.deliver(now + timedelta(hours=n), mailboxes, by(Failing(kind)))
        climb(now + timedelta(days=30))
        outbox.deliver(now + timedelta(days=40), mailboxes, chosen(app.config["FEEDBACK"]))


def writes_texts(app):
    """The citizen answers by text message, is asked back, and somebody forges a call."""
    before = app.config["FEEDBACK"]
    app.config["FEEDBACK"] = before.model_copy(update={"twilio_auth_token": SecretStr(TOKEN)})
    client, form = app.test_client(), {"MessageSid": "SMx", "From": f"+86{PHONE}", "Body": NAME}
    for words in ("你好", "5", "2 没人理", "TD"):
        Citizen(client, f"+86{PHONE}").say(words)
    assert call(client, "/sms/inbound", form, token="wrong").status_code == 403
    assert call(client, f"/sms/status?message={PHONE}", form).status_code == 204
    app.config["FEEDBACK"] = before


def goes_wrong(app, people, number):
    """A wrong key ring, a moved value, the commands, and a telephone where it does not belong."""
    client = app.test_client()
    sign_in(client, people.supervisor)
    stranger = app.test_client()
    said = {"email": PHONE, "password": NAME, "csrf_token": token_of(stranger, "/sign-in")}
    assert stranger.post("/sign-in", data=said).status_code in (200, 422)
    before = app.config["FEEDBACK"]
    app.config["FEEDBACK"] = before.model_copy(update={"data_keys": {"Z": b"z" * 32}})
    assert client.get(f"/cases/{number}").status_code == 500
    app.config["FEEDBACK"] = before
    with app.app_context(), transaction() as session:
        review = session.scalars(select(Review)).first()
        service = session.scalars(
            select(ServiceEvent).where(ServiceEvent.applicant_phone_sealed.is_not(None))
        ).first()
        review.name_sealed = service.applicant_name_sealed
    assert client.get(f"/cases/{number}").status_code == 500
    app.config["FEEDBACK"] = before.model_copy(
        update={"data_keys": {"Z": b"z" * 32, "D": b"d" * 32}}
    )
    for command in key_commands.commands:
        print(app.test_cli_runner().invoke(args=["keys", command]).output)
    print(app.test_cli_runner().invoke(args=["messages", "list"]).output)


if __name__ == "__main__":
    main("leaks" in sys.argv)
