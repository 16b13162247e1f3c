"""What happened on the way: appeals, moved deadlines, cases sent back, visits and their answers."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from .numbers import Rate
from .past import CaseFacts, Happened, Kind


@dataclass(frozen=True)
class Way:
    """What happened in the week to one department's cases, or to all of them together."""

    received: int = 0
    appealed: int = 0
    voided: int = 0
    dismissed: int = 0
    objected: int = 0
    revived: int = 0
    """Objections upheld: the review counts again."""
    extended: int = 0
    made_complex: int = 0
    days_moved: int = 0
    """Working days by which extensions and «complex» moved deadlines, all together."""
    sent_back: int = 0
    notices: int = 0
    satisfied: int = 0
    dissatisfied: int = 0
    visited: int = 0
    unvisited: int = 0
    """Named cases that waited for a return visit at the week's end although its day had passed."""

    def __add__(self, other: "Way") -> "Way":
        names = [field.name for field in fields(self)]
        return Way(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def satisfaction(self) -> Rate:
        """回访整改满意率: of the citizens who answered, those who were satisfied."""
        return Rate(self.satisfied, self.satisfied + self.dissatisfied)

    @property
    def visits(self) -> Rate:
        """实名差评回访率: of the named cases due for a return visit, those that had it."""
        return Rate(self.visited, self.visited + self.unvisited)


NOTHING = Way()


def ways(
    happened: Iterable[Happened], received: Iterable[CaseFacts], unvisited: Iterable[CaseFacts]
) -> Mapping[str | None, Way]:
    """Return what happened by department; each thing for the one whose case it was then."""
    counts: dict[str | None, Counter[str]] = defaultdict(Counter)
    for case in received:
        counts[case.department]["received"] += 1
    for case in unvisited:
        counts[case.department]["unvisited"] += 1
    for one in happened:
        counts[one.department][one.kind.value] += 1
        if one.kind in (Kind.EXTENDED, Kind.MADE_COMPLEX):
            counts[one.department]["days_moved"] += one.days
    return {department: Way(**counted) for department, counted in counts.items()}
