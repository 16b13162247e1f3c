"""Sending what cannot be taken: every wrong field named, nothing typed lost, never a 500."""

import io
import re
from datetime import timedelta
from urllib.parse import unquote_to_bytes

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .citizen import BAD, NAMED, kept, rate, text_of

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def _monday(now):
    with time_machine.travel(now + timedelta(minutes=42)):
        yield


def marked(page: str) -> set[str]:
    """Return the fields that carry an error of their own."""
    return set(re.findall(r'id="wrong-(\w+)"', page))


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ({}, {"grade"}),
        ({"grade": "9"}, {"grade"}),
        ({"grade": "1"}, {"tags"}),
        ({"grade": "2", "tags": "110"}, {"tags"}),
        ({"grade": "1", "tags": "101"}, {"tags"}),
        ({"grade": "5", "tags": "0"}, {"tags"}),
        ({"grade": "5", "comment": "慢" * 501}, {"comment"}),
        ({**BAD, "phone": "13812345678"}, {"identity"}),
        ({**NAMED, "phone": "1"}, {"phone"}),
        ({**NAMED, "phone": ""}, {"phone"}),
        ({**NAMED, "name": "陈" * 31}, {"name"}),
        ({"comment": "慢" * 501, "grade": "1", "identity": "named"}, {"comment", "phone"}),
    ],
)
def test_every_wrong_field_is_marked_announced_and_linked(app, client, token, said, fields):
    answer = rate(client, token, **said)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert kept(app) == (0, 0)
    assert marked(page) == fields
    summary = page.split('role="alert"')[1].split("</ul>")[0]
    links = re.findall(r'href="#([\w-]+)"', summary)
    assert len(links) >= len(fields)
    assert all(f'id="{target}"' in page for target in links)
    for field in fields:
        assert re.search(rf'aria-describedby="[^"]*wrong-{field}', page)


def test_nothing_typed_is_lost(client, token):
    said = {**NAMED, "tags": ["110", "113"], "phone": "1", "comment": 'a <b>\n"慢" & '}
    page = rate(client, token, **said).get_data(as_text=True)
    assert 'id="g1" value="1" checked' in page
    assert set(re.findall(r'value="(\d+)" data-grade="\d" checked', page)) == {"110", "113"}
    assert "a &lt;b&gt;\n&#34;慢&#34; &amp; </textarea>" in page
    assert 'id="named" value="named" checked' in page
    assert 'value="陈先生"' in page
    assert re.search(r'id="phone"[^>]* value="1"', page)


def test_corrected_it_is_taken(app, client, token):
    assert rate(client, token, grade="1").status_code == 422
    assert rate(client, token, grade="1", comment="慢").status_code == 303
    assert kept(app) == (1, 1)


def test_a_reason_of_another_grade_is_taken_out_and_said_so(client, token):
    answer = rate(client, token, grade="1", tags=["207", "110"], comment="慢")
    page = answer.get_data(as_text=True)
    assert re.findall(r'value="(\d+)" data-grade="\d" checked', page) == ["110"]
    assert "was taken out" in text_of(answer)
    assert "慢</textarea>" in page


def test_a_reason_behind_the_fold_is_shown_again(client, token):
    page = rate(client, token, grade="2", tags="214", comment="慢" * 501).get_data(as_text=True)
    assert "<details open>" in page.split('id="t2"')[1].split("</fieldset>")[0]


def test_without_a_grade_the_ticked_reasons_stay_ticked(client, token):
    page = rate(client, token, tags="207").get_data(as_text=True)
    assert re.findall(r'value="(\d+)" data-grade="\d" checked', page) == ["207"]


@pytest.mark.parametrize("field", ["grade", "tags", "comment", "identity", "name", "phone"])
@pytest.mark.parametrize(
    "value",
    ["", " ", "\x00", "a\x00b", "\x1b[0m", "x" * 20000, "慢" * 2000, "9" * 400, "{}", "null",
     "<script>alert(1)</script>", "' OR 1=1 --", "{{7*7}}", "%s%n", "\u202e", "\ufeff", "🙂" * 600],
)  # fmt: skip
def test_any_field_may_hold_anything(client, token, field, value):
    answer = rate(client, token, **{**NAMED, "tags": "110", field: value})
    assert answer.status_code in (303, 409, 422)
    assert b"<script>alert" not in answer.data
    assert b"\x00" not in answer.data


@pytest.mark.parametrize("field", ["grade", "comment", "identity", "name", "phone"])
def test_a_field_said_twice_and_differently_is_never_half_believed(app, client, token, field):
    answer = client.post(f"/r/{token}", data={**NAMED, field: [NAMED[field], "2"]})
    if field in ("comment", "name"):
        assert answer.status_code == 303
    else:
        assert answer.status_code == 422
        assert kept(app) == (0, 0)


def test_a_field_said_twice_and_alike_is_one(client, token):
    assert client.post(f"/r/{token}", data={"grade": ["5", "5"]}).status_code == 303


@pytest.mark.parametrize(
    "body",
    [
        b"grade=5&comment=\xff\xfe", b"grade=\xed\xa0\x80", b"grade=5&comment=%ED%A0%80%FF",
        b"grade=%00", b"\x00" * 100, b"=&=&&&", b"grade=5" * 500, b"grade[]=5", b"%", b"grade=%",
        b"grade=1&comment=%F0%9F%99", b'{"grade": 5}', b"[" * 30000, b"tags=207&" * 5000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=x", "application/json", ""])
def test_a_broken_body_is_refused_and_never_breaks_us(app, client, token, body, kind):
    answer = client.post(f"/r/{token}", data=body, content_type=kind)
    is_form = kind == FORM or kind.startswith("multipart/")
    assert answer.status_code in ((303, 400, 413, 422) if is_form else (415,))
    answer.data.decode()


def test_a_file_where_words_belong_is_no_answer(client, token):
    said = {"grade": (io.BytesIO(b"5"), "grade.txt")}
    answer = client.post(f"/r/{token}", data=said, content_type="multipart/form-data")
    assert answer.status_code == 422


@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=x"])
def test_too_large_a_body_is_refused(app, client, token, kind):
    body = b"grade=5&comment=" + b"a" * 70_000
    if kind != FORM:
        body = b'--x\r\nContent-Disposition: form-data; name="grade"\r\n\r\n' + body + b"\r\n--x--"
    assert client.post(f"/r/{token}", data=body, content_type=kind).status_code == 413
    assert kept(app) == (0, 0)


def test_a_long_story_comes_back_whole_to_be_shortened(client, token):
    story = "慢" * 3000
    assert story in rate(client, token, grade="5", comment=story).get_data(as_text=True)


def test_what_the_page_cannot_show_is_gone_on_the_second_try(client, token):
    page = rate(client, token, grade="5", comment="a\x00\x1bb").get_data(as_text=True)
    assert "\nab</textarea>" in page


def test_english_reads_english(client, token):
    assert "Please choose how satisfied you are." in text_of(rate(client, token))


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(body=st.binary(max_size=200), start=st.sampled_from([b"", b"grade=1&comment=", b"tags="]))
def test_whatever_bytes_arrive_there_is_an_answer(client, token, body, start):
    answer = client.post(f"/r/{token}", data=start + body, content_type=FORM)
    assert answer.status_code in ((303, 409, 422) if is_text(body) else (400,))


def is_text(body: bytes) -> bool:
    """Say whether a form's body is UTF-8 once its escapes are undone."""
    try:
        unquote_to_bytes(body).decode()
    except UnicodeDecodeError:
        return False
    return True
