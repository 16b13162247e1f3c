import base64
import logging
import smtplib
from email.header import decode_header, make_header
from uuid import UUID

import pytest

from feedback.notify.models import By
from feedback.notify.senders import ConsoleSender, Letter, Refused, SmtpSender, Uncertain, chosen

from ..conftest import make_settings
from .helpers import nobody_there, post_office, script

MESSAGE = UUID("01930f2e-7c00-7000-8000-000000000001")
TO = ["a@licheng.example", "b@licheng.example"]


@pytest.fixture
def smtp(tmp_path):
    def sender(port, **changes):
        values = {
            "mail_sender": "smtp", "smtp_host": "127.0.0.1", "smtp_port": port,
            "mail_from": "feedback@licheng.example", "smtp_timeout_seconds": 5, **changes,
        }  # fmt: skip
        return SmtpSender(make_settings(tmp_path, **values))

    return sender


def send(sender, to=TO, subject="新的差评整改件", text="请在 11月30日 前办理\n"):
    sender.send(Letter(MESSAGE, 1, to, subject, text))


def test_a_mail_reaches_every_mailbox_under_its_promises_id(smtp):
    with post_office() as office:
        send(smtp(office.port))
    (mail,) = office.mails
    assert office.recipients == TO
    assert mail["Message-ID"] == f"<{MESSAGE}@licheng.example>"
    assert str(make_header(decode_header(mail["Subject"]))) == "新的差评整改件"
    assert base64.b64decode(mail.get_payload()).decode() == "请在 11月30日 前办理\n"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_a_long_mail_travels_in_lines_that_servers_take(smtp):
    text = "请在 11月30日 前办理\n" * 200
    with post_office() as office:
        send(smtp(office.port), text=text)
    (mail,) = office.mails
    assert base64.b64decode(mail.get_payload()).decode() == text


@pytest.mark.parametrize("answer", ["451 try again later", "550 no"])
@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_the_servers_own_no_is_a_refusal(smtp, step, answer):
    with post_office() as office:
        office.answers[step] = answer
        with pytest.raises(Refused) as refusal:
            send(smtp(office.port))
    assert refusal.value.reason == f"smtp_{answer[:3]}"
    assert office.mails == []


def test_one_refused_mailbox_does_not_keep_it_from_the_others(smtp):
    with post_office() as office:
        office.answers[TO[0]] = "550 no such mailbox"
        send(smtp(office.port))
    assert office.recipients == TO[1:]


def test_a_connection_lost_after_the_data_leaves_it_uncertain(smtp):
    with post_office() as office:
        office.drops_after_data = True
        with pytest.raises(Uncertain) as doubt:
            send(smtp(office.port))
    assert doubt.value.carriers_fault
    assert len(office.mails) == 1, "it had in fact arrived"


def test_a_connection_lost_in_the_middle_of_the_data_leaves_it_uncertain(smtp):
    ok = "250 ok"
    with (
        script("220 hello", ok, ok, ok, ok, "354 go on", None) as port,
        pytest.raises(Uncertain) as doubt,
    ):
        send(smtp(port))
    assert doubt.value.reason.startswith("smtp_data_")


@pytest.mark.parametrize(
    "replies",
    [
        (None,),
        ("421 too busy",),
        ("220 hello", None),
        ("220 hello", "250 ok", "451 not you"),
        ("220 hello", "250 ok", None),
        ("220 hello", "250 ok", "250 ok", None),
        ("220 hello", "250 ok", "250 ok", "250 ok", "250 ok", "451 not now"),
    ],
)
def test_whatever_goes_wrong_before_the_data_flows_is_a_refusal(smtp, replies):
    with script(*replies) as port, pytest.raises(Refused):
        send(smtp(port))


def test_a_server_that_is_not_there_is_a_refusal(smtp):
    with nobody_there() as port, pytest.raises(Refused) as refusal:
        send(smtp(port))
    assert refusal.value.reason == "smtp_connect_ConnectionRefusedError"


def test_a_server_without_the_wanted_security_gets_nothing(smtp):
    with post_office() as office, pytest.raises(Refused):
        send(smtp(office.port, smtp_tls="starttls"))
    assert office.mails == []


def test_a_line_end_in_a_header_starts_no_other_header(smtp):
    with post_office() as office:
        send(smtp(office.port), subject="问题\r\nBcc: thief@example.org\n\nnew body")
    (mail,) = office.mails
    assert mail["Bcc"] is None
    assert office.recipients == TO


def test_a_line_end_in_an_address_names_no_other_recipient(smtp):
    bad = "a@licheng.example>\r\nRCPT TO:<thief@example.org"
    with post_office() as office:
        send(smtp(office.port), to=[bad, TO[1]])
    assert "thief@example.org" not in office.recipients
    assert TO[1] in office.recipients


def test_an_address_that_cannot_be_said_keeps_nothing_from_the_others(smtp):
    with post_office() as office:
        send(smtp(office.port), to=["局长@licheng.example", TO[1]])
    assert office.recipients == TO[1:]


def test_a_line_of_one_dot_ends_nothing(smtp):
    with post_office() as office:
        send(smtp(office.port), text="before\n.\nafter\n")
    assert base64.b64decode(office.mails[0].get_payload()).decode() == "before\n.\nafter\n"


def test_reasons_quote_no_address(smtp):
    with post_office() as office:
        office.answers["rcpt"] = f"550 <{TO[0]}> unknown"
        with pytest.raises(Refused) as refusal:
            send(smtp(office.port))
    assert "@" not in refusal.value.reason


def test_the_console_masks_phones(capsys, caplog):
    caplog.set_level(logging.DEBUG)
    ConsoleSender().send(Letter(MESSAGE, 1, ["+8613812345678"], "", "您的评价已有答复"))
    printed = capsys.readouterr().out
    assert "138****5678" in printed
    assert "13812345678" not in printed + caplog.text


def test_the_settings_choose_who_carries(tmp_path):
    console, smtp = (
        chosen(make_settings(tmp_path, mail_sender=name)) for name in ("console", "smtp")
    )
    assert isinstance(console[By.MAIL], ConsoleSender)
    assert isinstance(smtp[By.MAIL], SmtpSender)
    assert isinstance(smtp[By.SMS], ConsoleSender)


def test_control_the_library_alone_cannot_tell_refused_from_uncertain(smtp):
    """`smtplib.sendmail` raises the same error before and after the message may have left."""
    kinds = set()
    for replies in (
        ("220 hello", "250 ok", None),
        ("220 hello", "250 ok", "250 ok", "250 ok", "250 ok", "354 go on", None),
    ):
        with (
            script(*replies) as port,
            pytest.raises(smtplib.SMTPException) as problem,
            smtplib.SMTP("127.0.0.1", port, timeout=5) as server,
        ):
            server.sendmail("x@licheng.example", TO, "Subject: x\r\n\r\nx")
        kinds.add(problem.type)
    assert kinds == {smtplib.SMTPServerDisconnected}
