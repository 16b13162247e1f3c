"""What a department types while it handles a case: contact, finding, what was put right, reply."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import MultipleFileField, RadioField
from wtforms.validators import AnyOf, InputRequired

from ... import clock
from ...offices.models import Account
from ..casefile import File
from ..states import Finding, Means, Outcome
from .base import ActForm, choices, optional, required

CHOOSE = _l("Please choose the finding.")


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
        self.means.choices = choices("means", Means)
        self.reached.choices = choices("outcome", Outcome)


class VerifyForm(ActForm):
    """What was found."""

    # Any finding passes here: that «unfounded» is too late is for the act to say, in a sentence.
    finding = RadioField(
        _l("Finding"), [InputRequired(CHOOSE), AnyOf(list(Finding), CHOOSE)], validate_choice=False
    )
    words = required(_l("What you looked at and found"))

    def fit(self, file: File, by: Account) -> None:
        """Leave «unfounded» out where no appeal can follow, because it leads to nothing else."""
        may_appeal = file.may_be_appealed(clock.now())
        open_ones = [one for one in Finding if may_appeal or one is not Finding.UNFOUNDED]
        self.finding.choices = choices("finding", open_ones)


class RectifyForm(ActForm):
    """What was put right; or, where there is no legal basis, which law was explained."""

    words = required(_l("What was put right"))
    article = optional(_l("Law and article"), 300)
    files = MultipleFileField(_l("Evidence (pictures or PDF)"))

    def fit(self, file: File, by: Account) -> None:
        """Ask for the law where the finding says that the demand has no legal basis."""
        if file.finding is not Finding.NO_LEGAL_BASIS:
            del self.article
            return
        self.words.label.text = _l("How the law was explained to the citizen")


class ReplyForm(ActForm):
    """Three texts for three readers: the citizen, everybody, the staff."""

    words = required(_l("Reply, as the citizen will read it"), rows=6)
    publishable = optional(_l("Summary for the public, without anything personal (optional)"))
    internal = optional(_l("Note for the file, not for the citizen (optional)"))
