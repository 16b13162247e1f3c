"""A supervision notice (督办单) in words: the same lines on the page, in print and as a document."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from .. import clock
from ..config import settings
from ..wording import day_words, label, moment_words
from .models import SupervisionNotice
from .models.urging import Cause, Duty
from .notices import Said


@dataclass(frozen=True)
class Line:
    """One line of the notice's table."""

    name: str
    words: str


@dataclass(frozen=True)
class Paper:
    """All that stands on a notice, from top to bottom."""

    heading: str
    title: str
    number: str
    to: str
    opening: str
    lines: tuple[Line, ...]
    issuer: str
    day: str
    contact: str


def paper(notice: SupervisionNotice, said: Said) -> Paper:
    """Return a notice in the words of the language in use."""
    config = settings()
    return Paper(
        _("%(district)s: reviews of government services", district=config.district),
        _("Supervision notice"),
        _("No. %(number)s", number=notice.number),
        _("To: %(department)s", department=notice.department.name),
        _("The case below is urged. The department head is asked to take it in hand in person."),
        tuple(_lines(notice, said)),
        notice.issuer.name if notice.issuer else config.district,
        date_words(notice.at),
        _("Telephone: %(contact)s", contact=config.supervision_contact),
    )


def _lines(notice: SupervisionNotice, said: Said) -> list[Line]:
    case = notice.case
    return [
        Line(_("Cause"), cause_words(notice)),
        Line(_("Case number"), case.number),
        Line(_("Item"), case.event.item.name),
        Line(_("What the citizen asks, in short"), said_words(said)),
        *_time_lines(notice),
        Line(_("What the department is to do"), asked_words(notice)),
        Line(_("To be done by"), full_moment(notice.answer_by)),
    ]


def _time_lines(notice: SupervisionNotice) -> list[Line]:
    """Return the missed deadline and by how much; or that the case was sent back."""
    if notice.cause is Cause.DISSATISFIED:
        again = _("The citizen is not satisfied: sent back to be put right once more")
        return [Line(_("Standing"), again)]
    return [
        Line(_("Original deadline"), full_moment(notice.due_at)),
        Line(_("Overdue by"), over_words(notice.days_over)),
    ]


def cause_words(notice: SupervisionNotice) -> str:
    """Return why the notice was issued, in one sentence."""
    if notice.cause is Cause.DISSATISFIED:
        return _("The citizen is not satisfied with how it was put right")
    if notice.awaits is Duty.CONTACT:
        return _("The deadline has passed and nobody has contacted the citizen")
    return _("The deadline has passed and the citizen has no reply")


def over_words(days: int) -> str:
    """Return by how much the deadline was over on the notice's day."""
    if not days:
        return _("less than one working day")
    return ngettext("%(num)s working day", "%(num)s working days", days)


def asked_words(notice: SupervisionNotice) -> str:
    """Return what the department is to do, and what follows if it does not."""
    if notice.cause is Cause.DISSATISFIED:
        return _(
            "Find out why the citizen is not satisfied, put it right once more and reply. If the"
            " citizen is still not satisfied, the supervisors conclude the case in writing."
        )
    then = _(
        "A case that is still open after that goes onto the leaders' list and to the top of the"
        " weekly closure report."
    )
    if notice.awaits is Duty.CONTACT:
        first = _("Contact the citizen at once, verify the matter, put it right and reply.")
    else:
        first = _("Finish verifying and putting it right at once, and reply to the citizen.")
    return f"{first}{_gap()}{then}"


def _gap() -> str:
    return "" if _is_chinese() else " "


def said_words(said: Said) -> str:
    """Return the citizen's grade, tags and words on one line."""
    tags = _("; ").join(said.tags)
    quoted = _("“%(words)s”", words=said.words) if said.words else ""
    return " ".join(part for part in (f"[{label('grade', said.grade)}]", tags, quoted) if part)


def date_words(moment: datetime) -> str:
    """Return a day with its year, as official papers have it: 2026年11月23日."""
    day = clock.day_of(moment)
    if _is_chinese():
        return f"{day.year}年{day.month}月{day.day}日"
    return day.isoformat()


def full_moment(moment: datetime) -> str:
    """Return a moment with its year; a paper is read long after."""
    year = clock.day_of(moment).year
    if _is_chinese():
        return f"{year}年{moment_words(moment)}"
    return f"{day_words(moment)} {year} {clock.local(moment):%H:%M}"


def _is_chinese() -> bool:
    return str(get_locale() or "zh").startswith("zh")
