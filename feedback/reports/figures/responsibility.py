"""Who answers for what, against where it happened: a guide's fault is never the window's."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from ...catalog.grades import TagClass
from .past import CaseFacts


@dataclass(frozen=True)
class ByClass:
    """Negative reviews by what they are about, as routing judged it."""

    guide: int = 0
    time_limit: int = 0
    process: int = 0
    staff: int = 0
    other: int = 0

    def __add__(self, other: "ByClass") -> "ByClass":
        names = [field.name for field in fields(self)]
        return ByClass(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def total(self) -> int:
        """All together."""
        return self.guide + self.time_limit + self.process + self.staff + self.other


@dataclass(frozen=True)
class Answering:
    """A responsible department, and for what it answers. Empty for the supervisors' triage."""

    department: str | None
    name: str
    about: ByClass


@dataclass(frozen=True)
class WindowRow:
    """A window where it happened: what counts for it, and what is somebody else's to answer for.

    Only what is about its staff, and is answered by its own department, counts for a window.
    """

    window: str
    name: str
    department: str
    own: int
    others: ByClass


def answering(cases: Iterable[CaseFacts], names: Mapping[str, str]) -> tuple[Answering, ...]:
    """Return the responsible departments, in the order of their codes; triage last."""
    found: dict[str | None, Counter[str]] = defaultdict(Counter)
    for case in cases:
        found[case.department][_about(case)] += 1
    return tuple(
        Answering(code, names.get(code or "", code or ""), ByClass(**found[code]))
        for code in sorted(found, key=lambda code: (code is None, code or ""))
    )


def windows(
    cases: Iterable[CaseFacts], windows: Mapping[str, str], departments: Mapping[str, str]
) -> tuple[WindowRow, ...]:
    """Return the windows where it happened, in the order of their codes: never a ranking."""
    own: Counter[str] = Counter()
    others: dict[str, Counter[str]] = defaultdict(Counter)
    belongs: dict[str, str] = {}
    for case in cases:
        if case.window is None:
            continue
        belongs[case.window] = case.window_department or ""
        if is_the_windows(case):
            own[case.window] += 1
        else:
            others[case.window][_about(case)] += 1
    return tuple(
        WindowRow(
            code, windows.get(code, code), departments.get(belongs[code], belongs[code]),
            own[code], ByClass(**others[code]),
        )
        for code in sorted(belongs)
    )  # fmt: skip


def is_the_windows(case: CaseFacts) -> bool:
    """Say whether a case counts for the window where it happened."""
    about_staff = case.tag_class is TagClass.STAFF
    return about_staff and case.window is not None and case.department == case.window_department


def _about(case: CaseFacts) -> str:
    return case.tag_class.value if case.tag_class else "other"
