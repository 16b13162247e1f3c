"""What the tests of messages share: promises, a carrier that remembers, and a small post office."""

import asyncio
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email import message_from_bytes
from email.message import Message as Mail
from typing import Any
from uuid import UUID

from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy import func, select

from feedback.db import db, transaction
from feedback.notify.actions import Promise, promise
from feedback.notify.models import By, Message, State
from feedback.notify.senders import Letter

from ..conftest import SECRETS

SEED = int(os.environ.get("FEEDBACK_STORM_SEED", "20261123"))
"""What is killed when; a storm says it, so that it can be had again."""

FACTS = {
    "number": "HC-2026-000123", "item": "特殊工时首次审批",
    "due_at": "2026-11-30T09:30:00+00:00", "link": "http://localhost/cases/HC-2026-000123",
}  # fmt: skip


def promise_mail(now: datetime, number: int = 1, department: str = "RS", **facts: Any) -> None:
    """Promise `number` messages to a department."""
    with transaction():
        promise(
            now,
            *(
                Promise("case_opened", f"test:{now}:{n}", n, FACTS | facts, department=department)
                for n in range(number)
            ),
        )


def promise_sms(now: datetime, phone: str = "+8613812345678", key: str = "") -> None:
    """Promise one text message to a citizen."""
    facts = {"item": "特殊工时首次审批", "link": "http://localhost/receipts/7K3M-92QF-M4TX"}
    with transaction():
        promise(now, Promise("citizen_replied", key or f"sms:{now}", 1, facts, phone=phone))


def standing() -> Counter[State]:
    """Count the messages by state."""
    db.session.rollback()
    rows = db.session.execute(select(Message.state, func.count()).group_by(Message.state))
    return Counter(dict(rows.all()))


def messages() -> list[Message]:
    """Return every message as it stands now."""
    db.session.rollback()
    rows = select(Message).order_by(Message.id).execution_options(populate_existing=True)
    return list(db.session.scalars(rows))


def two_mailboxes(_department: str, _occasion: str) -> list[str]:
    """Find the same two mailboxes for everybody."""
    return ["a@licheng.example", "b@licheng.example"]


class Memory:
    """A carrier that remembers what it carried, or raises what it is told to."""

    name = "memory"

    def __init__(self, problem: Exception | None = None, pause: float = 0) -> None:
        self.sent: list[tuple[UUID, list[str], str, str]] = []
        self.in_transaction: list[bool] = []
        self.problem = problem
        self._pause = pause
        self._lock = threading.Lock()

    def send(self, letter: Letter) -> str:
        if self.problem:
            raise self.problem
        time.sleep(self._pause)
        with self._lock:
            self.in_transaction.append(db.session().in_transaction())
            self.sent.append((letter.message_id, letter.to, letter.subject, letter.text))
        return ""

    @property
    def copies(self) -> Counter[UUID]:
        """Count how often each message was carried."""
        return Counter(message_id for message_id, *_ in self.sent)


def by(carrier: Any) -> dict[By, Any]:
    """Let one carrier carry everything."""
    return {By.MAIL: carrier, By.SMS: carrier}


class PostOffice:
    """A mail server of our own that keeps what it took, and can be told how to behave."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.recipients: list[str] = []
        self.answers: dict[str, str] = {}
        self.drops_after_data = False
        self.halts_at = ""
        self.pause = 0.0
        self.halted = threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        await self._halt("rcpt")
        answer = self.answers.get(address, self.answers.get("rcpt", "250 ok"))
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, _session, envelope):
        await asyncio.sleep(self.pause)
        answer = self.answers.get("data", "250 ok")
        if answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content))
            self.recipients += envelope.rcpt_tos
        await self._halt("data")
        if self.drops_after_data:
            server.transport.abort()
        return answer

    async def _halt(self, where: str) -> None:
        if self.halts_at == where:
            self.halted.set()
            await asyncio.sleep(60)

    @property
    def copies(self) -> Counter[UUID]:
        """Count how often each message was taken, by its Message-ID."""
        return Counter(UUID(mail["Message-ID"].strip("<>").split("@")[0]) for mail in self.mails)


class _OnSocket(Controller):
    """Opens on a socket that is there already: a port looked for first could be somebody's by now."""

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self.handler.socket)


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """Open a mail server on a free port."""
    office = PostOffice()
    controller = _OnSocket(office, hostname="127.0.0.1", port=office.port, ready_timeout=30)
    controller.start()
    try:
        yield office
    finally:
        controller.stop(no_assert=True)


@contextmanager
def script(*replies: str | None) -> Iterator[int]:
    """Open a server that says these lines in turn, one for each that it hears; None hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        with suppress(OSError):  # whoever speaks to it may hang up at any word, or never come
            line, _ = listener.accept()
            with line, line.makefile("rwb", buffering=0) as talk:
                for reply in replies:
                    if reply is None:
                        return
                    talk.write(reply.encode() + b"\r\n")
                    talk.readline()

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.close()
    thread.join(5)


def environment(app: Flask, **more: str) -> dict[str, str]:
    """Return the environment in which another process works on this app's database."""
    config = app.config["FEEDBACK"]
    return {
        **os.environ, **{f"FEEDBACK_{name.upper()}": value for name, value in SECRETS.items()},
        "FEEDBACK_VAR": str(config.var), "FEEDBACK_DATABASE_URL": config.database_url,
        "FEEDBACK_BASE_URL": config.base_url, **more,
    }  # fmt: skip


@contextmanager
def nobody_there() -> Iterator[int]:
    """Return a port where nobody listens, and hold it, so that nobody can meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
