"""What pages of earlier rooms show of later ones: fed in here, because they cannot look ahead.

A template asks by name for what a door has to tell; the rooms of services and cases stay unaware of
invitations and of what citizens write.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flask import Flask

from ..cases.casefile import File
from ..config import settings
from ..events.models import ServiceEvent
from ..invitations import queries as invitations
from ..invitations.actions import phone_of
from ..notify.models import Message
from ..notify.queries import shown_recipient
from ..offices.sign_in import me
from ..replies import queries as replies
from ..replies.models import IncomingText
from ..text import is_mobile
from .message_tabs import texts_waiting


class Asking(StrEnum):
    """What a clerk is told of the invitation by text message."""

    NO_PHONE = "no_phone"
    NO_MOBILE = "no_mobile"
    OFF = "off"
    WAITING = "waiting"
    OVER = "over"


@dataclass(frozen=True)
class Standing:
    """How an invitation stands, for the clerk; `at` is its moment, as long as it lies ahead."""

    asking: Asking
    at: datetime | None = None


def open_feeding(app: Flask) -> None:
    """Teach the templates to ask for these."""
    app.jinja_env.globals.update(
        texts_waiting=texts_waiting, texts_of=texts_of, recipient_of=recipient_of,
        invitation_of=invitation_of,
    )  # fmt: skip


def texts_of(file: File) -> Sequence[IncomingText]:
    """Return what was written about a case after it had ended or was full."""
    return replies.unplaced_of_case(file.case.id)


def recipient_of(message: Message, file: File) -> str | None:
    """Return whom a message about a case is for; no part of a number for whoever the case is about."""
    if message.to_department:
        return file.departments.get(message.to_department)
    return None if file.wall_of(me()).is_about(file.case.event) else shown_recipient(message)


def invitation_of(event: ServiceEvent) -> Standing:
    """Return how a service's invitation stands, as far as a clerk may know.

    A clerk must not learn from it whether or how a service was rated. That somebody was invited says
    that they had not rated until then, and that nobody was says (among five reasons) that they had;
    that it was sent, held back or followed by a reminder says so for later days. So once its moment
    has come it reads the same whatever was decided, and only what the clerk typed tells services
    apart: no telephone, or no mobile one, which is asked of the number itself and not of the decision.
    """
    if event.applicant_phone_digest is None:
        return Standing(Asking.NO_PHONE)
    if not _has_mobile(event):
        return Standing(Asking.NO_MOBILE)
    if event.invite_at is not None and settings().invitations == "on":
        return Standing(Asking.WAITING, event.invite_at)
    return Standing(Asking.OVER if invitations.is_decided(event.id) else Asking.OFF)


def _has_mobile(event: ServiceEvent) -> bool:
    number = phone_of(event)
    return number is not None and is_mobile(number)
