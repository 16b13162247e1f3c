"""What the columns mean, in plain words, and the documents that ask for them."""

from flask_babel import gettext as _

from ..figures import WeekFigures


def definitions(figures: WeekFigures) -> list[str]:
    """Return what the columns mean, in plain words, to stand under the tables."""
    return [*_of_closing(figures), *(_of_the_way() if figures.tells_the_way else [])]


def _of_closing(figures: WeekFigures) -> list[str]:
    return [
        _(
            "Week: Monday 00:00 to the next Monday 00:00, Beijing time. The figures stand as they"
            " were at its end, or as they are now while it still runs."
        ),
        _(
            "Due for closure: closed this week, or open at its end although the deadline had passed."
            " An overdue case stays in this number every week until it is closed."
        ),
        *_of_the_clocks(figures),
        _(
            "Overdue days: working days after the day of the deadline (0: not one yet), by the"
            " official calendar with its make-up working days."
        ),
        _(
            "Closure rate: named cases closed this week, of named cases due this week, with both"
            " numbers beside it; a dash if none was due."
        ),
        _(
            "Changes are against the whole week before, also while this week still runs; changes of"
            " the rate are in percentage points."
        ),
    ]


def _of_the_clocks(figures: WeekFigures) -> list[str]:
    if not figures.knows_the_desk:
        return [
            _(
                "In time or late: by whether the department replied to the citizen by the deadline."
                " The return visit that follows has a deadline of its own."
            )
        ]
    return [
        _(
            "Overdue: the time of whoever has the case has run out. While an appeal or a transfer"
            " waits for its decision, or the citizen for the return visit, that is not the"
            " department's time: what takes too long there stands in the line of supervisors and"
            " visitor. What had come late to them stays overdue with the department meanwhile."
        ),
        _(
            "In time or late: by whether the department replied to the citizen by the deadline, the"
            " first time and again if the citizen sent the case back. The return visit that follows"
            " has a deadline of its own."
        ),
    ]


def _of_the_way() -> list[str]:
    return [
        _("On-time rate: named cases closed in time this week, of named cases due this week."),
        _(
            "Leaders' list: cases whose next step, the department's or the supervisors', is so long"
            " overdue that the rules put it there."
        ),
        _(
            "Not counted: reviews whose appeal was upheld. They stay readable; from that judgement on"
            " they are neither due nor open nor overdue. Received always has every review. If the"
            " citizen's objection is upheld, the review counts again from then on."
        ),
        _(
            "Appeals, granted requests, notices, cases sent back, visits and answers are counted in"
            " the week in which they happened, for the department whose case it was then."
        ),
        _(
            "Satisfied: of the citizens who answered, at the return visit or by a second review,"
            " those who were satisfied with how it was put right."
        ),
        _(
            "Visited: named cases that had their return visit (answered, or called in vain on three"
            " days), of these and those whose visit was overdue at the end."
        ),
        _(
            "Who answers: reviews received this week and counted, by what they are about. For a window"
            " counts only what is about its staff and is answered by its own department; nothing here"
            " is a ranking, for a week's numbers are too small for one."
        ),
    ]


def basis() -> str:
    """Return the documents that ask for this report."""
    return _(
        "Basis: 国办发〔2019〕51号 (every negative review is put right); 鲁政办发〔2020〕10号 (every"
        " named one is visited; how negative reviews were handled is published regularly)."
    )
