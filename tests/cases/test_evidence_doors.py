"""Evidence through the doors that take it: what is put right, and an appeal."""

import hashlib
import io
import os
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from feedback.cases.evidence import path_of, plain_name
from feedback.cases.models import Evidence
from feedback.cases.states import State
from feedback.db import db
from feedback.offices.models import Account

from ..factories import let_go, make_case, make_district, make_people, sign_in
from .at_desk import post, seen, walk
from .test_evidence import PDF, PNG


@pytest.fixture
def people(app):
    with app.app_context():
        make_district()
        people = make_people()
        people.cases = [make_case().number, make_case().number]
        let_go(people.handler, people.head, people.colleague_elsewhere, people.operator,
               people.supervisor)  # fmt: skip
    return people


@pytest.fixture
def number(people):
    return people.cases[0]


@dataclass(frozen=True)
class Door:
    """A door that takes files: whose it is, and all else that its form needs."""

    act: str
    by: Account
    said: dict[str, str]


@pytest.fixture(params=["rectify", "appeal"])
def door(request, app, client, people, number):
    """Return each door that takes files, with the person whose it is signed in before it."""
    walk(app, number, State.RECTIFYING, people)
    said = {"words": "写了很多字", "ground": "mistaken"}
    found = Door(request.param, people.head, said)
    sign_in(client, found.by)
    return found


def send(client, number, door, *files, **said):
    """Post a form with files, each (content, name)."""
    sent = [(io.BytesIO(content), name) for content, name in files]
    return post(client, number, door.act, **door.said, files=sent, **said)


def kept(app):
    """Return everything that lies in the folder of evidence, and the rows that speak of it."""
    folder = app.config["FEEDBACK"].var / "evidence"
    with app.app_context():
        rows = db.session.scalars(select(Evidence.id)).all()
    return sorted(p.name for p in folder.rglob("*") if p.is_file()), rows


def test_evidence_comes_back_as_a_download(app, client, people, number, door):
    assert send(client, number, door, (PDF, "通知.pdf")).status_code == 303
    _names, (file_id,) = kept(app)
    answer = client.get(f"/cases/{number}/evidence/{file_id}")
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    stranger = app.test_client()
    sign_in(stranger, people.colleague_elsewhere)
    assert stranger.get(f"/cases/{number}/evidence/{file_id}").status_code == 404


def test_one_case_does_not_hand_out_the_evidence_of_another(app, client, people, number, door):
    send(client, number, door, (PDF, "通知.pdf"))
    _names, (file_id,) = kept(app)
    other = people.cases[1]
    assert client.get(f"/cases/{other}").status_code == 200
    assert client.get(f"/cases/{other}/evidence/{file_id}").status_code == 404


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("shell.png", b"<?php system($_GET[0]);"), ("page.pdf", b"<html><script>1</script>"),
        ("empty.png", b""), ("picture.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("big.png", PNG + b"\0" * 10_000_001), ("a" * 300 + ".exe", b"MZ"), ("../../x.png", b"MZ"),
    ],
)  # fmt: skip
def test_what_is_no_evidence_is_refused_and_nothing_is_kept(
    app, client, number, door, name, content
):
    before = seen(app, number), kept(app)
    answer = send(client, number, door, (PDF + b"\n" * 7, "good.pdf"), (content, name))
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "写了很多字" in page
    assert "choose the files again" in page
    assert (seen(app, number), kept(app)) == before


def test_six_files_are_one_too_many(app, client, number, door):
    before = seen(app, number), kept(app)
    many = [(PNG, f"{n}.png") for n in range(6)]
    answer = send(client, number, door, *many)
    assert answer.status_code == 422
    assert "At most 5 files" in answer.get_data(as_text=True)
    assert (seen(app, number), kept(app)) == before
    assert send(client, number, door, *many[:5]).status_code == 303


TRICKY = ["../../etc/passwd.png", "a" * 300 + ".png", "\x00x.png", "..", "C:\\x\\y.png"]


