"""The sender that the README shows is one: a message goes through the outbox with it."""

import re
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from feedback.notify import outbox
from feedback.notify.models import By, State

from ..conftest import MONDAY_MORNING, ROOT
from ..factories import make_district
from .helpers import Memory, messages, nobody_there, promise_sms, two_mailboxes


def shown_in_readme():
    """Return the class in the README's only block of Python, loaded as if it lay beside the others."""
    (code,) = re.findall(r"```python\n(.+?)```", (ROOT / "README.md").read_text(), re.S)
    place = {"__name__": "feedback.notify.senders.mine", "__package__": "feedback.notify.senders"}
    exec(code, place)
    return place["MineSender"]


class Operator(BaseHTTPRequestHandler):
    """An operator that answers with `status`, or hangs up if that is 0."""

    status = 200

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.status:
            self.send_response(self.status)
            self.end_headers()
            self.wfile.write(b'{"id": 77}')

    def log_message(self, *_):
        pass


@pytest.fixture
def operator():
    server = HTTPServer(("127.0.0.1", 0), type("Operator", (Operator,), {}))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(30)


def deliver(context, port):
    """Send one message to the operator at `port` and return it."""
    make_district()
    url = {"sms_http_url": f"http://127.0.0.1:{port}/send"}
    sender = shown_in_readme()(context.config["FEEDBACK"].model_copy(update=url))
    promise_sms(MONDAY_MORNING)
    outbox.deliver(MONDAY_MORNING, two_mailboxes, {By.SMS: sender, By.MAIL: Memory()})
    (message,) = messages()
    return message


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        (200, State.SENT, ""),
        (429, State.QUEUED, "mine_429"),
        (400, State.GIVEN_UP, "mine_400"),
        (500, State.UNCERTAIN, "mine_500"),
        (0, State.UNCERTAIN, "mine_read_RemoteDisconnected"),
    ],
)
def test_what_the_operator_says_is_what_the_outbox_believes(
    context, operator, status, state, reason
):
    operator.RequestHandlerClass.status = status
    message = deliver(context, operator.server_port)
    assert (message.state, message.last_error) == (state, reason)
    assert message.provider_id == ("77" if status == 200 else None)


def test_an_operator_that_is_not_there_has_surely_sent_nothing(context):
    with nobody_there() as port:
        message = deliver(context, port)
    assert message.state is State.QUEUED
    assert message.last_error.startswith("mine_connect")
