"""A matter as it moves on, and the citizen who looks at its receipt meanwhile."""

from typing import Any

from flask import Flask
from sqlalchemy import select

from feedback import clock
from feedback.cases import actions as cases
from feedback.cases.models import Case
from feedback.cases.second_link import second_link
from feedback.cases.states import Finding, Ground, Means, State, Verdict
from feedback.config import settings
from feedback.db import db, transaction
from feedback.events import tokens
from feedback.offices.models import Account
from feedback.reviews import actions as reviews

from ..factories import make_case, make_people, walk_to

ANONYMOUS = {"identity": "anonymous", "name": "", "phone": ""}


class Matter:
    """One bad review and its case, worked on at the moment of the test's clock.

    The district must be there. People are made once and fetched again for each act.
    """

    def __init__(self, app: Flask, **said: Any) -> None:
        self.app = app
        with app.app_context():
            case = make_case(clock.now(), **said)
            self.case_id, self.number = case.id, case.number
            self.code = tokens.grouped(reviews.receipt_of(case.event_id))
            self.link = second_link(case.number).removeprefix(settings().base_url)
            self.people = make_people()
            self.ids = {name: p.id for name, p in vars(self.people).items() if name != "cases"}

    @property
    def receipt(self) -> str:
        """The receipt's address, in English."""
        return f"/receipts/{self.code}?lang=en"

    def page(self, name: str) -> str:
        """Return the address of a page of the receipt, in English."""
        return f"/receipts/{self.code}/{name}?lang=en"

    def case(self) -> Case:
        """Return the case as it stands."""
        return db.session.scalars(
            select(Case).where(Case.id == self.case_id).execution_options(populate_existing=True)
        ).one()

    @property
    def state(self) -> State:
        """Where the case stands."""
        with self.app.app_context():
            return self.case().state

    def walk(self, state: State) -> "Matter":
        """Lead the case to a state, step by step."""
        with self.app.app_context():
            people = self.people
            for name, found in self.ids.items():
                setattr(people, name, db.session.get_one(Account, found))
            walk_to(self.case(), state, people, clock.now())
        return self

    def does(self, who: str, act: Any, *words: Any, **more: Any) -> "Matter":
        """Have one of the staff do an act."""
        with self.app.app_context(), transaction():
            case = self.case()
            person = db.session.get_one(Account, self.ids[who])
            act(case, person, *words, clock.now(), case.version, **more)
        return self

    def says(self, act: Any, *words: Any) -> "Matter":
        """Have the citizen do an act without a page."""
        with self.app.app_context(), transaction():
            act(self.case(), *words, clock.now())
        return self

    def opens_number(self, who: str, purpose: Any) -> "Matter":
        """Have one of the staff open the citizen's number."""
        with self.app.app_context(), transaction():
            person = db.session.get_one(Account, self.ids[who])
            cases.reveal(self.case(), person, purpose, clock.now())
        return self

    def contact(self) -> "Matter":
        """Have the department call."""
        return self.does("handler", cases.contact, Means.PHONE, True, "内部记录")

    def void(self, why: str = "评的是另一件事") -> "Matter":
        """Have the department appeal and a supervisor uphold it."""
        self.walk(State.VERIFYING).does("head", cases.appeal, Ground.MISTAKEN, "申诉理由", ())
        return self.does("judge", cases.judge, Verdict.UPHOLD, why)

    def explain_the_law(self, article: str) -> "Matter":
        """Have the department find no legal basis, explain the law, and reply."""
        self.walk(State.VERIFYING).contact()
        self.does("handler", cases.verify, Finding.NO_LEGAL_BASIS, "核实内部意见")
        self.does("handler", cases.rectify, "解释内部记录", article, ())
        return self.does("handler", cases.reply, "依照规定不能办理", "", "")