@pytest.mark.parametrize("name", TRICKY)
def test_tricky_file_names_are_only_words(app, client, number, door, name):
    assert send(client, number, door, (PNG, name)).status_code == 303
    with app.app_context():
        piece = db.session.scalars(select(Evidence)).one()
        assert len(piece.name) <= 120
        assert not {"/", "\\", "\x00"} & set(piece.name)
        assert piece.sha256 in kept(app)[0]
        file_id = piece.id
    answer = client.get(f"/cases/{number}/evidence/{file_id}")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_every_bad_file_is_named_with_its_reason(client, number, door):
    files = [(b"<?php", "one.png"), (PDF, "good.pdf"), (b"", "two.jpg"), (b"MZ", "three.exe")]
    page = send(client, number, door, *files).get_data(as_text=True)
    for name in ("one.png", "two.jpg", "three.exe"):
        assert f"«{name}»: " in page
    assert "good.pdf" not in page
    assert "This file is empty" in page


def test_a_stale_page_leaves_no_file(app, client, number, door):
    old, before = seen(app, number), kept(app)
    post(client, number, "contact", means="phone", reached="answered", words="打过电话")
    answer = send(client, number, door, (PDF + b"\n" * 9, "x.pdf"), seen=old)
    assert answer.status_code == 409
    assert kept(app) == before


@pytest.fixture
def small_files(app):
    """Allow 250 KB a file."""
    before = app.config["FEEDBACK"]
    app.config["FEEDBACK"] = before.model_copy(update={"evidence_max_bytes": 250_000})
    yield
    app.config["FEEDBACK"] = before


def test_the_page_says_the_limit_that_holds(app, client, people, number, small_files):
    walk(app, number, State.RECTIFYING, people)
    sign_in(client, people.handler)
    page = client.get(f"/cases/{number}?lang=en").get_data(as_text=True)
    assert "Up to 5 files of at most 250 KB each" in page
    files = [(io.BytesIO(PNG + b"\0" * 250_000), "big.png")]
    answer = post(client, number, "rectify", words="x", files=files)
    assert answer.status_code == 422
    assert "at most 250 KB" in answer.get_data(as_text=True)
    many = [(io.BytesIO(PNG), f"{n}.png") for n in range(6)]
    assert "At most 5 files" in post(client, number, "rectify", words="x", files=many).text


def test_a_file_that_is_gone_is_told_in_words_and_logged(app, client, people, number, capsys):
    walk(app, number, State.RECTIFYING, people)
    sign_in(client, people.handler)
    post(client, number, "rectify", words="x", files=[(io.BytesIO(PDF + b"\n"), "通知.pdf")])
    with app.app_context():
        piece = db.session.scalars(select(Evidence)).one()
        path_of(piece.sha256).unlink()
    answer = client.get(f"/cases/{number}/evidence/{piece.id}")
    assert answer.status_code == 404
    assert "attachment" not in answer.headers.get("Content-Disposition", "")
    assert "evidence_gone" in capsys.readouterr().out


def test_evidence_is_on_the_disk_before_the_transaction_is_opened(
    app, client, people, number, monkeypatch
):
    walk(app, number, State.RECTIFYING, people)
    sign_in(client, people.handler)
    synced, fsync = [], os.fsync

    def look(handle):
        synced.append(bool(db.session().info.get("writing")))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", look)
    files = [(io.BytesIO(PDF + b"\n" * n), f"{n}.pdf") for n in (2, 3)]
    assert post(client, number, "rectify", words="x", files=files).status_code == 303
    assert len(synced) >= 4
    assert not any(synced)


def test_whoever_may_not_rectify_leaves_no_file(app, client, people, number):
    walk(app, number, State.RECTIFYING, people)
    content = PDF + b"\n" * 4
    sign_in(client, people.colleague_elsewhere)
    token = client.get("/cases").text.split('name="csrf_token"', 1)[1].split('value="', 1)[1]
    said = {"csrf_token": token.split('"', 1)[0], "seen": "1", "words": "x",
            "files": [(io.BytesIO(content), "x.pdf")]}  # fmt: skip
    assert client.post(f"/cases/{number}/rectify", data=said).status_code == 404
    with app.app_context():
        assert not path_of(hashlib.sha256(content).hexdigest()).exists()


def test_a_file_name_cannot_write_headers():
    assert plain_name("нет\r\nSet-Cookie: a.png") == "нетSet-Cookie: a.png"
