"""Doing many things one by one: what fails is logged, keeps nothing else from being done, and is said."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from .errors import SomeFailed
from .logs import failure

Item = TypeVar("Item")
Done = TypeVar("Done")


def each(
    items: Iterable[tuple[str, Item]], work: Callable[[Item], Iterable[Done]], log: Any, event: str
) -> list[Done]:
    """Do the work for every item, and return all that came of it.

    An item is named by what the log and the refusal may say of it. One that fails is logged as
    `event` with its place. Raises SomeFailed at the end if any did; of items that are rounds over
    items themselves, it names those of theirs that failed.
    """
    done: list[Done] = []
    failed: list[str] = []
    for name, item in items:
        try:
            done += work(item)
        except SomeFailed as some:  # each of them is in the log already
            failed += some.facts["which"]
        except Exception as problem:
            log.error(event, which=name, **failure(problem))
            failed.append(name)
    if failed:
        raise SomeFailed(which=failed)
    return done
