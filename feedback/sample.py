"""The sample district: the catalogue in `data/`, people for every role, and services to rate.

Only for an empty database. Every account gets a password of its own, made here and told once.
"""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import gettext as _
from sqlalchemy import exists, select

from . import clock
from .catalog.actions import load_files
from .catalog.registers import REGISTERS
from .config import ROOT, settings
from .db import db, transaction
from .events.actions import record
from .events.codes import link
from .events.facts import EventFacts
from .events.models import RecordedVia
from .ledger.actions import SYSTEM
from .offices import actions as offices
from .offices.credentials import new_password
from .offices.loading import File
from .offices.models import Department
from .offices.roles import LEADING, Role

DATA = ROOT / "feedback" / "data"
DISTRICT_CODE = "370112"  # 历城区, GB/T 2260
SOURCE = "sample"
MAIL_DOMAIN = "licheng.example"  # a domain that can never exist (RFC 2606)

WORKING = {
    "XZSP": "XZSP-01", "RS": "RS-06", "SW": "SW-14", "ZRZY": "ZRZY-09", "SCJG": "SCJG-12",
    "GOV": "GOV-01",
}  # fmt: skip
"""The departments that have people to sign in as, and the window of each one's clerk."""

PEOPLE = [
    *((role, code) for code in WORKING for role in (Role.CLERK, Role.HANDLER, Role.HEAD)),
    (Role.SUPERVISOR, "GOV"), (Role.SUPERVISOR, "XZSP"), (Role.OPERATOR, "GOV"),
    (Role.AUDITOR, "XZSP"), (Role.ADMIN, "XZSP"), (Role.LEADER, "GOV"),
]  # fmt: skip

NAMES = {
    Role.CLERK: "示例窗口人员", Role.HANDLER: "示例经办人", Role.HEAD: "示例部门负责人",
    Role.OPERATOR: "示例话务员", Role.SUPERVISOR: "示例督查员", Role.AUDITOR: "示例审计员",
    Role.ADMIN: "示例管理员", Role.LEADER: "示例分管领导",
}  # fmt: skip

SERVED = [
    ("XZSP-001", "XZSP-01", "G001"), ("RS-001", "RS-06", "G006"), ("SW-001", "SW-14", "G014"),
    ("ZRZY-001", "ZRZY-09", "G009"), ("XZSP-002", "XZSP-02", "G002"),
    ("RS-003", "RS-07", "G007"), ("SCJG-101", None, "G023"), ("GOV-001", "GOV-01", "G020"),
]  # fmt: skip
"""What was served, where and by whom; one enforcement visit among them, which has no window."""

FIRST_SERVED, BETWEEN = timedelta(minutes=6), timedelta(minutes=14)

sample = AppGroup("sample", help="A district to try the service with.")


@dataclass(frozen=True)
class SampleAccount:
    """Somebody to sign in as."""

    role: str
    department: str
    email: str
    password: str


@dataclass(frozen=True)
class SampleEvent:
    """A service to rate."""

    project_no: str
    link: str


@dataclass(frozen=True)
class Sample:
    """What somebody needs to try the service, as `var/sample.json` has it."""

    base_url: str
    api_key: str
    accounts: list[SampleAccount]
    events: list[SampleEvent]


def load_sample(now: datetime) -> Sample | None:
    """Load the sample district; return None and change nothing if there are departments already.

    Inside a transaction.
    """
    if db.session.scalar(select(exists().where(Department.code.is_not(None)))):
        return None
    files = [
        File(f"{name}.csv", (DATA / f"{name}.csv").read_bytes(), register)
        for name, register in REGISTERS.items()
    ]
    load_files(files, SYSTEM, now)
    accounts = [_account(role, department, now) for role, department in PEOPLE]
    api_key = offices.add_api_key("sample", None, SYSTEM, now)
    events = [_event(number, now) for number in range(1, len(SERVED) + 1)]
    return Sample(settings().base_url, api_key, accounts, events)


def _account(role: Role, department: str, now: datetime) -> SampleAccount:
    email = f"{role.value}.{department.lower()}@{MAIL_DOMAIN}"
    window = WORKING[department] if role is Role.CLERK else None
    name = f"{NAMES[role]}（{department}）"
    made = SampleAccount(role.value, department, email, new_password())
    roles = LEADING if role is Role.LEADER else frozenset({role})
    person = offices.Person(email, name, department, roles, window)
    offices.add_account(person, made.password, SYSTEM, now)
    return made


def _event(number: int, now: datetime) -> SampleEvent:
    item, window, officer = SERVED[number - 1]
    facts = EventFacts(
        source=SOURCE, project_no=f"{DISTRICT_CODE}{clock.day_of(now):%Y%m%d}{number:06d}",
        item_code=item, window=window, officer=officer,
        served_at=now - FIRST_SERVED - BETWEEN * (number - 1),
    )  # fmt: skip
    recorded = record(facts, RecordedVia.FILE, SYSTEM, now)
    return SampleEvent(facts.project_no, link(recorded.event))


@sample.command("load")
@click.option(
    "--json", "target", type=click.Path(dir_okay=False, path_type=Path),
    help="Also write it all into this file, readable by its owner only.",
)  # fmt: skip
def load(target: Path | None) -> None:
    """Load the sample district into an empty database and print how to sign in, once."""
    with transaction():
        made = load_sample(clock.now())
    if made is None:
        click.echo(_("There are departments already: nothing was loaded."))
        return
    text = json.dumps(asdict(made), ensure_ascii=False, indent=2)
    click.echo(text)
    if target:
        write_private(target, text + "\n")


def write_private(target: Path, text: str) -> None:
    """Write a file that only its owner can read, whatever was there before."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(target.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as out:
        out.write(text)
    draft.replace(target)
