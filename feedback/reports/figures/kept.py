"""The figures as they are kept: written down once, and read back whatever was added since."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ...cases.states import State
from .closing import Counts
from .numbers import Pair, Rate
from .responsibility import Answering, ByClass, WindowRow
from .way import Way
from .week import LeaderCase, OverdueCase, Row, WeekFigures

PAIRS = ("received", "due", "in_time", "late", "open", "overdue")


def to_json(figures: WeekFigures) -> dict[str, Any]:
    """Return the figures as they are kept, with closed ones and rates added for whoever reads it."""
    closure: dict[str, Any] = {
        "version": figures.version,
        "week": figures.week,
        "as_of": figures.as_of.isoformat(),
        "rows": [
            {"department": row.department, "name": row.name, **_counts_to_json(row.counts),
             **(_way_to_json(row.way) if figures.tells_the_way else {})}
            for row in figures.rows
        ],
        "total": _counts_to_json(figures.total),
        "overdue_cases": [asdict(case) for case in figures.overdue],
    }  # fmt: skip
    if not figures.tells_the_way:
        return closure
    return closure | {
        "total": {**closure["total"], **_way_to_json(figures.way)},
        "leaders_list": [
            {**asdict(case), "deadline": case.deadline.isoformat()} for case in figures.leaders
        ],
        "answering": [asdict(row) for row in figures.answering],
        "windows": [asdict(row) for row in figures.windows],
    }


def _counts_to_json(counts: Counts) -> dict[str, Any]:
    return {
        **asdict(counts),
        "closed": asdict(counts.closed),
        "closure_rate_named": _rate_to_json(counts.rate, "closed", "due"),
        "on_time_rate_named": _rate_to_json(counts.on_time, "in_time", "due"),
    }


def _way_to_json(way: Way) -> dict[str, Any]:
    return {
        "way": asdict(way),
        "satisfaction_rate": _rate_to_json(way.satisfaction, "satisfied", "answered"),
        "visit_rate_named": _rate_to_json(way.visits, "visited", "due"),
    }


def _rate_to_json(rate: Rate, part: str, whole: str) -> dict[str, Any]:
    share = None if rate.per_mille is None else rate.per_mille / 10
    return {part: rate.part, whole: rate.whole, "percent": share}


def from_json(kept: Mapping[str, Any]) -> WeekFigures:
    """Return the figures that `to_json` wrote down, in this version of it or an earlier one."""
    return WeekFigures(
        kept["week"],
        datetime.fromisoformat(kept["as_of"]),
        tuple(
            Row(r["department"], r["name"], _counts_from_json(r), _way_from_json(r))
            for r in kept["rows"]
        ),
        _counts_from_json(kept["total"]),
        tuple(
            OverdueCase(**{**case, "state": State(case["state"])}) for case in kept["overdue_cases"]
        ),
        _way_from_json(kept["total"]),
        tuple(map(_leader_from_json, kept.get("leaders_list", ()))),
        tuple(
            Answering(**{**row, "about": ByClass(**row["about"])})
            for row in kept.get("answering", ())
        ),
        tuple(
            WindowRow(**{**row, "others": ByClass(**row["others"])})
            for row in kept.get("windows", ())
        ),
        kept.get("version", 1),
    )


def _counts_from_json(kept: Mapping[str, Any]) -> Counts:
    pairs = {name: Pair(**kept[name]) for name in PAIRS}
    return Counts(**pairs, longest_overdue=kept["longest_overdue"])


def _way_from_json(kept: Mapping[str, Any]) -> Way:
    return Way(**kept.get("way", {}))


def _leader_from_json(kept: Mapping[str, Any]) -> LeaderCase:
    deadline = datetime.fromisoformat(kept["deadline"])
    return LeaderCase(**{**kept, "deadline": deadline, "state": State(kept["state"])})
