"""The figures of the weekly closure report (办结周报): which case counts where, and in which week.

Decides from dated facts alone; leaves out why a case was late.

A week is ISO's, Monday 00:00 to Monday 00:00 in Shanghai, end excluded. The figures are as of T:
the end of the week, or the present moment while the week still runs. They depend on nothing that
happened at or after T, so that a week can be computed again at any later time with the same result.

- received: negative reviews received in the week, before T, whatever became of them.
- voided (不予采纳): an appeal was upheld before T, and no objection to it. Such a case is neither
  open nor overdue nor due; it is counted in figures of its own, by the week of each judgement.
- open: received before T, and neither closed nor voided at T.
- overdue: open, and at T the time of whoever had it had run out: the department's (`due_at`), or
  where the next step was the supervisors' or the visitor's, theirs (`next_due_at`). The department's
  clock stands still meanwhile. A case that came late to them stays overdue until it is closed: with
  the department, and once their time has run out too, with them.
- due (应办结): closed in the week, plus overdue. So every case is counted as closed once, in the
  week in which it was closed, and is missing in every week at whose end it is overdue: waiting takes
  it out of nothing.
- a department's line has its own cases without those that are overdue with the supervisors or the
  visitor; these have a line of their own. The total has all.
- closed in time, closed late: by whether the department's reply came by the deadline, in every
  round. Its clock stops at the reply; the return visit has a deadline of its own.
- days overdue: working days after the day of the deadline, up to and including the last day before
  T; of a department that did its part late, up to the day on which it did.
- closure rate: named cases closed in the week, of named cases due. On-time rate: closed in time, of
  named cases due. None where none was due.
"""

from .closing import Counts, Overdue, count, is_open_at, overdue_at
from .kept import from_json, to_json
from .numbers import Pair, Rate
from .past import CaseFacts, Happened, Kind
from .responsibility import Answering, ByClass, WindowRow
from .way import Way
from .week import LeaderCase, Names, OverdueCase, Row, WeekFigures, week_figures

__all__ = [
    "Answering", "ByClass", "CaseFacts", "Counts", "Happened", "Kind", "LeaderCase", "Names",
    "Overdue", "OverdueCase", "Pair", "Rate", "Row", "Way", "WeekFigures", "WindowRow", "count",
    "from_json", "is_open_at", "overdue_at", "to_json", "week_figures",
]  # fmt: skip
