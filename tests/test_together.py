"""What several tests of races rest on: that none gets lost, neither its answer nor its mishap."""

import threading

import pytest

from feedback.db import db
from feedback.offices.models import Department

from . import together
from .factories import make_district
from .together import at_once, raised


def test_what_each_returned_or_raised_comes_back_in_order(app):
    came = at_once(app, lambda: 1, lambda: 1 / 0, lambda: "three")
    assert (came[0], type(came[1]), came[2]) == (1, ZeroDivisionError, "three")
    assert raised(came) == [came[1]]


def test_all_are_under_way_at_the_same_moment():
    meet = threading.Barrier(5)
    assert raised(at_once(None, *[lambda: meet.wait(10)] * 5)) == []


def test_one_that_hangs_fails_the_test_and_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(together, "PATIENCE", 0.05)
    never = threading.Event()
    with pytest.raises(AssertionError, match="hang"):
        at_once(None, never.wait)
    never.set()


@pytest.mark.parametrize("which", ["first", "second"])
def test_no_test_meets_the_rows_of_another(context, which):
    assert db.session.query(Department).count() == 0, f"the {which} of two that leave the same rows"
    make_district()
