"""E-mail through a mail server, one connection a message."""

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from uuid import UUID

import structlog

from ...config import Settings
from .base import Letter, Refused, Uncertain, Unreachable

log = structlog.get_logger(__name__)


class SmtpSender:
    """Hands messages to a mail server."""

    name = "smtp"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, letter: Letter) -> str:
        try:
            server = self._connect()
        except (OSError, smtplib.SMTPException) as problem:
            raise Unreachable(_reason("connect", problem)) from problem
        try:
            self._envelope(server, letter.to, letter.message_id)
            self._content(server, self._mail(letter))
            with suppress(OSError):
                server.putcmd("quit")  # politely; the answer no longer matters
        finally:
            server.close()
        return ""

    def _connect(self) -> smtplib.SMTP:
        """Return an open connection as the settings want it; none stays open that is not."""
        server = self._open()
        try:
            self._secure(server)
        except BaseException:
            server.close()
            raise
        return server

    def _open(self) -> smtplib.SMTP:
        config = self._settings
        where = (config.smtp_host, config.smtp_port)
        if config.smtp_tls == "tls":
            trust = ssl.create_default_context()
            return smtplib.SMTP_SSL(*where, timeout=config.smtp_timeout_seconds, context=trust)
        return smtplib.SMTP(*where, timeout=config.smtp_timeout_seconds)

    def _secure(self, server: smtplib.SMTP) -> None:
        config = self._settings
        if config.smtp_tls == "starttls":
            server.starttls(context=ssl.create_default_context())
        if config.smtp_user:
            server.login(config.smtp_user, config.smtp_password.get_secret_value())

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

    def _content(self, server: smtplib.SMTP, mail: EmailMessage) -> None:
        """Hand over the letter. Once it flows, only the server's own answer is certain."""
        try:
            # Lines that end in \n alone are one line to a server, and too long a one from 1,000 on.
            code, _ = server.data(mail.as_bytes(policy=SMTP))
        except smtplib.SMTPDataError as refusal:  # said no before anything flowed
            raise Refused(f"smtp_{refusal.smtp_code}") from refusal
        except (OSError, smtplib.SMTPException) as problem:
            raise Uncertain(_reason("data", problem), carriers_fault=True) from problem
        if code != 250:
            raise Refused(f"smtp_{code}")

    def _mail(self, letter: Letter) -> EmailMessage:
        """Return the e-mail. Line ends in a header would start another one, so there are none."""
        sender = self._settings.mail_from
        mail = EmailMessage()
        mail["From"] = _one_line(sender)
        mail["To"] = ", ".join(map(_one_line, letter.to))
        mail["Subject"] = _one_line(letter.subject)
        mail["Date"] = formatdate()
        mail["Message-ID"] = f"<{letter.message_id}@{_one_line(sender).rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(letter.text, cte="base64")
        return mail


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
