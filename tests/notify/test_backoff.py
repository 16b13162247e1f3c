from datetime import UTC, datetime, timedelta

import pytest

from feedback.notify.backoff import ATTEMPTS, next_try_at

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 5), (3, 15), (4, 60), (5, 120), (6, 240), (7, 480)]
)
def test_every_refusal_waits_longer(attempts, minutes):
    assert next_try_at(NOW, attempts, 0) == NOW + timedelta(minutes=minutes)


def test_the_eighth_refusal_is_the_last():
    assert ATTEMPTS == 8
    assert next_try_at(NOW, 8, 0) is None


def test_chance_spreads_what_failed_together_by_a_fifth():
    assert next_try_at(NOW, 1, 1) == NOW + timedelta(seconds=72)


def test_a_night_without_a_mail_server_passes():
    waited = sum(
        (next_try_at(NOW, tries, 0) - NOW for tries in range(1, ATTEMPTS)), start=timedelta()
    )
    assert waited > timedelta(hours=15)
