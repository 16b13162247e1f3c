"""What every carrier of messages looks like from inside. A new one is one file beside this one.

What a sender raises must be true, because the outbox acts on it without asking: `Refused` and
`Rejected` only if the message has certainly not left, `Uncertain` otherwise. `Rejected` ends an
invitation without a word to anybody, so it is only for what is known to be wrong with this phone or
this text; whatever else is said, known or not, is `Refused`, and in the end a person sees it.
Reasons are codes without addresses, phones or words; they are stored and shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from ..models import By, State


class NotSent(Exception):
    """A message may not have left; `reason` is a code that may be shown and stored."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(NotSent):
    """The message has not left; it may be tried again."""


class Unreachable(Refused):
    """The same, and the carrier itself is the trouble: others would fare no better just now.

    `wait` is for how many seconds it asked us to keep away, if it said so.
    """

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Rejected(NotSent):
    """The message has not left and never will: there is no such phone, say. Not tried again."""


class OptedOut(Rejected):
    """The carrier keeps everything of ours from this phone, because its holder told it so."""


class Uncertain(NotSent):
    """The message may have left or not; the carrier is asked, or a person.

    `carriers_fault` says that the carrier failed, hung up or kept silent: others may fare no better.
    """

    def __init__(self, reason: str, carriers_fault: bool = False) -> None:
        super().__init__(reason)
        self.carriers_fault = carriers_fault


class CannotTell(Exception):
    """The carrier cannot say at present what it has of ours; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Letter:
    """What is handed over, and to whom."""

    message_id: UUID
    fence: int
    """Counts the tries, so that what is told of an earlier one is not taken for a later one."""
    to: list[str]
    """Addresses, or one phone in E.164."""
    subject: str
    text: str
    occasion: str = ""
    locale: str = "zh_CN"
    parameters: dict[str, str] = field(default_factory=dict)
    """The facts in words, for carriers that keep the text themselves and want only these."""


@dataclass(frozen=True)
class Told:
    """What a carrier says became of a message: SENT, DELIVERED or FAILED, with a code if it failed.

    It is known by its id at the carrier; by our own, too, if the carrier says that back.
    """

    carrier: str
    provider_id: str
    state: State
    reason: str = ""
    message_id: UUID | None = None
    fence: int | None = None


@dataclass(frozen=True)
class OnList:
    """A text message that a carrier says it has taken from us."""

    provider_id: str
    text: str
    state: State
    reason: str = ""


@dataclass(frozen=True)
class Incoming:
    """A text message that a citizen sent us."""

    gateway: str
    provider_id: str
    phone: str
    """In E.164; anything else is no telephone that can be answered, and a person looks at the text."""
    body: str
    sent_at: datetime
    opt_out: str = ""
    """STOP, START or HELP if the gateway took it for that and has answered it itself, else ""."""


class Sender(Protocol):
    """Carries one message to all of `letter.to`. Used by several threads at once."""

    name: str
    """At most 20 characters; kept with every message that it carried."""

    def send(self, letter: Letter) -> str:
        """Return the carrier's id for the message ("" if it gives none) once it has certainly left.

        Raises Refused, Unreachable, Rejected, OptedOut, Uncertain.
        """


class Asked(Protocol):
    """A sender whose carrier can be asked afterwards what it took from us."""

    def taken(self, phone: str, since: datetime) -> Iterable[OnList]:
        """Return what the carrier took from us for this phone since then. Raises CannotTell."""


class Inbox(Protocol):
    """A gateway that keeps what citizens sent, so that what never reached us can be found."""

    name: str

    def incoming(self, since: datetime) -> Iterable[Incoming]:
        """Return what was sent to us since then, in any order. Raises CannotTell."""


Senders = dict[By, Sender]
"""Who carries what."""


def can_be_asked(sender: Sender) -> bool:
    """Say whether a sender's carrier can be asked what it took."""
    return hasattr(sender, "taken")
