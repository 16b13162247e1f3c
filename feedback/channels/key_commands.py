"""`flask keys …`: the keys that seal names and phones. Values and keys are never shown."""

import click
from flask.cli import AppGroup

from .. import clock
from ..config import settings
from ..db import transaction
from ..keys import NO_KEY, Rotation, UnknownKey, rotate, standing, totals
from ..ledger.actions import Actor, Line, write
from ..ledger.models import ActorKind

commands = AppGroup("keys", help="The keys that seal names and phones (FEEDBACK_DATA_KEYS).")
OPERATOR = Actor(ActorKind.SYSTEM, name="command line")


@commands.command("show")
def show() -> None:
    """Say how many values rest under each key id, and where."""
    found, ring = standing(), list(settings().data_keys)
    for key_id in (*ring, *sorted(set(totals(found)) - set(ring))):
        click.echo(f"{key_id}  {totals(found)[key_id]:>8}  {_place_of(key_id, ring)}")
        for place, counts in found.items():
            if counts[key_id]:
                click.echo(f"   {counts[key_id]:>8}  {place}")


def _place_of(key_id: str, ring: list[str]) -> str:
    """Say what part a key plays."""
    if key_id == NO_KEY:
        return "not a sealed value: it cannot be opened"
    if key_id not in ring:
        return "NOT in FEEDBACK_DATA_KEYS: what it sealed cannot be opened"
    return "in front: seals what is new" if key_id == ring[0] else "kept: opens what is old"


@commands.command("rotate")
def rotate_command() -> None:
    """Seal every name and phone anew under the key in front of FEEDBACK_DATA_KEYS.

    First put the new key in front, keep the old one behind it, and restart the web and the scheduler;
    then run this while they run. It may be stopped and run again at any time. At the end it says
    whether the old key may be taken away.
    """
    try:
        rotation = rotate(settings().data_keys, _tell)
    except UnknownKey as refusal:
        ids = ", ".join(refusal.facts["ids"])
        raise click.ClickException(
            f"values rest under key {ids}, which is not in FEEDBACK_DATA_KEYS. Nothing was changed."
            " Put that key back at the end of the list and run this again."
        ) from refusal
    _note(rotation)
    click.echo(f"sealed anew under key {_front()}: {rotation.done.total()}")
    _conclude(rotation)


def _front() -> str:
    return next(iter(settings().data_keys))


def _tell(place: str, number: int) -> None:
    click.echo(f"  {place}: {number}")


def _note(rotation: Rotation) -> None:
    """Leave a line in the ledger if anything was done."""
    if rotation.done.total():
        facts = {"key": _front(), "sealed": dict(rotation.done), "broken": rotation.broken_count}
        with transaction():
            write(clock.now(), OPERATOR, Line("keys", "data", "rotate", facts))


def _conclude(rotation: Rotation) -> None:
    """Say which keys may be taken away. Raises ClickException while anything needs a person."""
    for place, rows in rotation.broken.items():
        click.echo(f"does not open, left as it is: {place} of {', '.join(sorted(rows))}")
    resting, old = totals(standing()), [k for k in settings().data_keys if k != _front()]
    if rotation.broken:
        raise click.ClickException(
            "some values were altered or moved to another row. Keep the old keys until somebody"
            " has looked into it; a backup may have what was there."
        )
    if late := [key_id for key_id in old if resting[key_id]]:
        raise click.ClickException(
            f"key {', '.join(late)} still seals something: a row in use, or one written meanwhile by a"
            " process with the old key in front. Restart the web and the scheduler, then run this"
            " again. Do not take the old key away yet."
        )
    for key_id in old:
        click.echo(
            f"key {key_id} seals nothing any more: take it out of FEEDBACK_DATA_KEYS and restart."
            " Keep it in the safe for as long as you keep backups from before."
        )
