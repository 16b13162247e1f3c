"""What is typed on the page of a special rectification, act by act."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Regexp, StopValidation

from ...config import settings
from ...errors import FieldError
from ...offices.forms import StaffForm
from ...text import NotText, clean, integer
from ...wording import FAULTS, sentence
from ..models import WORDS_LIMIT
from ..queries import assignable
from .models import Special
from .rules import LONGEST_DAYS
from .states import Act

SPAN = {"least": 1, "most": LONGEST_DAYS}


def _clean(_form: StaffForm, field: Field) -> None:
    try:
        field.data = clean(field.data or "")
    except NotText:
        raise StopValidation(str(FAULTS["not_text"])) from None


def _in_range(_form: StaffForm, field: Field) -> None:
    number = integer(field.data)
    if number is None:
        raise StopValidation(str(FAULTS["not_a_number"]))
    if not 1 <= number <= LONGEST_DAYS:
        raise StopValidation(sentence(FieldError("days", "days_out_of_range", SPAN)))


def _words(label: Any) -> TextAreaField:
    too_long = _l("Too long: please keep it to %(max)d characters.")
    return TextAreaField(
        label,
        [_clean, DataRequired(FAULTS["words_missing"]), Length(max=WORDS_LIMIT, message=too_long)],
        render_kw={"rows": 5, "maxlength": WORDS_LIMIT},
    )


class SpecialForm(StaffForm):
    """What every act carries: which version the page showed, and words of its own kind."""

    seen = HiddenField(validators=[Regexp(r"^[0-9]{1,6}\Z")])
    words: TextAreaField

    def __init__(self, act: Act, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for part in self:
            # Several forms with the same fields stand on one page; an id may be there only once.
            part.id = f"{act.value}-{part.short_name}"
            part.label.field_id = part.id

    @property
    def version(self) -> int:
        """The version that the page showed; 0 for what is no version."""
        return integer(self.seen.data or "") or 0

    @property
    def typed(self) -> str:
        """The words that somebody wrote and does not want to write again."""
        return str(self.words.data or "")

    def mark(self, errors: list[FieldError]) -> None:
        """Put each fault beside its field."""
        for fault in errors:
            field = getattr(self, fault.field, None) or self.words
            field.errors = [*field.errors, sentence(fault)]


class ConfirmForm(SpecialForm):
    """Whose it is, which measures are wanted, and by when."""

    owner = SelectField(_l("Owner"), [InputRequired(_l("Please choose the owner."))])
    days = StringField(
        _l("Working days until the report"),
        [_clean, DataRequired(FAULTS["not_a_number"]), _in_range],
        render_kw={"inputmode": "numeric", "maxlength": 3, "size": 4},
    )
    words = _words(_l("Measures wanted"))

    def __init__(self, act: Act, *args: Any, **kwargs: Any) -> None:
        super().__init__(act, *args, **kwargs)
        self.owner.choices = [("", str(_l("Please choose"))), *assignable()]

    @classmethod
    def suggested(cls, special: Special, **options: Any) -> "ConfirmForm":
        """Return the form with what the rules suggest: the owner and the days."""
        said = {"owner": special.suggested_code or "", "days": str(settings().special_workdays)}
        return cls(Act.CONFIRM, formdata=None, data=said, **options)


class DeclineForm(SpecialForm):
    """Why a proposal is left be."""

    words = _words(_l("Why"))


class MeasureForm(SpecialForm):
    """What the owner means to do."""

    words = _words(_l("Measures: what is done, by whom, by when"))


class ReportForm(SpecialForm):
    """What the owner has done."""

    words = _words(_l("What was done, and how it keeps the same from happening again"))


class SendBackForm(SpecialForm):
    """What lacks."""

    words = _words(_l("What is still lacking"))


class CloseForm(SpecialForm):
    """The last word."""

    words = _words(_l("Conclusion"))


FORMS: dict[Act, type[SpecialForm]] = {
    Act.CONFIRM: ConfirmForm, Act.DECLINE: DeclineForm, Act.MEASURE: MeasureForm,
    Act.REPORT: ReportForm, Act.SEND_BACK: SendBackForm, Act.CLOSE: CloseForm,
}  # fmt: skip
