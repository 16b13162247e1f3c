"""What a receipt must not show, in whatever state: each text is looked for where it could stand.

The controls show that each of them is on record, and that what is meant for the citizen is found in
the same way.
"""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import text

from feedback.cases import actions as cases
from feedback.cases.states import Finding, Ground, Means, Outcome, Purpose, State, Verdict
from feedback.db import db

from ..factories import make_case, make_district
from .citizen import text_of
from .matter import Matter

INTERNAL = {
    "内部-联系": "contacts", "内部-核实": "verifications", "内部-整改": "rectifications",
    "内部-备注": "replies", "内部-公开稿": "replies", "内部-转办": "requests",
    "内部-审批": "decisions", "内部-申诉": "appeals", "内部-回访": "return_visits",
    "内部-施压": "pressure_reports", "内部-计划": "requests",
    "内部-补充": "additions", "内部-异议": "objections", "内部-归档": "closures",
}  # fmt: skip
"""Words of the staff, of the citizen, and of a report of pressure, with the table that keeps them."""

CONTENT = cases.Visit(Means.PHONE, Outcome.ANSWERED, True, "内部-回访")
NAMES = ("爱丽", "柏", "话务员", "督查", "分管领导")
PERSON = ("王小明", "13812345678", "5678", "等了三小时没人理", "无理由超过法定办理时间")


@pytest.fixture
def matter(app, now):
    """Return a matter that went through everything, beside another one of somebody else."""
    with time_machine.travel(now + timedelta(minutes=51), tick=False), app.app_context():
        make_district()
        make_case(now, comment="别人的差评", item="SW-001")
    with time_machine.travel(now + timedelta(minutes=51), tick=False):
        yield go_through_everything(Matter(app))


def go_through_everything(matter):
    matter.does("head", cases.ask_transfer, "内部-转办", "SW")
    matter.does("leader", cases.decide, False, "内部-审批").walk(State.VERIFYING)
    matter.does("head", cases.ask_extension, "要等设备到货", "内部-计划")
    matter.does("leader", cases.decide, True, "内部-审批")
    matter.says(cases.report_pressure, "内部-施压").says(cases.add, "内部-补充")
    matter.does("head", cases.appeal, Ground.MALICIOUS, "内部-申诉", ())
    matter.does("judge", cases.judge, Verdict.UPHOLD, "评的是另一件事")
    matter.says(cases.object_to, "内部-异议")
    matter.does("supervisor", cases.reconsider, Verdict.UPHOLD, "是同一件事")
    matter.opens_number("handler", Purpose.CALL_BACK)
    matter.does("handler", cases.contact, Means.PHONE, True, "内部-联系")
    matter.does("handler", cases.verify, Finding.TRUE, "内部-核实")
    matter.does("handler", cases.rectify, "内部-整改", "", ())
    return matter.does("handler", cases.reply, "已增开窗口", "内部-备注", "内部-公开稿")


@pytest.fixture
def pages(client):
    """Return every word of every page that the receipt's code opens."""

    def of(matter):
        names = ("add", "second", "objection", "pressed", "pressed/sent", "words")
        addresses = [matter.receipt, *(matter.page(name) for name in names), matter.link]
        return " ".join(client.get(address).text for address in addresses)

    return of


def test_control_the_database_holds_all_that_must_not_show(app, matter):
    matter.does("operator", cases.visit, CONTENT)
    matter.does("supervisor", cases.close, "内部-归档")
    with app.app_context(), db.engine.connect() as connection:
        for words, table in INTERNAL.items():
            rows = connection.execute(text(f"SELECT * FROM {table}")).all()
            assert words in str(rows), table


def test_no_page_of_the_receipt_shows_what_the_staff_say_among_themselves(matter, pages):
    shown = pages(matter)
    assert "已增开窗口" in shown, "control: what is meant for the citizen is found"
    for words in INTERNAL:
        assert words not in shown
    matter.does("operator", cases.visit, CONTENT)
    matter.does("supervisor", cases.close, "内部-归档")
    shown = pages(matter)
    assert "This matter is finished" in shown
    for words in INTERNAL:
        assert words not in shown


def test_no_page_names_anybody(matter, pages):
    shown = pages(matter)
    assert "(Handler)" in shown, "control: the role that opened the number is found"
    for name in (*NAMES, *PERSON):
        assert name not in shown


def test_no_page_knows_of_another_matter(app, matter, pages):
    shown = pages(matter)
    for other in ("别人的差评", "用水报装并联审批", "HC-2026-000001"):
        assert other not in shown
    other = Matter(app)
    assert "已增开窗口" not in pages(other)


def test_a_report_of_pressure_leaves_no_trace_on_any_page(app, client, matter, pages):
    quiet = go_through_everything_in_silence(Matter(app))
    assert quiet.code != matter.code
    loud_words = text_of(client.get(matter.receipt)).replace(matter.code, "")
    quiet_words = text_of(client.get(quiet.receipt)).replace(quiet.code, "")
    assert loud_words == quiet_words


def go_through_everything_in_silence(matter):
    """Do the same with another matter, where nobody was pressed."""
    says = matter.says

    def says_all_but_pressure(act, *words):
        return matter if act is cases.report_pressure else says(act, *words)

    matter.says = says_all_but_pressure
    return go_through_everything(matter)
