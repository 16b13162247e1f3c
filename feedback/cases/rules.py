"""The terms a case is held to, each with its legal basis; versioned, so that a case keeps its own.

Decides how much time there is for what; knows no calendar. A term is counted in working days or in
days of the calendar.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Rule(StrEnum):
    """What there is a term for."""

    CONTACT = "contact"
    SIMPLE = "simple"
    COMPLEX = "complex"
    EXTENSION = "extension"
    TRIAGE = "triage"
    DECIDE = "decide"
    APPEAL = "appeal"
    JUDGE = "judge"
    OBJECTION = "objection"
    VISIT = "visit"
    WARN = "warn"
    NOTICE = "notice"
    LEADERS = "leaders"


class Unit(StrEnum):
    """What a term is counted in."""

    WORKDAY = "workday"
    DAY = "day"


@dataclass(frozen=True)
class Term:
    """An amount of time."""

    amount: int
    unit: Unit = Unit.WORKDAY


@dataclass(frozen=True)
class Rules:
    """One version of all terms, and on which regulation each rests."""

    version: int
    terms: Mapping[Rule, Term]
    basis: Mapping[Rule, str]


LIMITS = {Unit.WORKDAY: 250, Unit.DAY: 366}
"""No term is longer than about a year."""

HOUSE = "本系统默认，可由区政府办调整"

FIRST: Mapping[Rule, tuple[int, str]] = {
    Rule.CONTACT: (1, "临沂市“好差评”整改流程（2020）、上海“1、5、15”：1 个工作日内联系"),
    Rule.SIMPLE: (5, "临沂、上海“1、5、15”：简单事项 5 个工作日"),
    Rule.COMPLEX: (15, "临沂、上海“1、5、15”：复杂事项 15 个工作日，自评价之日起算"),
    Rule.EXTENSION: (7, "参照山东省级政务服务投诉热线管理规定：延长 7 个工作日"),
    Rule.TRIAGE: (1, HOUSE),
    Rule.DECIDE: (1, HOUSE),
    Rule.APPEAL: (5, f"国办发〔2019〕51号要求建立申诉复核机制；期限为{HOUSE}"),
    Rule.JUDGE: (5, f"国办发〔2019〕51号要求建立申诉复核机制；期限为{HOUSE}"),
    Rule.OBJECTION: (10, HOUSE),
    Rule.VISIT: (5, "泰政办发〔2020〕5号：管理单位在整改后 5 个工作日内回访"),
    Rule.WARN: (1, "参照山东省级政务服务投诉热线管理规定：到期前 1 个工作日黄灯"),
    Rule.NOTICE: (1, "参照山东省级政务服务投诉热线管理规定：超期 1 个工作日督办"),
    Rule.LEADERS: (3, HOUSE),
}
"""The terms the product comes with, in working days; they become version 1."""


def first_rules() -> Rules:
    """Return version 1: the terms the product comes with."""
    return Rules(
        1,
        {rule: Term(amount) for rule, (amount, _) in FIRST.items()},
        {rule: basis for rule, (_, basis) in FIRST.items()},
    )


def to_json(rules: Rules) -> dict[str, Any]:
    """Return the terms as they are kept."""
    return {
        rule.value: {"amount": term.amount, "unit": term.unit.value, "basis": rules.basis[rule]}
        for rule, term in rules.terms.items()
    }


def from_json(version: int, kept: Mapping[str, Any]) -> Rules:
    """Return the terms that `to_json` wrote down."""
    return Rules(
        version,
        {Rule(name): Term(one["amount"], Unit(one["unit"])) for name, one in kept.items()},
        {Rule(name): one["basis"] for name, one in kept.items()},
    )
