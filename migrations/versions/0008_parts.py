"""Whoever did something in a case has that one part in it, and a closure is of the last round.

SQLite cannot add a key to a table: its tables are made anew by their own words, with the new ones in
them, so that whatever else they hold by then stays. PostgreSQL alters them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

HANDLED = ("contacts", "verifications", "rectifications", "replies", "requests", "appeals")
JUDGED = ("judgements", "reconsiderations")

AS_HANDLER = (
    "'accept', 'contact', 'verify', 'rectify', 'reply', 'complex', 'extend', 'transfer', 'appeal'"
)
"""Acts by which somebody is a handler."""


@dataclass(frozen=True)
class Column:
    """A new column: its type, and what it holds for a row that was there before."""

    type: str
    filled: str
    nullable: bool = False


@dataclass(frozen=True)
class Change:
    """What a table gets: columns, constraints, and constraints in the place of others, by name."""

    columns: Mapping[str, Column] = field(default_factory=dict)
    added: Mapping[str, str] = field(default_factory=dict)
    swapped: Sequence[tuple[str, str, str, str]] = ()
    """The old one's name and words, the new one's name and words."""


def part_key(by: str, part: str) -> str:
    return f"FOREIGN KEY(case_id, {by}, {part}) REFERENCES case_parts (case_id, account_id, part)"


def by_their_part(table: str, part: str) -> Change:
    """Return what every table gets whose rows are somebody's in that part."""
    return Change(
        {"part": Column("VARCHAR(20)", f"'{part}'")},
        {
            f"ck_{table}_by_{part}": f"CHECK (part = '{part}')",
            f"fk_{table}_part": part_key("by_id", "part"),
        },
    )


VISITOR_OR_CITIZEN = (
    "(by_id IS NULL) = (second_review_id IS NOT NULL) AND (by_id IS NULL) = (means IS NULL)"
    " AND (by_id IS NULL) = (visitor_department IS NULL)"
)

CHANGES: dict[str, Change] = {
    "case_parts": Change(
        added={"uq_case_parts_case_id_account_id_part": "UNIQUE (case_id, account_id, part)"},
        swapped=[(
            "ck_case_parts_part", "CHECK (part IN ('handler', 'judge', 'visitor'))",
            "ck_case_parts_part", "CHECK (part IN ('handler', 'judge', 'visitor', 'closer'))",
        )],
    ),
    **{table: by_their_part(table, "handler") for table in HANDLED},
    **{table: by_their_part(table, "judge") for table in JUDGED},
    "return_visits": Change(
        {"part": Column(
            "VARCHAR(20)", "CASE WHEN by_id IS NOT NULL THEN 'visitor' END", nullable=True
        )},
        {
            **by_their_part("return_visits", "visitor").added,
            "uq_return_visits_id_satisfied": "UNIQUE (id, satisfied)",
        },
        [(
            "ck_return_visits_visitor_or_citizen", f"CHECK ({VISITOR_OR_CITIZEN})",
            "ck_return_visits_visitor_or_citizen",
            f"CHECK ({VISITOR_OR_CITIZEN} AND (by_id IS NULL) = (part IS NULL))",
        )],
    ),
    "closures": Change(
        {
            "visit_satisfied": Column(
                "BOOLEAN", "(SELECT v.satisfied FROM return_visits v WHERE v.id = {rows}.visit_id)",
                nullable=True,
            ),
            "closer_part": Column(
                "VARCHAR(20)", "(SELECT p.part FROM case_parts p WHERE p.case_id = {rows}.case_id"
                " AND p.account_id = {rows}.closed_by_id)",
            ),
        },
        {
            "fk_closures_visit_satisfied": "FOREIGN KEY(visit_id, visit_satisfied)"
            " REFERENCES return_visits (id, satisfied)",
            "ck_closures_answer_has_verdict": "CHECK ((visit_outcome IS NOT NULL"
            " AND visit_outcome = 'answered') = (visit_satisfied IS NOT NULL))",
            "ck_closures_dissatisfied_has_conclusion": "CHECK (visit_satisfied IS NULL"
            " OR visit_satisfied OR length(words) > 0 AND round >= 2)",
            "ck_closures_closer_has_no_handlers_part": "CHECK (closer_part <> 'handler')",
            "fk_closures_closer_part": part_key("closed_by_id", "closer_part"),
        },
        [(
            "uq_closures_id_case_id", "UNIQUE (id, case_id)",
            "uq_closures_id_case_id_round", "UNIQUE (id, case_id, round)",
        )],
    ),
    "cases": Change(
        swapped=[(
            "fk_cases_closure", "FOREIGN KEY(closure_id, id) REFERENCES closures (id, case_id)",
            "fk_cases_closure",
            "FOREIGN KEY(closure_id, id, round) REFERENCES closures (id, case_id, round)",
        )],
    ),
}  # fmt: skip
"""In an order in which the keys find what they point at."""


