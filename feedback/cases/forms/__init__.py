"""What is typed on a case's page: one form for every act that the staff do."""

from ..states import Act
from .asking import (
    GRANT,
    AppealForm,
    ComplexForm,
    DecideForm,
    ExtendForm,
    JudgeForm,
    ReconsiderForm,
    TransferForm,
)
from .base import ActForm
from .ending import AnswerForm, AssignForm, CloseForm, RevealForm, VisitForm
from .handling import AcceptForm, ContactForm, RectifyForm, ReplyForm, VerifyForm

FORMS: dict[Act, type[ActForm]] = {
    Act.ROUTE: AssignForm, Act.ACCEPT: AcceptForm, Act.CONTACT: ContactForm,
    Act.VERIFY: VerifyForm, Act.RECTIFY: RectifyForm, Act.REPLY: ReplyForm,
    Act.COMPLEX: ComplexForm, Act.EXTEND: ExtendForm, Act.TRANSFER: TransferForm,
    Act.DECIDE: DecideForm, Act.REASSIGN: AssignForm, Act.APPEAL: AppealForm,
    Act.JUDGE: JudgeForm, Act.RECONSIDER: ReconsiderForm, Act.VISIT: VisitForm,
    Act.CLOSE: CloseForm, Act.ANSWER: AnswerForm,
}  # fmt: skip
"""Every act of the table but the citizen's own."""

__all__ = ["FORMS", "GRANT", "ActForm", "RevealForm"]
