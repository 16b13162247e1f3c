"""The clerk's form: what is typed at the desk, as the facts of a service and back."""

from collections.abc import Iterable
from datetime import datetime

from flask_babel import lazy_gettext as _l
from pydantic import ValidationError
from wtforms import Field, HiddenField, RadioField, SelectField, StringField
from wtforms.widgets import DateTimeLocalInput, NumberInput, TelInput

from .. import clock
from ..catalog.grades import Mode
from ..errors import FieldError, Invalid
from ..offices.forms import StaffForm
from ..offices.models import Officer, Window
from ..wording import label, sentence
from .facts import ApplicantKind, EventFacts, at_shanghai, field_errors, parse

SOURCE = "desk"
APPLICANT = "applicant"


class ServiceForm(StaffForm):
    """One service, as a clerk records it. What is wrong is said by the facts, not by the form."""

    item_code = HiddenField()
    project_no = StringField(_l("Project number"))
    service_number = StringField(
        _l("Which service of this project"), widget=NumberInput(min=1, max=99)
    )
    window = SelectField(_l("Window"), validate_choice=False)
    officer = SelectField(_l("Officer"), validate_choice=False)
    mode = RadioField(_l("How it was served"), validate_choice=False)
    applicant_kind = SelectField(_l("Applicant"), validate_choice=False)
    applicant_name = StringField(_l("Applicant's name"))
    applicant_phone = StringField(_l("Applicant's telephone"), widget=TelInput())
    served_at = StringField(_l("Served at"), widget=DateTimeLocalInput())

    def offer(self, windows: Iterable[Window], officers: Iterable[Officer], own: str) -> None:
        """Fill the lists to choose from; windows not of the department `own` name theirs."""
        self.window.choices = [
            ("", _l("No window")), *((one.code, _window_name(one, own)) for one in windows)
        ]  # fmt: skip
        self.officer.choices = [("", _l("Not named")), *((one.code, one.name) for one in officers)]
        self.mode.choices = [(mode.value, label("mode", mode)) for mode in Mode]
        self.applicant_kind.choices = [
            (kind.value, label("applicant", kind)) for kind in ApplicantKind
        ]

    def facts(self) -> EventFacts:
        """Return what was typed as the facts of a service. Raises Invalid with every wrong field."""
        try:
            return parse(
                {
                    "source": SOURCE, "project_no": self.project_no.data or "",
                    "service_number": self.service_number.data or "1",
                    "item_code": self.item_code.data or "", "mode": self.mode.data or Mode.ONSITE,
                    "served_at": at_shanghai(self.served_at.data or ""),
                    "window": self.window.data or "", "officer": self.officer.data or "",
                    "applicant": {
                        "kind": self.applicant_kind.data or ApplicantKind.PERSON,
                        "name": self.applicant_name.data or "", "phone": self.applicant_phone.data or "",
                    },
                }
            )  # fmt: skip
        except ValidationError as error:
            raise Invalid(field_errors(error)) from None

    def blame(self, errors: Iterable[FieldError]) -> None:
        """Put every fault beside the field it belongs to."""
        for fault in errors:
            for field in self._blamed(fault.field):
                field.errors = [*field.errors, _words(fault)]

    def _blamed(self, name: str) -> list[Field]:
        if name == APPLICANT:  # personal data is kept sealed and compared as a whole
            return [self.applicant_kind, self.applicant_name, self.applicant_phone]
        return [self[name.replace(".", "_")]]


def _window_name(window: Window, own: str) -> str:
    other = "" if window.department_code == own else f" · {window.department.name}"
    return window.name + other


def _words(fault: FieldError) -> str:
    if fault.code == "not_a_moment":  # a person at the desk gives no offset
        return str(_l("Please choose a date and a time."))
    return sentence(fault)


def minute(moment: datetime) -> str:
    """Return the moment as `datetime-local` wants it: Shanghai's clock, to the minute."""
    return f"{clock.local(moment):%Y-%m-%dT%H:%M}"
