"""What the desk types: whose a case is, how a return visit went, the last word, why a look."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField
from wtforms.validators import InputRequired, Optional

from ...offices.forms import StaffForm
from ...offices.models import Account
from ...wording import FAULTS
from ..casefile import File
from ..states import Means, Outcome, Purpose
from .base import ABOUT, ActForm, ClassField, DepartmentField, choices, line, optional, required


class AssignForm(ActForm):
    """Whose the case is and what it is about; why, and whether the clock begins again."""

    department = DepartmentField(_l("Responsible department"), [InputRequired(FAULTS["missing"])])
    tag_class = ClassField(ABOUT, [ClassField.chosen])
    why = line(_l("Why"), 200)
    restart_why = optional(_l("Why the clock begins again (leave empty, and it goes on)"), 200)

    def fit(self, file: File, by: Account) -> None:
        """Offer every department but the present one, and what it is about by now."""
        self.department.offer(but_not=file.case.department_code)
        self.tag_class.offer(file.case.tag_class)


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
        self.means.choices = choices("means", Means)
        self.outcome.choices = choices("outcome", Outcome)
        self.satisfied.choices = [("yes", str(_l("Yes"))), ("no", str(_l("No")))]


class CloseForm(ActForm):
    """The last word."""

    words = optional(_l("Conclusion, as the citizen will read it (optional)"))

    def fit(self, file: File, by: Account) -> None:
        """Say for whom the words are, and that they are needed for a dissatisfied citizen."""
        if file.last_answer is False:
            self.words.label.text = _l("Conclusion, because the citizen was not satisfied")
        elif file.last_answer:
            self.words.label.text = _l("Note for the file, not for the citizen (optional)")


class AnswerForm(ActForm):
    """What the citizen is answered who was not satisfied after the end."""

    words = required(_l("Answer, as the citizen will read it"), rows=6)


class RevealForm(StaffForm):
    """For what the number is opened."""

    purpose = SelectField(_l("Purpose"), [InputRequired()])

    def __init__(self, *args: Any, purposes: tuple[Purpose, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.purpose.choices = choices("purpose", purposes or tuple(Purpose))
