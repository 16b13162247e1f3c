"""What is typed where somebody asks and somebody else decides: requests, appeals, objections."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, MultipleFileField, RadioField
from wtforms.validators import AnyOf, InputRequired, Optional

from ...offices.models import Account
from ...offices.roles import Role
from ...wording import FAULTS, label
from .. import rulebook
from ..casefile import File
from ..models import Requested
from ..rules import Rule
from ..states import Ground, Request, Verdict
from .base import (
    ABOUT,
    ActForm,
    ClassField,
    DepartmentField,
    NumberField,
    choices,
    optional,
    required,
)

GRANT, REFUSE = "grant", "refuse"
CHOOSE = _l("Please grant or refuse it.")


class ComplexForm(ActForm):
    """Why the matter is more complex than thought."""

    reason = required(_l("Why it is complex"))


class ExtendForm(ActForm):
    """Why more time is needed, and for what."""

    reason = required(_l("Why more time is needed"))
    plan = required(_l("How the added time will be used, step by step"))


class TransferForm(ActForm):
    """Why it is not ours, and whose it is."""

    reason = required(_l("Why it is not yours"))
    proposed = DepartmentField(
        _l("Whose it is, in your opinion"), [InputRequired(FAULTS["missing"])]
    )

    def fit(self, file: File, by: Account) -> None:
        """Offer every department but the own one."""
        self.proposed.offer(but_not=file.case.department_code)


def _chosen_if_granted(form: ActForm, field: Field) -> None:
    """Refuse a transfer granted without saying what the case is about."""
    if form["granted"].data == GRANT:
        ClassField.chosen(form, field)


class DecideForm(ActForm):
    """The decision about the request that waits; what else it needs depends on what was asked."""

    # Every choice passes here: that only a leader may grant a further extension is a refusal of the
    # act, which names the leader, and not a slip of the pen.
    granted = RadioField(
        _l("Your decision"),
        [InputRequired(CHOOSE), AnyOf((GRANT, REFUSE), CHOOSE)],
        validate_choice=False,
    )
    words = required(_l("Reasons, as the department will read them"))
    department = DepartmentField(_l("To which department"), [Optional()])
    tag_class = ClassField(ABOUT, [_chosen_if_granted])
    restart_why = optional(_l("Why the clock begins again (leave empty, and it goes on)"), 200)
    days = NumberField(_l("Days to add"), [Optional()], render_kw={"min": 1})

    def fit(self, file: File, by: Account) -> None:
        """Ask what belongs to the request; offer granting only to whoever may grant it."""
        asked = file.pending
        self.granted.choices = _verdicts(asked, by)
        if asked is None or asked.kind is not Request.EXTEND or not _may_grant(asked, by):
            del self.days
        else:
            self._suggest_days(file)
        if asked is None or asked.kind is not Request.TRANSFER:
            del self.department, self.tag_class, self.restart_why
            return
        self.tag_class.offer(file.case.tag_class)
        owner = asked.owner.name if asked.owner else ""
        proposed = _("As proposed: %(department)s", department=owner)
        self.department.offer(but_not=file.case.department_code, first=proposed)

    def _suggest_days(self, file: File) -> None:
        """Suggest as much time as the case's rules give, unless something was typed."""
        term = rulebook.of_case(file.case).rules.terms[Rule.EXTENSION]
        self.days.label.text = _("Time to add, in %(unit)s", unit=label("unit", term.unit))
        if self.days.raw_data is None:
            self.days.data = term.amount


def _verdicts(asked: Requested | None, by: Account) -> list[tuple[str, str]]:
    refuse = (REFUSE, _("Refuse"))
    return [(GRANT, _("Grant")), refuse] if _may_grant(asked, by) else [refuse]


def _may_grant(asked: Requested | None, by: Account) -> bool:
    return asked is None or not asked.further or by.may_be(Role.LEADER)


class AppealForm(ActForm):
    """Why the review should not count, and what shows it."""

    ground = RadioField(_l("Ground"), [InputRequired(_l("Please choose a ground."))])
    words = required(_l("Why the review should not count"), rows=6)
    files = MultipleFileField(_l("Evidence (pictures or PDF)"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ground.choices = choices("ground", Ground)


class JudgeForm(ActForm):
    """How an appeal is judged."""

    verdict = RadioField(_l("Verdict"), [InputRequired(_l("Please choose the verdict."))])
    words = required(_l("Reasons, as the department and the citizen will read them"), rows=6)

    def fit(self, file: File, by: Account) -> None:
        """Say with each verdict what it leads to."""
        self.verdict.choices = [
            (Verdict.UPHOLD.value, _("Upheld: the review is kept, but not counted")),
            (Verdict.DISMISS.value, _("Dismissed: the department puts the matter right")),
        ]


class ReconsiderForm(JudgeForm):
    """How the citizen's objection is judged."""

    def fit(self, file: File, by: Account) -> None:
        """Say with each verdict what it leads to."""
        self.verdict.choices = [
            (Verdict.UPHOLD.value, _("Upheld: the review counts again, and is put right")),
            (Verdict.DISMISS.value, _("Dismissed: the review stays uncounted for good")),
        ]
