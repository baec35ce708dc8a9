"""One message that cannot be put into words, or holds an impossible value, never stops the others."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.database import Database
from tests.automations.post import CONTEXT, Office, message


@pytest.fixture
def office(database: Database) -> Office:
    """An office with an empty outbox."""
    return Office(database)


def value(said: Any, kind: str) -> dict[str, Any]:
    """A value of the evidence."""
    leaf: dict[str, Any] = {
        "path": "x",
        "label": "X",
        "unit": None,
        "sensitivity": "INTERNAL",
        "as_of": None,
        "watermarks": [],
    }
    return {**CONTEXT, "values": [{**leaf, "type": kind, "value": said}]}


def test_an_instant_beyond_all_calendars_is_told_all_the_same(office: Office) -> None:
    office.put(message(1, context=value(9 * 10**18, "timestamp")), message(2))
    assert office.deliver().sent == 2
    assert "no date" in office.channels["spoken"].got[0][1].text


def test_a_value_of_another_kind_than_it_says_is_dead_with_its_class_and_no_word_of_it(office: Office) -> None:
    office.put(message(1, context=value("Anna Silva", "timestamp")), message(2))
    report = office.deliver()
    assert (report.dead, report.sent) == (1, 1)
    dead = next(row for row in office.rows() if row.state == "dead")
    assert (dead.last_failure, "Anna" in dead.last_response) == ("template", False)
