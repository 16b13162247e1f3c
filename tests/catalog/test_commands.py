"""`flask catalog load`."""

from feedback.catalog import queries
from feedback.sample import DATA


def test_files_are_loaded_and_counted(app, run_flask):
    done = run_flask("catalog", "load", str(DATA / "items.csv"), str(DATA / "departments.csv"))
    with app.app_context():
        counts = queries.counts()
    assert (counts["departments"], counts["items"]) == (19, 32)
    assert [line.split(".csv")[0] for line in done.stdout.splitlines()] == ["departments", "items"]
    assert "19" in done.stdout


def test_bad_rows_are_listed_and_nothing_is_loaded(app, run_flask, tmp_path):
    bad = tmp_path / "offices.csv"
    bad.write_text("code,name,kind\nRS,,department\nSW,x,castle\n", "utf-8")
    done = run_flask("catalog", "load", str(DATA / "tags.csv"), str(bad), check=False)
    assert done.returncode == 2
    assert "--table" in done.stderr
    bad = bad.rename(tmp_path / "departments.csv")
    done = run_flask("catalog", "load", str(DATA / "tags.csv"), str(bad), check=False)
    assert done.returncode == 1
    assert "departments.csv · 2 · name" in done.stderr
    assert "departments.csv · 3 · kind" in done.stderr
    assert "Traceback" not in done.stderr
    with app.app_context():
        assert set(queries.counts().values()) == {0}


def test_a_file_of_any_name_is_loaded_into_the_table_that_is_named(app, run_flask, tmp_path):
    odd = tmp_path / "部门.csv"
    odd.write_bytes((DATA / "departments.csv").read_bytes())
    run_flask("catalog", "load", str(odd), "--table", "departments")
    with app.app_context():
        assert queries.counts()["departments"] == 19
