"""Who carries messages outside. Which ones is a setting; how to write another one: see `base`."""

from ...config import Settings
from ..models import By
from . import http
from .base import (
    Asked,
    CannotTell,
    Inbox,
    Incoming,
    Letter,
    NotSent,
    OnList,
    OptedOut,
    Refused,
    Rejected,
    Sender,
    Senders,
    Told,
    Uncertain,
    Unreachable,
    can_be_asked,
)
from .console import ConsoleSender
from .http import HttpSender
from .smtp import SmtpSender
from .twilio import TwilioSender

__all__ = [
    "Asked", "CannotTell", "ConsoleSender", "HttpSender", "Inbox", "Incoming", "Letter", "NotSent",
    "OnList", "OptedOut", "Refused", "Rejected", "Sender", "Senders", "SmtpSender", "Told",
    "TwilioSender", "Uncertain", "Unreachable", "can_be_asked", "check", "chosen", "inboxes",
]  # fmt: skip


def check(settings: Settings) -> None:
    """Refuse settings by which a text message could not be sent. Raises ValueError.

    Here and not with the settings, which do not know what messages there are.
    """
    if settings.sms_sender == "http":
        http.check_templates(settings.sms_http_templates)


def chosen(settings: Settings) -> Senders:
    """Return the carriers that the settings name."""
    mail: Sender = SmtpSender(settings) if settings.mail_sender == "smtp" else ConsoleSender()
    return {By.MAIL: mail, By.SMS: _texts(settings)}


def inboxes(settings: Settings) -> list[Inbox]:
    """Return the gateways that can be asked what citizens sent."""
    return [TwilioSender(settings)] if settings.sms_sender == "twilio" else []


def _texts(settings: Settings) -> Sender:
    match settings.sms_sender:
        case "twilio":
            return TwilioSender(settings)
        case "http":
            return HttpSender(settings)
    return ConsoleSender()
