"""Who carries messages outside: a mail server, and the twin that prints. Which one is a setting.

What a sender raises must be true: `Refused` only if the message has certainly not left, because
then it is sent again; `Uncertain` otherwise. Reasons are codes without addresses or words.
"""

import smtplib
import ssl
import sys
from collections.abc import Mapping
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Protocol
from uuid import UUID

import structlog

from ..config import Settings
from ..privacy import mask_phone
from .models import By

log = structlog.get_logger(__name__)


class NotSent(Exception):
    """A message may not have left; `reason` is a code that may be shown and stored."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(NotSent):
    """The message has not left; it may be tried again."""


class Uncertain(NotSent):
    """The message may have left or not; only a person may have it sent again."""


class Sender(Protocol):
    """Carries one message, known by its promise's id, to all of `to`."""

    def send(self, to: list[str], subject: str, text: str, message_id: UUID) -> None:
        """Return once it has certainly left. Raises Refused, Uncertain."""


Senders = Mapping[By, Sender]


def chosen(settings: Settings) -> Senders:
    """Return the carriers that the settings name."""
    mail: Sender = SmtpSender(settings) if settings.mail_sender == "smtp" else ConsoleSender()
    return {By.MAIL: mail, By.SMS: ConsoleSender()}


class ConsoleSender:
    """Prints messages instead of sending them, phones masked."""

    def send(self, to: list[str], subject: str, text: str, message_id: UUID) -> None:
        shown = ", ".join(mask_phone(one) if one.startswith("+") else one for one in to)
        lines = [f"--- {message_id} → {shown}", *filter(None, [subject]), text.rstrip(), "---\n"]
        sys.stdout.write("\n".join(lines))
        sys.stdout.flush()


class SmtpSender:
    """Hands messages to a mail server, one connection each."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, to: list[str], subject: str, text: str, message_id: UUID) -> None:
        try:
            server = self._connect()
        except (OSError, smtplib.SMTPException) as problem:
            raise Refused(_reason("connect", problem)) from problem
        try:
            self._envelope(server, to, message_id)
            self._content(server, self._letter(to, subject, text, message_id))
            with suppress(OSError):
                server.putcmd("quit")  # politely; the answer no longer matters
        finally:
            server.close()

    def _connect(self) -> smtplib.SMTP:
        config = self._settings
        where = (config.smtp_host, config.smtp_port)
        trust = ssl.create_default_context()
        if config.smtp_tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                *where, timeout=config.smtp_timeout_seconds, context=trust
            )
        else:
            server = smtplib.SMTP(*where, timeout=config.smtp_timeout_seconds)
        if config.smtp_tls == "starttls":
            server.starttls(context=trust)
        if config.smtp_user:
            server.login(config.smtp_user, config.smtp_password.get_secret_value())
        return server

    def _envelope(self, server: smtplib.SMTP, to: list[str], message_id: UUID) -> None:
        """Name sender and recipients. Nothing has left yet, so every trouble is a refusal.

        One mailbox that is refused does not keep the message from its colleagues.
        """
        try:
            server.ehlo_or_helo_if_needed()
            code, _ = server.mail(self._settings.mail_from)
            answers = [_recipient(server, one) for one in to] if code == 250 else [code]
        except (OSError, smtplib.SMTPException, ValueError) as problem:
            raise Refused(_reason("envelope", problem)) from problem
        accepted = sum(answer in (250, 251) for answer in answers)
        if not accepted or code != 250:
            raise Refused(f"smtp_{answers[0]}")
        if accepted < len(to):
            log.warning("mailboxes_refused", message=str(message_id), refused=len(to) - accepted)

    def _content(self, server: smtplib.SMTP, letter: EmailMessage) -> None:
        """Hand over the letter. Once it flows, only the server's own answer is certain."""
        try:
            # Lines that end in \n alone are one line to a server, and too long a one from 1,000 on.
            code, _ = server.data(letter.as_bytes(policy=SMTP))
        except smtplib.SMTPDataError as refusal:  # said no before anything flowed
            raise Refused(f"smtp_{refusal.smtp_code}") from refusal
        except (OSError, smtplib.SMTPException) as problem:
            raise Uncertain(_reason("data", problem)) from problem
        if code != 250:
            raise Refused(f"smtp_{code}")

    def _letter(self, to: list[str], subject: str, text: str, message_id: UUID) -> EmailMessage:
        """Return the e-mail. Line ends in a header would start another one, so there are none."""
        sender = self._settings.mail_from
        letter = EmailMessage()
        letter["From"] = _one_line(sender)
        letter["To"] = ", ".join(map(_one_line, to))
        letter["Subject"] = _one_line(subject)
        letter["Date"] = formatdate()
        letter["Message-ID"] = f"<{message_id}@{_one_line(sender).rpartition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(text, cte="base64")
        return letter


def _recipient(server: smtplib.SMTP, address: str) -> int:
    """Return the server's answer to one recipient; an address that cannot be said is refused."""
    try:
        return server.rcpt(address)[0]
    except ValueError:  # a line end, or letters the server has no way to read
        return 553


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _reason(step: str, problem: Exception) -> str:
    if isinstance(problem, smtplib.SMTPResponseException):
        return f"smtp_{problem.smtp_code}"
    return f"smtp_{step}_{type(problem).__name__}"
