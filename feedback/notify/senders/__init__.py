"""Who carries messages outside. Which ones is a setting; how to write another one: see `base`."""

from ...config import Settings
from ..models import By
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
    "TwilioSender", "Uncertain", "Unreachable", "can_be_asked", "chosen", "inboxes",
]  # fmt: skip


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
