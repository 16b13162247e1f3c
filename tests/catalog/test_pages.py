"""The administrator's desk of the catalogue."""

import io

import pytest

from feedback.catalog import queries
from feedback.catalog.pages import FILE_LIMIT
from feedback.offices.roles import Role
from feedback.sample import DATA

from ..factories import let_go, make_account, make_district, sign_in


@pytest.fixture
def admin(app, client):
    """Sign an administrator in."""
    with app.app_context():
        make_district()
        account = make_account(Role.ADMIN, department="XZSP")
        let_go(account)
    sign_in(client, account)
    return client


def token(client):
    page = client.get("/admin/catalogue").get_data(as_text=True)
    return page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]


def send(client, table, content, name="file.csv"):
    data = {"table": table, "csrf_token": token(client)}
    if content is not None:
        data["file"] = (io.BytesIO(content), name)
    return client.post("/admin/catalogue?lang=en", data=data, follow_redirects=False)


def test_the_desk_shows_what_is_loaded_and_finds_items(admin):
    page = admin.get("/admin/catalogue?lang=en").get_data(as_text=True)
    assert "特殊工时首次审批" in page
    assert "用水报装并联审批" in page
    for words in ("水务", "SW-0", "报装"):
        page = admin.get(f"/admin/catalogue?q={words}").get_data(as_text=True)
        assert "用水报装并联审批" in page
        assert "特殊工时首次审批" not in page
    assert "用水报装并联审批" not in admin.get("/admin/catalogue?q=%25").get_data(as_text=True)
    assert admin.get("/admin/catalogue?q=%00%ff").status_code == 200


def test_a_file_is_loaded(app, admin):
    answer = send(admin, "departments", (DATA / "departments.csv").read_bytes())
    assert answer.status_code == 303
    page = admin.get("/admin/catalogue?lang=en").get_data(as_text=True)
    assert "file.csv: 19 rows, 15 new" in page
    with app.app_context():
        assert queries.counts()["departments"] == 19


def test_faults_are_shown_by_row_and_column_and_nothing_is_loaded(app, admin):
    content = "code,name,kind\nNEW,新部门,department\nBAD,x,castle\n".encode()
    answer = send(admin, "departments", content)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Nothing was loaded" in page
    assert '<td class="number">3</td><td>kind</td>' in page
    assert "supervisor, department, utility, street, community" in page
    with app.app_context():
        assert queries.counts()["departments"] == 4


@pytest.mark.parametrize(
    ("table", "content"),
    [("departments", None), ("", b"code"), ("accounts", b"code"), ("items", b"PK\x03\x04bomb"),
     ("items", b""), ("items", b"\xff\xfe\x00")],
)  # fmt: skip
def test_what_cannot_be_loaded_is_refused_in_words(admin, table, content):
    assert send(admin, table, content).status_code == 422


def test_what_a_file_says_is_shown_as_text_only(admin):
    answer = send(admin, "departments", b"<script>alert(1)</script>,name\n1,2", "<b>.csv")
    assert b"<script>alert" not in answer.data
    assert b"<b>.csv" not in answer.data


def test_this_page_takes_larger_bodies_and_has_its_limit(app, admin):
    rows = "".join(f"X-{n},{'名' * 50},RS,public\n" for n in range(4_000))
    answer = send(admin, "items", ("code,name,department,kind\n" + rows).encode())
    assert answer.status_code == 303
    assert send(admin, "items", b"x" * FILE_LIMIT).status_code == 413
    assert admin.post("/admin/accounts", data={"name": "x" * 100_000}).status_code == 413


def test_the_page_takes_as_many_statements_for_many_items_as_for_few(app, admin):
    from ..counting import statements

    def counted():
        with statements(app) as seen:
            assert admin.get("/admin/catalogue").status_code == 200
        return len(seen)

    few = counted()
    rows = "".join(f"X-{n},名,RS,public\n" for n in range(150))
    send(admin, "items", ("code,name,department,kind\n" + rows).encode())
    admin.get("/admin/catalogue")
    assert counted() == few


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_administrators_load(app, client, role):
    with app.app_context():
        make_district()
        account = make_account(role)
        let_go(account)
    sign_in(client, account)
    assert client.get("/admin/catalogue").status_code == 403
