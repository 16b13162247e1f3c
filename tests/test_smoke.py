from sqlalchemy import func, select

from feedback.db import db
from feedback.ledger.models import Entry

from .factories import make_district, make_event


def test_recording_a_service_writes_a_ledger_line(context):
    make_district()
    event = make_event()
    assert event.item.name == "特殊工时首次审批"
    assert db.session.scalar(select(func.count()).select_from(Entry)) == 1
