"""Loading the catalogue: every fault told, all rows or none, twice the same as once."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from feedback import config, privacy
from feedback.catalog import queries
from feedback.catalog.actions import load_files, table_of
from feedback.catalog.models import Item, RoutingRule, Tag
from feedback.catalog.registers import REGISTERS
from feedback.db import db, transaction
from feedback.errors import TableInvalid
from feedback.ledger.actions import SYSTEM
from feedback.ledger.models import Entry
from feedback.offices import loading
from feedback.offices.loading import File
from feedback.offices.models import Department, Officer, Window
from feedback.offices.registers import phone_digest
from feedback.sample import DATA

from ..conftest import MONDAY_MORNING
from ..counting import statements
from ..factories import make_district
from ..together import at_once, raised


def file(table, text):
    content = text if isinstance(text, bytes) else text.encode()
    return File(f"{table}.csv", content, REGISTERS[table])


def load(**texts):
    """Load these tables in one transaction and return (rows, new, changed) of each."""
    files = [file(table, text) for table, text in texts.items()]
    with transaction():
        counts = load_files(files, SYSTEM, MONDAY_MORNING)
    return {each.register: (each.rows, each.new, each.changed) for each in counts}


def faults(**texts):
    """Return (file, row, column, code) of every fault for which the tables are refused."""
    with pytest.raises(TableInvalid) as refused:
        load(**texts)
    return [(f.facts["file"], number, f.field, f.code) for number, f in refused.value.rows]


def rows_of(model):
    return db.session.scalar(select(func.count()).select_from(model))


SAMPLE = {name: (DATA / f"{name}.csv").read_bytes() for name in REGISTERS}


def test_the_sample_district_loads_and_loading_it_again_changes_nothing(context):
    first = load(**SAMPLE)
    assert first["departments"] == (19, 19, 0)
    assert first["items"] == (32, 32, 0)
    assert first["tags"] == (72, 72, 0)
    assert all(new == rows and not changed for rows, new, changed in first.values())
    again = load(**SAMPLE)
    assert all((new, changed) == (0, 0) for _, new, changed in again.values())
    assert queries.counts() == {name: rows for name, (rows, _, _) in again.items()}


def test_the_forty_tags_in_force_have_english_words(context):
    load(**SAMPLE)
    in_force = db.session.scalars(select(Tag).where(Tag.in_force)).all()
    assert len(in_force) == 40
    assert all(tag.name_en.isascii() and tag.name_en for tag in in_force)
    assert all(tag.responsibility for tag in in_force if tag.grade <= 2)


def test_the_order_of_the_files_does_not_matter(context):
    assert load(**dict(reversed(SAMPLE.items())))["officers"][1] == 26


def test_the_same_content_in_the_encoding_of_excel_is_the_same(context):
    load(departments=SAMPLE["departments"])
    again = SAMPLE["departments"].decode().encode("gb18030")
    assert load(departments=again)["departments"] == (19, 0, 0)
    assert load(departments=b"\xef\xbb\xbf" + SAMPLE["departments"])["departments"] == (19, 0, 0)


def test_every_bad_row_is_told_by_number_and_column(context):
    make_district()
    items = "\n".join(
        [
            "code,name,department,kind,promised_days,promised_unit,active",
            "A-1,好的事项,RS,application,5,workday,1",
            "A-2,,RS,application,5,workday,1",
            "A-3,x,NONE,wish,many,year,yes",
            f"A-4,{'长' * 201},RS,application,99999,workday,1",
            "A 5,x,RS,application,,,",
            "A-1,x,RS,application,1,day,0",
            ",,,,1,,",
        ]
    )
    assert faults(items=items) == [
        ("items.csv", 3, "name", "missing"),
        ("items.csv", 4, "kind", "not_in_list"),
        ("items.csv", 4, "promised_days", "not_a_number"),
        ("items.csv", 4, "promised_unit", "not_in_list"),
        ("items.csv", 4, "active", "not_a_flag"),
        ("items.csv", 4, "department", "unknown_department"),
        ("items.csv", 5, "name", "too_long"),
        ("items.csv", 5, "promised_days", "out_of_range"),
        ("items.csv", 6, "code", "not_a_code"),
        ("items.csv", 7, "code", "key_twice"),
        ("items.csv", 8, "code", "missing"),
        ("items.csv", 8, "name", "missing"),
        ("items.csv", 8, "department", "missing"),
        ("items.csv", 8, "kind", "missing"),
    ]


def test_faults_of_several_files_are_told_together(context):
    found = faults(
        departments="code,name,kind\nRS,x,palace",
        windows="code,name,department\nRS-1,x,RS\nSW-1,x,SW",
        tags="code,grade,name,in_force,shown_first\n510,4,x,1,1\n610,6,x,1,1",
        officers="nothing,known\n1,2",
    )
    assert found == [
        ("departments.csv", 2, "kind", "not_in_list"),
        ("windows.csv", 3, "department", "unknown_department"),
        ("officers.csv", 1, "nothing", "column_unknown"),
        ("officers.csv", 1, "known", "column_unknown"),
        ("officers.csv", 1, "code", "column_missing"),
        ("officers.csv", 1, "name", "column_missing"),
        ("officers.csv", 1, "department", "column_missing"),
        ("tags.csv", 2, "grade", "grade_not_in_code"),
        ("tags.csv", 3, "code", "out_of_range"),
        ("tags.csv", 3, "grade", "out_of_range"),
    ]


@pytest.mark.parametrize(
    ("table", "text", "expected"),
    [
        ("officers", "code,name,department,window,phone\nG1,x,RS,NONE,123",
         [("phone", "not_a_phone"), ("window", "unknown_window")]),
        ("routing", "position,item,owner\n1,NONE,@item\n2,,@nowhere\n3,,NONE",
         [("item", "unknown_item"), ("owner", "not_in_list"), ("owner", "unknown_department")]),
        ("items", "code,name,department,kind,guide_owner\nA,x,RS,public,NONE",
         [("guide_owner", "unknown_department")]),
        ("departments", "code,name,kind\n@item,x,street", [("code", "not_a_code")]),
        ("tags", "code,grade,name,in_force,shown_first\n٥١٠,5,x,1,1", [("code", "not_a_number")]),
    ],
)  # fmt: skip
def test_each_table_knows_what_its_cells_may_be(context, table, text, expected):
    make_district()
    assert [(column, code) for _, _, column, code in faults(**{table: text})] == expected


def test_one_bad_row_in_one_file_keeps_every_file_out(context):
    bad = SAMPLE["tags"] + "516,4,错,1,1,1,\n".encode()
    with pytest.raises(TableInvalid):
        load(**{**SAMPLE, "tags": bad})
    assert set(queries.counts().values()) == {0}
    assert rows_of(Entry) == 0


def test_control_without_the_refusal_the_good_rows_would_be_in(context):
    """Shows that the test above would see rows: writing comes after refusing, and only there."""
    with transaction():
        loading._store(loading.read(file("departments", SAMPLE["departments"])))
    assert queries.counts()["departments"] == 19


def test_what_breaks_on_the_way_leaves_nothing_behind(context):
    def load_and_break():
        with transaction():
            load_files([file("departments", SAMPLE["departments"])], SYSTEM, MONDAY_MORNING)
            assert rows_of(Department) == 19
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011
        load_and_break()
    assert rows_of(Department) == 0


def test_what_a_file_does_not_mention_stays(context):
    load(**SAMPLE)
    counts = load(
        departments="code,name,kind\nRS,区人社局,department\nNEW,新部门,department",
        items="code,name,department,kind\nRS-001,特殊工时首次审批,SW,application",
    )
    assert counts == {"departments": (2, 1, 1), "items": (1, 0, 1)}
    assert rows_of(Department) == 20
    assert db.session.get_one(Department, "RS").note == "含劳动监察"
    item = db.session.get_one(Item, "RS-001")
    assert (item.department_code, item.promised_days) == ("SW", 4)


def test_a_retired_row_stays_retired_until_a_file_says_otherwise(context):
    make_district()
    window = "code,name,department\nRS-12,政务服务大厅12号窗口,RS"

    def is_active():
        db.session.expire_all()
        return db.session.get_one(Window, "RS-12").active

    load(windows="code,name,department,active\nRS-12,政务服务大厅12号窗口,RS,0")
    assert not is_active()
    assert load(windows=window) == {"windows": (1, 0, 0)}
    assert not is_active()
    load(windows="code,name,department,active\nRS-12,政务服务大厅12号窗口,RS,")
    assert is_active()


def test_an_officers_phone_is_kept_sealed_and_found_by_its_digest(context):
    make_district()
    text = "code,name,department,phone\nG1,示例,RS,199 0000 0001"
    load(officers=text)
    officer = db.session.get_one(Officer, "G1")
    sealed = officer.phone_sealed
    keys = config.settings().data_keys
    assert privacy.unseal(keys, "officers", "phone", "G1", sealed) == "+8619900000001"
    assert officer.phone_digest == phone_digest("+8619900000001")
    assert load(officers=text.replace("199 0000", "+86 199-0000")) == {"officers": (1, 0, 0)}
    assert load(officers="code,name,department\nG1,改名,RS") == {"officers": (1, 0, 1)}
    db.session.expire_all()
    assert db.session.get_one(Officer, "G1").phone_sealed == sealed
    assert load(officers=text.replace("0001", "0002")) == {"officers": (1, 0, 1)}
    load(officers="code,name,department,phone\nG1,示例,RS,")
    db.session.expire_all()
    assert db.session.get_one(Officer, "G1").phone_sealed is None
    assert db.session.get_one(Officer, "G1").phone_digest is None


def test_routing_names_places_departments_and_items(context):
    make_district()
    load(routing="position,tag_class,item,owner\n5,staff,RS-001,SW\n6,,,@guide")
    rule = db.session.get_one(RoutingRule, 5)
    assert (rule.tag_class.value, rule.item_code, rule.owner) == ("staff", "RS-001", "SW")


def test_each_file_leaves_one_ledger_line_without_people(context):
    make_district()
    load(officers="code,name,department,phone\nG1,示例窗口人员,RS,19900000001",
         windows="code,name,department\nRS-12,政务服务大厅12号窗口,RS")  # fmt: skip
    lines = db.session.scalars(select(Entry).order_by(Entry.id)).all()
    assert [(line.subject, line.subject_id, line.act, line.facts) for line in lines] == [
        ("catalog", "windows", "load", {"table": "windows", "rows": 1, "new": 0, "changed": 0}),
        ("catalog", "officers", "load", {"table": "officers", "rows": 1, "new": 1, "changed": 0}),
    ]


def test_a_thousand_rows_take_as_many_statements_as_ten(app):
    def counted(rows, start):
        lines = "\n".join(f"A-{start + n},事项{n},RS,public" for n in range(rows))
        with app.app_context(), statements(app) as seen:
            load(items="code,name,department,kind\n" + lines)
        return len(seen)

    with app.app_context():
        make_district()
    assert counted(10, 0) == counted(1000, 5) <= 6


def test_two_people_who_load_the_same_file_at_once_both_succeed(app):
    with app.app_context():
        make_district()

    def one():
        load(departments=SAMPLE["departments"], tags=SAMPLE["tags"])

    assert raised(at_once(app, *[one] * 4)) == []
    with app.app_context():
        assert queries.counts()["tags"] == 72


CELL = st.one_of(
    st.sampled_from(
        ["", "RS", "SW", "RS-12", "RS-001", "510", "5", "1", "0", "guide", "@item", "public",
         "19900000001", "handler", "-1", "1e9", "2147483648", "é" * 300, "１", "\u2028", "%s", "'--"]
    ),
    st.text(max_size=12),
)  # fmt: skip


@pytest.mark.parametrize("table", list(REGISTERS))
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(rows=st.lists(st.lists(CELL, max_size=9), min_size=1, max_size=5))
def test_no_rows_do_anything_but_load_or_be_refused(context, table, rows):
    if not rows_of(Department):
        make_district()
    columns = REGISTERS[table].columns
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in rows]
    lines = [",".join(column.name for column in columns), *map(",".join, quoted)]
    content = "\n".join(lines).encode("utf-8", "replace")
    with suppress(TableInvalid), transaction():
        load_files([file(table, content)], SYSTEM, MONDAY_MORNING)


@pytest.mark.parametrize(
    ("name", "table"),
    [("departments.csv", "departments"), ("Items-2026.XLSX", "items"), ("routing.csv", "routing"),
     ("/there/tags.csv", "tags"), ("list.csv", None), ("", None)],
)  # fmt: skip
def test_the_table_is_guessed_from_the_files_name(name, table):
    assert table_of(name) == table
