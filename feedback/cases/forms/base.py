"""What the forms of all acts have in common: the version that was seen, words, choices, numbers."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional, Regexp, StopValidation

from ...catalog.grades import TagClass
from ...offices.forms import StaffForm
from ...offices.models import Account
from ...text import NotText, clean, integer
from ...wording import FAULTS, label
from .. import queries
from ..casefile import File
from ..models import WORDS_LIMIT
from ..states import Act

TOO_LONG = _l("Too long: please keep it to %(max)d characters.")
CHOOSE = _l("Please choose")
ABOUT = _l("What the case is about (who answers in the figures goes by this)")


def choices(group: str, values: Any) -> list[tuple[str, str]]:
    """Return the choices of a code table, in words."""
    return [(value.value, label(group, value)) for value in values]


def _clean(_form: StaffForm, field: Field) -> None:
    try:
        field.data = clean(field.data or "")
    except NotText:
        raise StopValidation(str(FAULTS["not_text"])) from None


def required(field_label: Any, *, rows: int = 4) -> TextAreaField:
    """Return a field for words that must be there."""
    return TextAreaField(
        field_label,
        [_clean, DataRequired(FAULTS["words_missing"]), Length(max=WORDS_LIMIT, message=TOO_LONG)],
        render_kw={"rows": rows, "maxlength": WORDS_LIMIT},
    )


def optional(field_label: Any, limit: int = WORDS_LIMIT) -> TextAreaField:
    """Return a field for words that may be missing."""
    return TextAreaField(
        field_label, [_clean, Optional(), Length(max=limit, message=TOO_LONG)],
        render_kw={"rows": 3, "maxlength": limit},
    )  # fmt: skip


def line(field_label: Any, limit: int) -> StringField:
    """Return a field for a few words on one line, that must be there."""
    return StringField(
        field_label,
        [_clean, DataRequired(FAULTS["words_missing"]), Length(max=limit, message=TOO_LONG)],
        render_kw={"maxlength": limit},
    )


class DepartmentField(SelectField):
    """One of the departments that a case may be given to; nobody is chosen beforehand."""

    def offer(self, but_not: str | None, first: str | None = None) -> None:
        """Offer all but one; `first` are the words for choosing none of them."""
        others = [one for one in queries.assignable() if one[0] != but_not]
        self.choices = [("", first or str(CHOOSE)), *others]


class ClassField(SelectField):
    """What a case is about; the present kind is chosen beforehand, and stays if nothing is sent."""

    def offer(self, present: TagClass | None) -> None:
        """Offer every kind; none of them only where the case has none yet."""
        kinds = choices("tag_class", TagClass)
        self.choices = kinds if present else [("", str(CHOOSE)), *kinds]
        if not self.raw_data:
            self.data = present.value if present else ""

    @staticmethod
    def chosen(_form: StaffForm, field: Field) -> None:
        """Refuse a form that names no kind where there is none yet."""
        if not field.data:
            raise StopValidation(str(FAULTS["missing"]))


class NumberField(IntegerField):
    """A whole number in ASCII digits; the library's own would take `١٢` for 12."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed. Raises ValueError for anything but digits."""
        typed = valuelist[0].strip() if valuelist else ""
        self.data = integer(typed)
        if typed and self.data is None:
            raise ValueError(str(FAULTS["not_a_number"]))


class ActForm(StaffForm):
    """What every act carries: which version of the case the page showed."""

    seen = HiddenField(validators=[Regexp(r"^[0-9]{1,6}\Z")])

    def __init__(self, act: Act, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for part in self:
            # Several forms with the same fields stand on one page; an id may be there only once.
            part.id = f"{act.value}-{part.short_name}"
            part.label.field_id = part.id

    def fit(self, file: File, by: Account) -> None:
        """Offer what this case and this person leave to choose from. Nothing, for most acts."""

    @property
    def version(self) -> int:
        """The version of the case that the page showed; 0 for what is no version."""
        return integer(self.seen.data or "") or 0

    @property
    def typed(self) -> str:
        """The words that somebody wrote and does not want to write again."""
        written = [
            part.data for part in self
            if isinstance(part, StringField) and not isinstance(part, HiddenField)
        ]  # fmt: skip
        return "\n\n".join(str(words) for words in written if words)
