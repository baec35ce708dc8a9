"""How much work pushed events are: statements are counted, as time on a busy machine says nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automations.engine import Engine
from automations.live import prepare
from automations.reach import reached, ways
from automations.rulebook import rules
from substrate.database import Database
from substrate.facts import Facts
from substrate.records import record_id
from tests.counting import counted
from tests.flows.pushing import Pushed, patient, result
from verticals.hospital import vertical


@pytest.fixture
def pushed(tmp_path: Path, database: Database) -> Pushed:
    """A patient is known, and all that is made once has been made."""
    found = Pushed(tmp_path / "home", database)
    found.push(patient(), result("r0", "N"))
    found.loop.drain()
    return found


def work_of(pushed: Pushed, make: Callable[[int], dict[str, Any]], numbers: range) -> int:
    """How many statements it takes until some events are in."""
    pushed.push(*(make(number) for number in numbers))
    with counted(pushed.database) as told:
        assert pushed.loop.drain() == len(numbers)
    return len(told)


def test_many_events_are_as_many_statements_as_few(pushed: Pushed) -> None:
    few = work_of(pushed, lambda number: result(f"r{number}", "N"), range(1, 4))
    many = work_of(pushed, lambda number: result(f"r{number}", "N"), range(4, 54))
    assert many == few
    assert many < 30


def test_many_alerts_are_as_many_statements_as_few(pushed: Pushed) -> None:
    few = work_of(pushed, lambda number: result(f"r{number}"), range(1, 4))
    many = work_of(pushed, lambda number: result(f"r{number}"), range(4, 54))
    assert len(pushed.alerts()) == 53
    assert many <= few + 1  # those that fired before are seen again


def test_a_feature_that_moved_leads_only_to_rules_that_ask_for_it(pushed: Pushed) -> None:
    whose, which = record_id("lab", "patient", "p1"), record_id("lab", "result", "r0")
    engine = Engine(pushed.database, "hospital", Facts(vertical.records, vertical.views))
    with pushed.database.read() as connection:
        known = ways(engine.facts, prepare(engine, rules(connection, "hospital")))
        asked = reached(connection, known, {}, {"patient": {whose: frozenset({"last_antibiotic_at"})}})
        unasked = reached(connection, known, {}, {"patient": {whose: frozenset({"results_30d"})}})
    assert (asked, unasked) == ([("result", which, whose)], [])
