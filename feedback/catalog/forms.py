"""What is sent to be loaded."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField
from wtforms.validators import InputRequired

from ..offices.forms import StaffForm
from ..offices.loading import File
from ..tables import NAME_SHOWN
from .registers import REGISTERS

TABLES = {
    "departments": _l("Departments"), "windows": _l("Windows"), "officers": _l("Officers"),
    "items": _l("Items"), "tags": _l("Tags"), "routing": _l("Routing rules"),
}  # fmt: skip
"""The tables in words."""


class LoadForm(StaffForm):
    """A file and the table that it fills."""

    table = SelectField(_l("Table"), [InputRequired(_l("Please choose the table."))])
    file = FileField(_l("CSV or XLSX file"), [FileRequired(_l("Please choose a file."))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table.choices = [
            ("", str(_l("Please choose"))),
            *((name, str(TABLES[name])) for name in REGISTERS),
        ]

    def sent(self) -> File:
        """Return the file that was sent."""
        name = (self.file.data.filename or "")[-NAME_SHOWN:]
        return File(name, self.file.data.read(), REGISTERS[self.table.data])
