"""The administrator's desk of the catalogue: what is loaded, and loading more."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from .. import clock
from ..db import transaction
from ..errors import TableInvalid
from ..limits import larger_body
from ..offices.roles import Role
from ..offices.sign_in import actor, for_roles, me
from ..text import NotText, clean_line
from . import queries
from .actions import load_files
from .forms import TABLES, LoadForm
from .registers import REGISTERS

pages = Blueprint("catalog", __name__)

FILE_LIMIT = 5_000_000  # bytes of a request with a file
ITEMS_SHOWN = 200
FAULTS_SHOWN = 500


def _with_file() -> int:
    return FILE_LIMIT


@pages.get("/admin/catalogue")
@for_roles(Role.ADMIN)
def catalogue() -> str:
    """Show what is loaded, the items by search, and the form for a file."""
    return _page(LoadForm(formdata=None))


@pages.post("/admin/catalogue")
@larger_body(_with_file)
@for_roles(Role.ADMIN)
def load() -> Response | tuple[str, int]:
    """Load one file, all rows or none; every fault is shown by row and column."""
    form = LoadForm()
    if not form.validate():
        return _page(form), 422
    try:
        with transaction():
            (counts,) = load_files([form.sent()], actor(me()), clock.now())
    except TableInvalid as invalid:
        return _page(form, invalid), 422
    flash(
        _(
            "%(file)s: %(rows)s rows, %(new)s new, %(changed)s changed",
            file=counts.file, rows=counts.rows, new=counts.new, changed=counts.changed,
        )
    )  # fmt: skip
    return redirect(url_for("catalog.catalogue"), 303)


def _page(form: LoadForm, invalid: TableInvalid | None = None) -> str:
    words = _words()
    faults = invalid.rows if invalid else []
    return render_template(
        "catalog/catalogue.html", form=form, counts=queries.counts(), tables=TABLES,
        columns=_columns(), words=words, items=queries.items(words, ITEMS_SHOWN),
        items_shown=ITEMS_SHOWN, faults=faults[:FAULTS_SHOWN], faults_found=len(faults),
    )  # fmt: skip


def _words() -> str:
    try:
        return clean_line(request.args.get("q", ""))[:100]
    except NotText:
        return ""


def _columns() -> dict[str, list[tuple[str, bool]]]:
    """Return each table's columns, and whether each may be left out."""
    return {
        name: [(column.name, column.is_optional) for column in register.columns]
        for name, register in REGISTERS.items()
    }
