"""Facts as messages of every occasion have them, made up: to show words, and to try edited ones.

The first sample of an occasion is its usual case. The others are all that its facts can be besides,
so that words which fail with any of them are found before a person should have got them.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

from .occasions import INVITATIONS, TEXTS, Occasion
from .wording import facts_of

CASE, SPECIAL, RECEIPT = "HC-2026-000123", "ZX-2026-0007", "7K3M-92QF-M4TX"
TOKEN = "A0123456789ABCDEFGHJKMNPQRSTV"
ASKED = ("appeal", "objection", "complex", "extend", "transfer")
STEPS = ("visiting", "triage", "transferring", "appealed", "objected", "closing")
SERVICES = [
    {"letter": "A", "item": "特殊工时首次审批", "day": "2026-11-23"},
    {"letter": "B", "item": "企业职工基本养老保险参保登记", "day": "2026-11-24"},
    {"letter": "C", "item": "取水许可", "day": "2026-11-25"},
    {"letter": "D", "item": "公共场所卫生许可（新办）", "day": "2026-11-26"},
    {"letter": "E", "item": "公司设立登记", "day": "2026-11-27"},
]

VALUES: dict[str, tuple[Any, ...]] = {
    "item": ("特殊工时首次审批",), "due_at": ("2026-11-30T09:30:00+00:00",), "day": ("2026-11-23",),
    "notice": ("DB-2026-000007", ""), "granted": (False, True), "upheld": (True, False),
    "about": ("guide", "time_limit", "process", "staff"), "letter": ("", "B"),
    "receipt": (RECEIPT,), "why": ("属区水务局职责",), "services": (SERVICES[:3], SERVICES[:2], SERVICES),
}  # fmt: skip
OF_ITS_OWN: dict[tuple[Occasion, str], tuple[Any, ...]] = {
    (Occasion.CASE_DECIDED, "what"): ASKED,
    (Occasion.DESK_ASKED, "what"): (*ASKED, "added", "pressure", "second_review"),
    (Occasion.DESK_DUE_SOON, "step"): STEPS,
    (Occasion.DESK_OVERDUE, "step"): (*STEPS, "complex", "extend"),
    (Occasion.ANSWER_THANKS, "grade"): (5, 4, 3),
    (Occasion.ANSWER_ASKED_WHY, "grade"): (2, 1),
}


def samples(occasion: Occasion, locale: str, base_url: str) -> Sequence[dict[str, Any]]:
    """Return the facts of made-up messages, the usual one first; links lead to `base_url`."""
    names = sorted(facts_of(occasion))
    values = [_values(occasion, name, locale, base_url) for name in names]
    return [dict(zip(names, each, strict=True)) for each in product(*values)]


def _values(occasion: Occasion, name: str, locale: str, base_url: str) -> tuple[Any, ...]:
    if name == "link":
        link = base_url + _path(occasion)
        is_text = occasion in TEXTS
        return (link + ("?lang=en" if locale == "en" else ""), "") if is_text else (link,)
    if name == "number":
        return (SPECIAL,) if _is_special(occasion) else (CASE,)
    return OF_ITS_OWN.get((occasion, name)) or VALUES[name]


def _path(occasion: Occasion) -> str:
    """Return where the link of a message leads."""
    if occasion in INVITATIONS:
        return f"/r/{TOKEN}"
    if occasion is Occasion.CITIZEN_REPLIED:
        return f"/second/{CASE}-abcdefghijklmnop"
    if occasion is Occasion.ANSWER_STRANGER:
        return "/"
    if occasion in TEXTS:
        return f"/receipts/{RECEIPT}"
    return f"/specials/{SPECIAL}" if _is_special(occasion) else f"/cases/{CASE}"


def _is_special(occasion: Occasion) -> bool:
    return occasion.value.startswith("special_")
