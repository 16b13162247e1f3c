"""The one-time token: rules, without a database."""

import base64
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.events import tokens

OLD, NEW = {"A": b"a" * 32}, {"B": b"b" * 32, "A": b"a" * 32}
SERIALS = st.integers(0, 2**60 - 1)
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@given(SERIALS)
def test_a_token_names_the_serial_it_was_made_for(serial):
    token = tokens.token_of(OLD, "A", serial)
    assert tokens.read_token(OLD, token) == serial


@given(SERIALS)
def test_a_token_is_29_capitals_and_digits(serial):
    token = tokens.token_of(OLD, "A", serial)
    assert len(token) == 29  # at most 32 are allowed
    assert set(token) <= set(string.ascii_uppercase + string.digits)


@pytest.mark.parametrize("place", range(29))
def test_one_other_character_anywhere_is_a_forgery(place):
    token = tokens.token_of(NEW, "B", 123456789012345678)
    for letter in set(DIGITS) - {token[place]}:
        forged = token[:place] + letter + token[place + 1 :]
        assert tokens.read_token(NEW, forged) is None, forged


def test_ten_thousand_random_strings_are_refused():
    dice = random.Random(20261124)
    for _ in range(10_000):
        text = "A" + "".join(dice.choices(DIGITS, k=28))
        assert tokens.read_token(OLD, text) is None


@pytest.mark.parametrize(
    "text",
    ["", "A", "A" * 28, "A" * 30, "A" * 10_000, "Ａ" * 29, "\x00" * 29, "é" * 29, "-" * 29, "\ud800"],
)  # fmt: skip
def test_what_is_no_token_at_all_is_refused(text):
    assert tokens.read_token(OLD, text) is None


@given(SERIALS)
def test_small_letters_and_look_alikes_are_understood(serial):
    token = tokens.token_of(OLD, "A", serial)
    typed = token.lower().replace("0", "o").replace("1", "l")
    assert tokens.read_token(OLD, typed) == serial
    assert tokens.read_token(OLD, token.replace("1", "I")) == serial


def test_a_token_of_the_old_key_is_good_after_the_keys_were_rotated():
    before = tokens.token_of(OLD, "A", 7)
    assert tokens.read_token(NEW, before) == 7
    assert tokens.token_of(NEW, "A", 7) == before


def test_a_token_dies_with_its_key():
    token = tokens.token_of(OLD, "A", 7)
    assert tokens.read_token({"B": b"b" * 32}, token) is None
    with pytest.raises(KeyError):
        tokens.token_of({"B": b"b" * 32}, "A", 7)


def test_who_has_the_serial_but_not_the_key_cannot_make_the_token():
    guessed = tokens.token_of({"A": b"?" * 32}, "A", 7)
    assert tokens.read_token(OLD, guessed) is None


def test_the_key_id_is_part_of_what_is_signed():
    same_key_twice = {"A": b"a" * 32, "C": b"a" * 32}
    token = tokens.token_of(same_key_twice, "A", 7)
    assert tokens.read_token(same_key_twice, "C" + token[1:]) is None


def test_control_a_check_of_the_length_alone_would_let_forgeries_in():
    token = tokens.token_of(OLD, "A", 7)
    forged = token[:-1] + ("0" if token[-1] != "0" else "1")

    def lazy(text: str) -> bool:
        return len(text) == tokens.TOKEN_CHARS and set(text) <= set(tokens.ALPHABET)

    assert lazy(forged)
    assert tokens.read_token(OLD, forged) is None


def test_serials_do_not_repeat_and_fill_their_range():
    serials = {tokens.new_serial() for _ in range(10_000)}
    assert len(serials) == 10_000
    assert max(serials) < 2**60
    assert max(serials) > 2**59


def test_a_receipt_code_reads_back_however_it_is_typed():
    code = tokens.receipt_code(base64.b64encode(b"key").decode(), "an event")
    assert tokens.read_receipt(tokens.grouped(code).lower()) == code
    assert tokens.read_receipt(f" {code[:5]} {code[5:]} ") == code
    assert tokens.read_receipt(code[:-1]) is None
