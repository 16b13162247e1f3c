"""`flask messages …`: the outbox by hand. It needs the rooms of messages and of offices both."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import click
from flask.cli import AppGroup

from .. import clock
from ..config import settings
from ..db import transaction
from ..errors import OutOfTurn, Unknown
from ..invitations import actions as invitations
from ..ledger.actions import Actor
from ..ledger.models import ActorKind
from ..notify import decisions, outbox, queries
from ..notify.decisions import WhyDrop, WhyRetry
from ..notify.models import State
from ..notify.senders import chosen, inboxes
from ..offices.mailboxes import mailboxes
from ..replies import actions as replies
from ..replies import fetching

commands = AppGroup("messages", help="Messages promised to departments and citizens.")
OPERATOR = Actor(ActorKind.SYSTEM, name="command line")


@contextmanager
def _refused_in_words() -> Iterator[None]:
    """Say a refusal in words instead of with a trace."""
    try:
        yield
    except Unknown as refusal:
        raise click.ClickException("there is no such message") from refusal
    except OutOfTurn as refusal:
        state = refusal.facts["state"]
        raise click.ClickException(
            f"the message is {state}; only one that is given_up, failed or uncertain can be decided on"
        ) from refusal


@commands.command("deliver")
def deliver() -> None:
    """Send every message that is due now."""
    outcomes = outbox.deliver(clock.now(), mailboxes, chosen(settings()), afresh=replies.afresh)
    for state, number in sorted(outcomes.items()):
        click.echo(f"{state.value}: {number}")
    if not outcomes:
        click.echo("nothing was due")


@commands.command("invite")
def invite() -> None:
    """Promise the invitations to rate, and the reminders, whose time has come."""
    now = clock.now()
    done = invitations.invite(now, outbox.always) + invitations.remind(now, outbox.always)
    for outcome, number in sorted(Counter(done).items()):
        click.echo(f"{outcome}: {number}")
    if not done:
        click.echo("nothing was due")


@commands.command("fetch")
def fetch() -> None:
    """Take in what citizens sent and the gateway could not bring us."""
    done = fetching.fetch(clock.now(), inboxes(settings()))
    for made, number in sorted(Counter(done).items()):
        click.echo(f"{made}: {number}")
    if not done:
        click.echo("nothing was missing")


@commands.command("list")
@click.option("--state", type=click.Choice([state.value for state in State]))
def show(state: str | None) -> None:
    """List the latest messages, phones masked."""
    for one in queries.latest(State(state) if state else None):
        click.echo(
            f"{one.id}  {one.state.value:9}  {one.occasion:16}  {queries.shown_recipient(one)}"
            f"  tries {one.attempts}  {one.last_error}".rstrip()
        )


@commands.command("retry")
@click.argument("message_id", type=click.UUID)
@click.option("--why", required=True, type=click.Choice([why.value for why in WhyRetry]))
def retry(message_id: UUID, why: str) -> None:
    """Send a message again that was given up, did not arrive, or whose fate is uncertain."""
    with _refused_in_words(), transaction():
        decisions.retry(message_id, WhyRetry(why), OPERATOR, clock.now())
    click.echo("queued again")


@commands.command("drop")
@click.argument("message_id", type=click.UUID)
@click.option("--why", required=True, type=click.Choice([why.value for why in WhyDrop]))
def drop(message_id: UUID, why: str) -> None:
    """Never send again what was given up, did not arrive, or whose fate is uncertain."""
    with _refused_in_words(), transaction():
        decisions.drop(message_id, WhyDrop(why), OPERATOR, clock.now())
    click.echo("dropped")
