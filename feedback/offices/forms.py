"""What is typed about an account, and what every form of the staff has in common."""

from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from wtforms import FileField, SelectField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from ..errors import FieldError
from ..wording import label, sentence
from .actions import Person
from .queries import departments, windows
from .roles import Role


class StaffForm(FlaskForm):  # type: ignore[misc]
    """A form in which a file can only arrive where one is asked for."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """The library hands a file to any field of its name, and a text field would break on it."""

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Return what was sent, without the files that belong to no file field."""
            sent = super().wrap_formdata(form, formdata)
            if not isinstance(sent, CombinedMultiDict):
                return sent
            asked = [
                (name, file) for name, file in request.files.items(multi=True)
                if isinstance(form._fields.get(name), FileField)
            ]  # fmt: skip
            return CombinedMultiDict([MultiDict(asked), request.form])


class PersonForm(StaffForm):
    """Who somebody is and what the account may be; what is wrong is said by the action."""

    name = StringField(_l("Name"), render_kw={"maxlength": 60, "autocomplete": "off"})
    department = SelectField(_l("Department"), validate_choice=False)
    window = SelectField(_l("Window"), validate_choice=False)
    roles = SelectMultipleField(
        _l("Roles"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.department.choices = [
            ("", str(_l("Please choose"))),
            *((each.code, f"{each.name} {each.code}") for each in departments() if each.active),
        ]
        self.window.choices = [
            ("", str(_l("None"))),
            *((each.code, f"{each.name} {each.code}") for each in windows()),
        ]
        self.roles.choices = [(role.value, label("role", role)) for role in Role]

    def person(self, email: str) -> Person:
        """Return what was typed."""
        return Person(
            email, self.name.data or "", self.department.data or "",
            frozenset(map(Role, self.roles.data)), self.window.data or None,
        )  # fmt: skip

    def mark(self, errors: list[FieldError]) -> None:
        """Put each fault beside its field."""
        for fault in errors:
            field = getattr(self, fault.field, None) or self.name
            field.errors = [*field.errors, sentence(fault)]


class NewAccountForm(PersonForm):
    """A new account; its password is made here."""

    email = StringField(
        _l("E-mail address"), render_kw={"maxlength": 254, "type": "email", "autocomplete": "off"}
    )
