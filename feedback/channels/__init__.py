"""The doors: all that leads to the hallway, the rooms' own pages, and the commands."""

from flask import Flask

from ..cases.calendar_commands import commands as calendar_commands
from ..cases.commands import commands as cases_commands
from ..cases.doors import pages as cases_pages
from ..cases.finding import pages as finding_pages
from ..cases.pressure_pages import pages as pressure_pages
from ..cases.rule_commands import commands as rule_commands
from ..cases.special.pages import pages as special_pages
from ..catalog.commands import catalog as catalog_commands
from ..catalog.pages import pages as catalog_pages
from ..commands import settings_command
from ..events.commands import commands as events_commands
from ..events.pages import pages as events_pages
from ..logs import open_logs
from ..offices.commands import accounts as account_commands
from ..offices.commands import api_keys as api_key_commands
from ..offices.pages import pages as offices_pages
from ..reports.commands import commands as reports_commands
from ..reports.pages import pages as reports_pages
from ..sample import sample as sample_commands
from ..wording import open_wording
from .afterwards import pages as afterwards_pages
from .api import api
from .citizen import open_citizen_pages
from .feeding import open_feeding
from .headers import open_headers
from .health import pages as health_pages
from .incoming import pages as incoming_pages
from .key_commands import commands as key_commands
from .message_commands import commands as message_commands
from .message_figures import pages as message_figures_pages
from .message_wording import pages as message_wording_pages
from .messages import pages as message_pages
from .receipts import pages as receipt_pages
from .refusals import open_refusals
from .sms import pages as sms_pages
from .web import pages as web_pages

BLUEPRINTS = (
    api,
    cases_pages,
    finding_pages,
    pressure_pages,
    special_pages,
    events_pages,
    reports_pages,
    web_pages,
    receipt_pages,
    afterwards_pages,
    sms_pages,
    health_pages,
    message_pages,
    incoming_pages,
    message_figures_pages,
    message_wording_pages,
    catalog_pages,
    offices_pages,
)
COMMANDS = (
    events_commands,
    reports_commands,
    cases_commands,
    calendar_commands,
    rule_commands,
    message_commands,
    key_commands,
    settings_command,
    catalog_commands,
    account_commands,
    api_key_commands,
    sample_commands,
)


def open_doors(app: Flask) -> None:
    """Register every page, door and command."""
    open_logs(app)
    open_headers(app)
    open_wording(app)
    open_citizen_pages(app)
    open_refusals(app)
    open_feeding(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for command in COMMANDS:
        app.cli.add_command(command)