def is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def upgrade() -> None:
    give_parts()
    for table in reversed(CHANGES):
        for old, _, _, _ in CHANGES[table].swapped:
            let_go(table, old)
    for table, change in CHANGES.items():
        alter(table, change)
        if table == "case_parts":
            give_closers_parts()
            stop_at_two_parts()
    check_keys()


def downgrade() -> None:
    for table in reversed(CHANGES):
        change = CHANGES[table]
        for name in (*change.added, *(new for _, _, new, _ in change.swapped)):
            let_go(table, name)
    take_closers_parts()
    for table, change in CHANGES.items():
        alter_back(table, change)
    check_keys()


# -- parts of those who had done something before there was a key -------------------------------------


def give_parts() -> None:
    """Note the part of everybody who did something in a case and has none: first come, first kept."""
    done = [(table, "handler", "by_id") for table in HANDLED]
    done += [("return_visits", "visitor", "by_id")]
    done += [(table, "judge", "by_id") for table in JUDGED]
    for table, part, by in done:
        op.execute(
            "INSERT INTO case_parts (case_id, account_id, part, at)"
            f" SELECT case_id, {by}, '{part}', min(at) FROM {table} WHERE {by} IS NOT NULL"
            f" GROUP BY case_id, {by} ON CONFLICT DO NOTHING"
        )
    for part, wanted in (
        ("handler", f"e.act IN ({AS_HANDLER})"
                    " OR e.act = 'reveal' AND e.facts->>'purpose' <> 'visit'"),
        ("visitor", "e.act = 'reveal' AND e.facts->>'purpose' = 'visit'"),
    ):  # fmt: skip
        op.execute(
            "INSERT INTO case_parts (case_id, account_id, part, at)"
            f" SELECT c.id, e.actor_id, '{part}', min(e.at) FROM ledger_entries e JOIN cases c"
            " ON replace(e.subject_id, '-', '') = replace(CAST(c.id AS TEXT), '-', '')"
            f" WHERE e.subject = 'case' AND e.actor_id IS NOT NULL AND ({wanted})"
            " GROUP BY c.id, e.actor_id ON CONFLICT DO NOTHING"
        )


def give_closers_parts() -> None:
    op.execute(
        "INSERT INTO case_parts (case_id, account_id, part, at)"
        " SELECT case_id, closed_by_id, 'closer', at FROM closures WHERE true"
        " ON CONFLICT DO NOTHING"
    )


def stop_at_two_parts() -> None:
    """Stop if somebody did something in a case whose part in it is another: no key can hold that."""
    done = [(table, "by_id", "p.part <> 'handler'") for table in HANDLED]
    done += [("return_visits", "by_id", "p.part <> 'visitor'")]
    done += [(table, "by_id", "p.part <> 'judge'") for table in JUDGED]
    done += [("closures", "closed_by_id", "p.part = 'handler'")]
    for table, by, wrong in done:
        found = op.get_bind().execute(sa.text(
            f"SELECT c.number FROM {table} d JOIN case_parts p ON p.case_id = d.case_id"
            f" AND p.account_id = d.{by} JOIN cases c ON c.id = d.case_id WHERE {wrong}"
            " ORDER BY c.number"
        )).scalars().all()  # fmt: skip
        if found:
            raise RuntimeError(
                f"{table}: somebody who had another part in the case too: {', '.join(found[:10])}"
            )


def take_closers_parts() -> None:
    """Take away what the old house has no word for; who closed a case stands in its closure."""
    unguarded("case_parts", "DELETE FROM case_parts WHERE part = 'closer'")


