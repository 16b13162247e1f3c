"""What the settings of text messages must be before the service starts."""

import re

import pytest
from pydantic import ValidationError

from feedback import create_app
from feedback.notify.occasions import TEXTS

from .conftest import make_settings

TWILIO = {
    "sms_sender": "twilio", "twilio_account_sid": "AC" + "0" * 32, "twilio_auth_token": "a token",
    "twilio_from": "+15005550006",
}  # fmt: skip
HTTP = {
    "sms_sender": "http", "sms_http_url": "https://sms.example/send", "sms_http_account": "licheng",
    "sms_http_secret": "a secret",
}  # fmt: skip
CHINESE = {f"{one}.zh_CN": f"SMS_{number}" for number, one in enumerate(sorted(TEXTS))}


@pytest.mark.parametrize(
    "ours",
    ["+15005550006", "+8653188888888", "MG" + "0123456789abcdefABCDEF0123456789", "12345", ""],
)
def test_a_number_a_short_code_and_a_messaging_service_can_be_answered(tmp_path, ours):
    assert make_settings(tmp_path, twilio_from=ours).twilio_from == ours


@pytest.mark.parametrize(
    "ours",
    [
        "15005550006", "+1 500 555 0006", "+123456", "+" + "1" * 16, "LICHENG", "MG1",
        "MG" + "g" * 32, "AC" + "0" * 32, "+１５００５５５０００６", "+15005550006\n+15005550007",
    ],
)  # fmt: skip
def test_what_nobody_can_answer_stops_the_start(tmp_path, ours):
    with pytest.raises(ValidationError, match="twilio_from"):
        make_settings(tmp_path, twilio_from=ours)


@pytest.mark.parametrize("name", ["twilio_account_sid", "twilio_auth_token", "twilio_from"])
@pytest.mark.parametrize("empty", ["", " ", "\t\n"])
def test_twilio_without_its_account_stops_the_start(tmp_path, name, empty):
    with pytest.raises(ValidationError, match=f"FEEDBACK_{name.upper()}"):
        make_settings(tmp_path, **TWILIO | {name: empty})


@pytest.mark.parametrize("name", ["sms_http_url", "sms_http_account", "sms_http_secret"])
@pytest.mark.parametrize("empty", ["", " "])
def test_a_gateway_without_its_account_stops_the_start(tmp_path, name, empty):
    with pytest.raises(ValidationError, match=f"FEEDBACK_{name.upper()}"):
        make_settings(tmp_path, **HTTP | {name: empty})


def test_blanks_around_what_was_pasted_do_not_count(tmp_path):
    pasted = {name: f" {value}\n" for name, value in TWILIO.items() if name != "sms_sender"}
    settings = make_settings(tmp_path, **TWILIO | pasted, twilio_old_auth_token=" old ")
    assert settings.twilio_account_sid == TWILIO["twilio_account_sid"]
    assert settings.twilio_auth_token.get_secret_value() == "a token"
    assert settings.twilio_old_auth_token.get_secret_value() == "old"
    assert settings.twilio_from == "+15005550006"
    assert make_settings(tmp_path, sms_http_secret=" s ").sms_http_secret.get_secret_value() == "s"


@pytest.mark.parametrize("name", ["twilio_api", "sms_http_url"])
@pytest.mark.parametrize(
    "address",
    [
        "no address", "sms.example", "ftp://sms.example/", "file:///etc/passwd", "http://", "http://[/",
        "https://sms.example:x/", "https://sms example/", "https:sms.example",
    ],
)  # fmt: skip
def test_an_address_that_is_none_stops_the_start(tmp_path, name, address):
    with pytest.raises(ValidationError, match=name):
        make_settings(tmp_path, **{name: address})


@pytest.mark.parametrize("address", ["http://127.0.0.1:8080", "https://sms.example/send?a=1"])
def test_an_address_on_the_web_is_one(tmp_path, address):
    settings = make_settings(tmp_path, twilio_api=address, sms_http_url=f" {address} ")
    assert settings.twilio_api == settings.sms_http_url == address


def test_no_secret_is_shown_when_the_start_is_refused(tmp_path):
    with pytest.raises(ValidationError) as refused:
        make_settings(tmp_path, **TWILIO | {"twilio_from": "LICHENG"})
    assert "a token" not in str(refused.value)


# --- templates that the operator keeps


def start(tmp_path, templates, **changes):
    create_app(make_settings(tmp_path, **HTTP | {"sms_http_templates": templates, **changes}))


def test_a_chinese_template_for_every_text_message_is_enough_to_start(tmp_path):
    start(tmp_path, CHINESE)
    start(tmp_path, CHINESE | {"invitation.en": "SMS_2001"})


@pytest.mark.parametrize("occasion", sorted(TEXTS))
def test_a_text_message_without_a_chinese_template_stops_the_start(tmp_path, occasion):
    others = {name: one for name, one in CHINESE.items() if name != f"{occasion}.zh_CN"}
    sentence = f"^FEEDBACK_SMS_HTTP_TEMPLATES lacks {occasion}.zh_CN$"
    for templates in (others, others | {f"{occasion}.en": "SMS_2001"}):
        with pytest.raises(ValueError, match=sentence):
            start(tmp_path, templates)


def test_a_blank_template_is_none(tmp_path):
    with pytest.raises(ValueError, match=r"lacks invitation\.zh_CN$"):
        start(tmp_path, CHINESE | {"invitation.zh_CN": " "})


@pytest.mark.parametrize(
    "name",
    ["invitaton.zh_CN", "case_opened.zh_CN", "invitation.fr", "invitation", "invitation.zh-CN"],
)
def test_a_template_for_no_text_message_stops_the_start(tmp_path, name):
    sentence = f"^FEEDBACK_SMS_HTTP_TEMPLATES has unknown {re.escape(name)}$"
    with pytest.raises(ValueError, match=sentence):
        start(tmp_path, CHINESE | {name: "SMS_3001"})


def test_everything_that_is_wrong_with_the_templates_is_said_at_once(tmp_path):
    wrong = {name: one for name, one in CHINESE.items() if not name.startswith("invitation")}
    with pytest.raises(
        ValueError, match=r"lacks invitation\.zh_CN, invitation_reminder\.zh_CN and has"
    ):
        start(tmp_path, wrong | {"x": "1"})


def test_whoever_sends_otherwise_needs_no_templates(tmp_path):
    start(tmp_path, {}, sms_sender="console")
