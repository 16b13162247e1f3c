"""Every text a person sees is translated, and the compiled catalogue is the written one."""

import io
import re
from pathlib import Path

import pytest
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
TRANSLATIONS = ROOT / "feedback" / "translations"
PO = TRANSLATIONS / "zh_CN" / "LC_MESSAGES" / "messages.po"
PLACES = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Extract every text from code and templates, as `scripts/words` does."""
    pot = tmp_path_factory.mktemp("words") / "messages.pot"
    CommandLineInterface().run(
        ["pybabel", "-q", "extract", "-F", str(TRANSLATIONS / "babel.cfg"), "-k", "_l",
         "-k", "lazy_gettext", "-k", "lazy_ngettext:1,2", "-o", str(pot), str(ROOT)]
    )  # fmt: skip
    with pot.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def chinese():
    with PO.open("rb") as file:
        return read_po(file, locale="zh_CN")


def test_every_text_has_its_chinese(found, chinese):
    missing = [m.id for m in found if m.id and not _words(chinese.get(m.id))]
    assert missing == []


def _words(message):
    if message is None or message.fuzzy:
        return None
    return all(message.string) if isinstance(message.string, tuple) else message.string


def test_no_translation_is_left_of_a_text_that_is_gone(found, chinese):
    assert [m.id for m in chinese if m.id and m.id not in found] == []


def test_placeholders_are_the_same_in_both(chinese):
    for message in chinese:
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = set().union(*(PLACES.findall(text) for text in ids))
        for text in strings:
            assert set(PLACES.findall(text)) == wanted, message.id


def test_the_compiled_catalogue_is_the_written_one(chinese):
    with PO.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    fresh = io.BytesIO()
    write_mo(fresh, chinese)
    fresh.seek(0)
    assert {str(m.id): m.string for m in compiled if m.id} == {
        str(m.id): m.string for m in read_mo(fresh) if m.id
    }


def test_chinese_unless_somebody_asks_for_english_by_a_link(client):
    assert 'lang="zh' in client.get("/", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert 'lang="en"' in client.get("/?lang=en").get_data(as_text=True)
    assert 'lang="en"' in client.get("/").get_data(as_text=True), "remembered"
    assert 'lang="zh' in client.get("/?lang=zh_CN").get_data(as_text=True)


def test_a_language_we_do_not_speak_is_not_an_error(client):
    for wish in ("fr", "../../etc", "%00", "zh_CN'"):
        assert client.get(f"/?lang={wish}").status_code == 200
