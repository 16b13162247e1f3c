"""Which of several open services words call by its name.

Decides by whole clauses that say nothing but a name, and by names that no other open service shares: whoever
compares («比特殊工时那次快») or only says 登记 has named none.
"""

import re
from collections.abc import Mapping

from . import words as w

SHORTEST = 3
"""Two characters (审批, 登记) are in too many names."""

FILLER = w.any_of("""
    我?说?的?就?是 我?说的 [那这]一?[个次件项回] 上[次回] [今昨前]天 [上下]午 刚才 办理?的? 去的? 评价? 的
    服务 事项? 业务 [吧啊呀呢哦嘛]
""")
CLAUSE = re.compile(f"{FILLER}*(?P<name>.+?){FILLER}*")
BETWEEN = re.compile(r"[ \n,。!?;:、“”‘’\"'()《》「」【】\[\]~…—-]+")


def services_named(words: str, items: Mapping[str, str]) -> set[str]:
    """Return the letters of the services that a clause of `words` names, of `items` by letter."""
    return {letter for clause in _clauses(words) if (letter := _named(clause, items))}


def names_nothing_else(words: str, items: Mapping[str, str]) -> bool:
    """Whether every clause of `words` names a service."""
    return all(_named(clause, items) for clause in _clauses(words))


def _clauses(words: str) -> list[str]:
    return [clause for clause in BETWEEN.split(w.fold(words)[0]) if clause]


def _named(clause: str, items: Mapping[str, str]) -> str | None:
    found = CLAUSE.fullmatch(clause)
    name = found["name"] if found else ""
    if len(name) < SHORTEST:
        return None
    having = [letter for letter, item in items.items() if name in w.fold(item)[0]]
    return having[0] if len(having) == 1 else None
