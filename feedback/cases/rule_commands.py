"""`flask rules …`: the terms that cases are held to, with their legal basis and their versions."""

from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from .. import clock
from ..ledger.actions import Actor
from ..offices.commands import carry_out
from ..wording import label
from . import rulebook
from .calendar_commands import BY, FILE, person
from .models import RuleVersion
from .rule_file import read_rules
from .rules import Rule, Rules, from_json

commands = AppGroup("rules", help="Terms of cases, each with its legal basis.")


@commands.command("show")
@click.option(
    "--version", type=click.IntRange(1), help="An older version; the one in force if not."
)
def show(version: int | None) -> None:
    """Show the terms: rule, amount, unit, legal basis, and which version by whom and when."""
    kept = rulebook.versions()
    if version is not None:
        kept = [one for one in kept if one.version == version]
        if not kept:
            raise click.ClickException(
                _("There is no version %(version)s: see flask rules history.", version=version)
            )
    click.echo(_headline(kept[0]) if kept else _("Version 1, as the product came"))
    for line in _lines(
        from_json(kept[0].version, kept[0].terms) if kept else rulebook.in_force().rules
    ):
        click.echo(line)


def _headline(kept: RuleVersion) -> str:
    who = kept.by_name or _("as the product came")
    at = f"{clock.local(kept.at):%F %H:%M}"
    return _("Version %(version)s, %(at)s, %(who)s", version=kept.version, at=at, who=who)


def _lines(rules: Rules) -> list[str]:
    """Return the terms as a file of `flask rules load` has them, and in words."""
    return [
        "\t".join(
            (rule.value, str(term.amount), term.unit.value, rules.basis[rule], label("rule", rule))
        )
        for rule, term in rules.terms.items()
    ]


@commands.command("load")
@click.argument("file", type=FILE)
@BY
def load(file: Path, by: str) -> None:
    """Change terms by a CSV or XLSX file: rule, amount, unit (workday or day), basis.

    Only the rules that the file names change; all rows or none. Cases opened from now on are held
    to the new version, open ones keep theirs. The same file again changes nothing.
    """
    rules, is_new = carry_out(_change, file.read_bytes(), person(by))
    if is_new:
        click.echo(_("Version %(version)s holds for new cases.", version=rules.version))
    else:
        click.echo(_("Nothing differs from version %(version)s.", version=rules.version))


def _change(content: bytes, by: Actor) -> tuple[Rules, bool]:
    return rulebook.change(read_rules(content), by, clock.now())


@commands.command("history")
def history() -> None:
    """List every version, newest first, with what it changed."""
    kept = rulebook.versions()
    if not kept:
        click.echo(_("Version 1, as the product came"))
    for one, before in zip(kept, [*kept[1:], None], strict=True):
        click.echo("\n    ".join((_headline(one), *_changes(one, before))))


def _changes(one: RuleVersion, before: RuleVersion | None) -> list[str]:
    """Return the terms that a version changed, in words; none for the first."""
    if before is None:
        return []
    new, old = (from_json(kept.version, kept.terms) for kept in (one, before))
    return [
        f"{label('rule', rule)}: {_term(old, rule)} → {_term(new, rule)} · {new.basis[rule]}"
        for rule in new.terms
        if (new.terms[rule], new.basis[rule]) != (old.terms.get(rule), old.basis.get(rule))
    ]


def _term(rules: Rules, rule: Rule) -> str:
    term = rules.terms.get(rule)
    return f"{term.amount} {label('unit', term.unit)}" if term else ""
