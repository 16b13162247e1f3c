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
from .smtp import SmtpSender

__all__ = [
    "Asked", "CannotTell", "ConsoleSender", "Inbox", "Incoming", "Letter", "NotSent", "OnList",
    "OptedOut", "Refused", "Rejected", "Sender", "Senders", "SmtpSender", "Told", "Uncertain",
    "Unreachable", "can_be_asked", "chosen",
]  # fmt: skip


def chosen(settings: Settings) -> Senders:
    """Return the carriers that the settings name."""
    mail: Sender = SmtpSender(settings) if settings.mail_sender == "smtp" else ConsoleSender()
    return {By.MAIL: mail, By.SMS: ConsoleSender()}