# -- the tables ---------------------------------------------------------------------------------------


def alter(table: str, change: Change) -> None:
    """Give a table its new columns and constraints."""
    for name, column in change.columns.items():
        op.execute(f"ALTER TABLE {table} ADD COLUMN {name} {column.type}")
    for name, column in change.columns.items():
        unguarded(table, f"UPDATE {table} SET {name} = {column.filled.format(rows=table)}")
    if is_sqlite():
        make_anew(table, change)
        return
    for name, column in change.columns.items():
        if not column.nullable:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL")
    swapped = {new: words for _, _, new, words in change.swapped}
    for name, words in {**swapped, **change.added}.items():
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {words}")


def alter_back(table: str, change: Change) -> None:
    """Give a table back what it had."""
    if is_sqlite():
        make_old(table, change)
    for name in change.columns:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    if not is_sqlite():
        for old, words, _, _ in change.swapped:
            op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {old} {words}")


def let_go(table: str, name: str) -> None:
    """Drop a constraint; SQLite's goes when its table is made anew."""
    if not is_sqlite():
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def unguarded(table: str, statement: str) -> None:
    """Run what the guards of a table would refuse."""
    if not is_sqlite():
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        op.execute(statement)
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return
    guards = words_of(table, "trigger")
    for name in guards:
        op.execute(f"DROP TRIGGER {name}")
    op.execute(statement)
    for words in guards.values():
        exactly(words)


def make_anew(table: str, change: Change) -> None:
    """Make a table of SQLite anew with the new constraints in its words."""
    said = [
        (f"{name} {column.type}", f"{name} {column.type} NOT NULL")
        for name, column in change.columns.items()
        if not column.nullable
    ]
    said += [
        (f"CONSTRAINT {old} {was}", f"CONSTRAINT {new} {words}")
        for old, was, new, words in change.swapped
    ]
    more = "".join(f", \n\tCONSTRAINT {name} {words}" for name, words in change.added.items())
    remake(table, said, more)


def make_old(table: str, change: Change) -> None:
    """Make a table of SQLite anew with the old constraints in its words."""
    said = [
        (f"CONSTRAINT {new} {words}", f"CONSTRAINT {old} {was}")
        for old, was, new, words in change.swapped
    ]
    said += [(f", \n\tCONSTRAINT {name} {words}", "") for name, words in change.added.items()]
    remake(table, said, "")


def remake(table: str, said: Sequence[tuple[str, str]], more: str) -> None:
    """Make a table of SQLite anew with its words changed; rows, indexes and guards stay.

    A word may be there more than once (0003 wrote the circular keys of `cases` twice). Raises
    RuntimeError if it is not there.
    """
    words = words_of(table, "table")[table]
    for old, new in said:
        if old not in words:
            raise RuntimeError(f"{table} is not the table that was meant: it has no {old}")
        words = words.replace(old, new)
    body, end, _ = words.rpartition("\n)")
    beside = [*words_of(table, "index").values(), *words_of(table, "trigger").values()]
    op.execute(f"CREATE TABLE was_{table} AS SELECT * FROM {table}")
    op.execute(f"DROP TABLE {table}")
    for statement in (body + more + end, *beside):
        exactly(statement)
    op.execute(f"INSERT INTO {table} SELECT * FROM was_{table}")
    op.execute(f"DROP TABLE was_{table}")


def words_of(table: str, kind: str) -> dict[str, str]:
    """Return the statements by which SQLite made a table, its indexes or its guards, by name."""
    found = op.get_bind().execute(
        sa.text(
            "SELECT name, sql FROM sqlite_schema"
            " WHERE tbl_name = :table AND type = :kind AND sql IS NOT NULL ORDER BY rowid"
        ),
        {"table": table, "kind": kind},
    )
    return {row.name: row.sql for row in found}


def exactly(statement: str) -> None:
    """Run a statement as it stands: a colon in it is no parameter."""
    op.get_bind().exec_driver_sql(statement)


def check_keys() -> None:
    """Stop if a row points nowhere; SQLite did not look while the tables were made anew."""
    if is_sqlite():
        lost = op.get_bind().exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if lost:
            raise RuntimeError(f"rows that point nowhere: {lost[:5]}")
