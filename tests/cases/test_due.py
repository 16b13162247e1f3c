"""A deadline in the words people use."""

from datetime import datetime

import pytest
from flask_babel import force_locale

from feedback.cases.due import due_words
from feedback.workdays import china


def at(text):
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.mark.parametrize(
    ("now", "due", "words"),
    [
        ("2026-11-23T09:00", "2026-11-23T17:30", "Today until 17:30"),
        ("2026-11-23T18:00", "2026-11-23T17:30", "Over since 17:30 today"),
        ("2026-11-23T09:00", "2026-11-24T17:30", "Tomorrow until 17:30"),
        ("2026-11-27T09:00", "2026-11-30T17:30", "1 working day left"),  # Friday to Monday
        ("2026-11-23T09:00", "2026-11-30T17:30", "5 working days left"),
        ("2026-11-28T09:00", "2026-11-27T17:30", "Over since Fri 27 Nov 17:30"),  # on Saturday
        ("2026-10-05T09:00", "2026-09-30T17:30", "Over since Wed 30 Sep 17:30"),  # 国庆
        ("2026-11-30T09:00", "2026-11-27T17:30", "1 working day over"),  # Monday after Friday
        ("2026-12-02T09:00", "2026-11-27T17:30", "3 working days over"),
    ],
)
def test_a_deadline_is_said_as_people_say_it(context, now, due, words):
    with context.test_request_context(), force_locale("en"):
        assert due_words(at(now), at(due), china()) == words
