"""Who did what: kept in order, and only if the deed itself was done."""

from __future__ import annotations

import pytest

from substrate.audit import AuditEvent, events_of, record_event
from substrate.database import Database

RELEASE = AuditEvent(5, "cli:anna", "release", "quarantine", "7", {"why": "ä \x00 'quoted'", "count": 2})
DISCARD = AuditEvent(3, "cli:ben", "discard", "quarantine", "7")


def test_events_come_back_as_they_were_in_the_order_of_the_deeds(clinic: Database) -> None:
    with clinic.write() as connection:
        record_event(connection, RELEASE)
        record_event(connection, AuditEvent(4, "cli:anna", "release", "quarantine", "70"))
        record_event(connection, DISCARD)
        assert events_of(connection, "quarantine", "7") == [RELEASE, DISCARD]
        assert events_of(connection, "rule", "7") == []


def test_a_deed_that_failed_leaves_no_trace(clinic: Database) -> None:
    def fail() -> None:
        with clinic.write() as connection:
            record_event(connection, RELEASE)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fail()
    with clinic.read() as connection:
        assert events_of(connection, "quarantine", "7") == []
