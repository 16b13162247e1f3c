"""What is typed on a case's page, act by act."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    HiddenField,
    MultipleFileField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp, StopValidation

from ..offices.forms import StaffForm
from ..text import NotText, clean
from ..wording import label
from .models import WORDS_LIMIT
from .states import Finding, Means, Outcome, Purpose


def _choices(group: str, values: Any) -> list[tuple[str, str]]:
    return [(value.value, label(group, value)) for value in values]


def _clean(_form: FlaskForm, field: Any) -> None:
    try:
        field.data = clean(field.data or "")
    except NotText:
        raise StopValidation(
            str(_l("This contains characters that are not text: please type it again."))
        ) from None


def required(field_label: Any, *, rows: int = 4) -> TextAreaField:
    """Return a field for words that must be there; spaces alone are none."""
    return TextAreaField(
        field_label,
        [_clean, DataRequired(_l("Please write a few words.")), Length(max=WORDS_LIMIT)],
        render_kw={"rows": rows, "maxlength": WORDS_LIMIT},
    )


def _optional(field_label: Any, limit: int = WORDS_LIMIT) -> TextAreaField:
    return TextAreaField(
        field_label, [_clean, Optional(), Length(max=limit)],
        render_kw={"rows": 3, "maxlength": limit},
    )  # fmt: skip


class ActForm(StaffForm):
    """What every act carries: which version of the case the page showed."""

    seen = HiddenField(validators=[Regexp(r"^[0-9]{1,6}$")])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for part in self:
            # Several forms with the same fields stand on one page; an id may be there only once.
            part.id = f"{type(self).__name__}-{part.short_name}".lower()
            part.label.field_id = part.id

    @property
    def version(self) -> int:
        """The version of the case that the page showed."""
        return int(self.seen.data or 0)

    @property
    def typed(self) -> str:
        """The words that somebody wrote and does not want to write again."""
        return str(self.data.get("words") or self.data.get("why") or "")


class AssignForm(ActForm):
    """Triage: which department, and why."""

    department = SelectField(_l("Responsible department"), [InputRequired()])
    why = StringField(_l("Why"), [_clean, InputRequired(), Length(max=200)])


class AcceptForm(ActForm):
    """Nothing but the button."""


class ContactForm(ActForm):
    """How an attempt to reach the citizen went."""

    means = RadioField(_l("How"), [InputRequired(_l("Please choose how."))])
    reached = RadioField(
        _l("Reached?"), [InputRequired(_l("Please say whether you reached them."))]
    )
    words = required(_l("What was said"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.means.choices = _choices("means", Means)
        self.reached.choices = _choices("outcome", Outcome)


class VerifyForm(ActForm):
    """What was found."""

    finding = RadioField(_l("Finding"), [InputRequired(_l("Please choose the finding."))])
    words = required(_l("What you looked at and found"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.finding.choices = _choices("finding", Finding)


class RectifyForm(ActForm):
    """What was put right."""

    words = required(_l("What was put right, or which law applies and why"))
    article = _optional(_l("Law and article (needed if there is no legal basis)"), 300)
    files = MultipleFileField(_l("Evidence (pictures or PDF)"))


class ReplyForm(ActForm):
    """What the citizen is told."""

    words = required(_l("Reply, as the citizen will read it"), rows=6)
    publishable = _optional(_l("Summary for the public, without anything personal (optional)"))
    internal = _optional(_l("Note for the file, not for the citizen (optional)"))


class VisitForm(ActForm):
    """How a return visit went."""

    means = RadioField(_l("How"), [InputRequired(_l("Please choose how."))])
    outcome = RadioField(
        _l("Reached?"), [InputRequired(_l("Please say whether you reached them."))]
    )
    satisfied = RadioField(_l("Is the citizen satisfied with what was done?"), [Optional()])
    words = required(_l("What the citizen said, or how you tried"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.means.choices = _choices("means", Means)
        self.outcome.choices = _choices("outcome", Outcome)
        self.satisfied.choices = [("yes", str(_l("Yes"))), ("no", str(_l("No")))]


class CloseForm(ActForm):
    """The last word."""

    words = _optional(_l("Conclusion (needed if the citizen was not satisfied)"))


class RevealForm(StaffForm):
    """For what the number is opened."""

    purpose = SelectField(_l("Purpose"), [InputRequired()])

    def __init__(self, *args: Any, purposes: tuple[Purpose, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.purpose.choices = _choices("purpose", purposes or tuple(Purpose))
