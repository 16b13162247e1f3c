"""`flask accounts …` and `flask api-keys …`."""

import re

from feedback.offices import queries
from feedback.offices.actions import person_of
from feedback.offices.roles import Role

from ..factories import make_district
from .test_pages import try_to_sign_in

ADD = ("accounts", "add", "aili@licheng.example", "--name", "爱丽", "--department", "RS")


def prepare(app):
    with app.app_context():
        make_district()


def test_an_account_is_added_with_a_made_password_and_disabled(app, run_flask):
    prepare(app)
    done = run_flask(*ADD, "--role", "handler", "--role", "head", "--window", "RS-12", "--generate")
    (password,) = re.findall(r"(?:[2-9a-z]{5}-){3}[2-9a-z]{5}", done.stdout)
    with app.app_context():
        person = person_of(queries.account("aili@licheng.example"))
    assert (person.window, person.roles) == ("RS-12", {Role.HANDLER, Role.HEAD})
    assert try_to_sign_in(app, person.email, password).status_code == 302
    assert "aili@licheng.example" in run_flask("accounts", "list").stdout
    run_flask("accounts", "disable", "AILI@licheng.example")
    assert try_to_sign_in(app, person.email, password).status_code != 302


def test_what_is_wrong_with_an_account_is_said_and_the_command_fails(app, run_flask):
    prepare(app)
    done = run_flask(*ADD, "--role", "admin", "--role", "clerk", check=False)
    assert done.returncode == 1
    assert "roles:" in done.stderr
    assert "password:" in done.stderr  # standard input was empty
    assert "Traceback" not in done.stderr
    for command in (("accounts", "disable", "x@y.example"), ("api-keys", "revoke", "x")):
        done = run_flask(*command, check=False)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr


def test_accounts_are_loaded_from_a_file(app, run_flask, tmp_path):
    prepare(app)
    file = tmp_path / "accounts.csv"
    file.write_text("email,name,department,roles\na@x.example,爱丽,RS,handler head\n", "utf-8")
    done = run_flask("accounts", "load", str(file))
    assert re.search(r"^a@x\.example\t\S{23}$", done.stdout, re.MULTILINE)


def test_a_key_is_printed_once_and_revoked(app, run_flask):
    bearer = run_flask("api-keys", "add", "hall", "--source", "hall-system").stdout.strip()
    with app.app_context():
        assert queries.api_key(bearer).source == "hall-system"
    listed = run_flask("api-keys", "list").stdout
    assert "hall" in listed
    assert bearer not in listed
    run_flask("api-keys", "revoke", "hall")
    with app.app_context():
        assert queries.api_key(bearer) is None
