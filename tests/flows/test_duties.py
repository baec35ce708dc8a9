"""What comes due is told once: after days of silence, when the clock jumps, across summer time, by whoever leads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import delete

from substrate.clock import DAY, HOUR, MINUTE, SECOND, to_micros
from substrate.database import Database, open_database
from substrate.leadership import LeaseLost, leadership
from substrate.records import table_of
from substrate.schema import SYSTEM
from tests.automations.world import RECORDS, T0, Bay, Visit
from tests.flows.clockwork import REMIND, Clockwork, written

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def house(tmp_path: Path, database: Database) -> Clockwork:
    """A house in which nothing happened yet."""
    return Clockwork(tmp_path, database)


def visit(house: Clockwork, key: str, start: int) -> None:
    house.world.put(Visit, key, start=start, status="booked")


def test_a_reminder_is_told_at_its_second_and_once(house: Clockwork) -> None:
    house.world.rule(**REMIND)
    visit(house, "v1", T0 + HOUR + 10 * SECOND)
    for second in range(15):
        house.tick(T0 + second * SECOND)
        house.tick(T0 + second * SECOND)
    assert [(row.reason, row.created_at) for row in house.rows()] == [("reminder", T0 + 10 * SECOND)]


def test_two_days_of_silence_are_caught_up_once_and_labelled_late(house: Clockwork) -> None:
    house.world.rule(**{**REMIND, "remind": {**REMIND["remind"], "max_lateness": "3d"}})
    house.tick(T0)
    for place in range(20):
        visit(house, f"v{place}", T0 + 2 * HOUR + place * 2 * HOUR)
    visit(house, "now", T0 + 2 * DAY + HOUR - MINUTE)
    for second in range(4):
        house.tick(T0 + 2 * DAY + second * SECOND)
    assert Counter(house.reasons()) == {"late_reminder": 20, "reminder": 1}


def test_what_was_pushed_is_foreseen_at_once(house: Clockwork) -> None:
    house.world.rule(**REMIND)
    house.tick(T0)
    house.tick(T0 + SECOND)
    written(house.database, T0)
    visit(house, "v1", T0 + HOUR + 5 * SECOND)
    for second in range(2, 9):
        house.tick(T0 + second * SECOND)
    assert [row.created_at for row in house.rows()] == [T0 + 5 * SECOND]


def test_who_no_longer_leads_tells_nobody_and_leaves_nothing_behind(house: Clockwork) -> None:
    house.world.rule(**REMIND)
    visit(house, "v1", T0 + HOUR)
    successor = house.leader("other")
    with pytest.raises(LeaseLost):
        house.tick(T0)
    assert (house.rows(), house.world.alerts()) == ([], [])
    house.lease = successor
    house.tick(T0)
    assert house.reasons() == ["reminder"]


def test_what_a_tick_that_failed_left_undone_is_done_by_the_next(house: Clockwork) -> None:
    house.world.rule(**REMIND)
    visit(house, "v1", T0 + HOUR + 5 * SECOND)
    for second in range(3):
        house.tick(T0 + second * SECOND)
    right, house.lease = house.lease, replace(house.lease, holder="nobody")
    with pytest.raises(LeaseLost):
        house.tick(T0 + 6 * SECOND)
    house.lease = right
    house.tick(T0 + 7 * SECOND)
    assert house.reasons() == ["reminder"]


def berlin(text: str, fold: int) -> int:
    return to_micros(datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold))


CHANGES = [berlin("2026-03-29T03:00", 0), berlin("2026-10-25T02:30", 0), berlin("2026-10-25T02:30", 1)]
"""When summer time begins, and twice half past two of the night in which it ends."""

STEPS = some.sampled_from([0, SECOND, SECOND, 7 * MINUTE, 20 * MINUTE, HOUR, -HOUR, -SECOND])


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clockwork]:
    """One house for all examples."""
    opened = open_database(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))
    yield Clockwork(tmp_path_factory.mktemp("home"), opened)
    opened.close()


def emptied(house: Clockwork) -> Clockwork:
    with house.database.write() as connection:
        for table in [*SYSTEM.sorted_tables, *(table_of(record) for record in RECORDS)]:
            if table is not leadership:
                connection.execute(delete(table))
    house.lease = house.leader("hand")
    return house


@settings(max_examples=12)
@given(
    begin=some.sampled_from(CHANGES),
    dues=some.lists(some.integers(-90, 180), min_size=1, max_size=4, unique=True),
    steps=some.lists(STEPS, min_size=4, max_size=25),
)
def test_however_the_clock_jumps_each_reminder_is_told_once_and_none_too_early(
    shared: Clockwork, begin: int, dues: list[int], steps: list[int]
) -> None:
    house = emptied(shared)
    house.world.rule(**REMIND)
    due = {f"v{place}": begin + minute * MINUTE for place, minute in enumerate(dues)}
    for key, instant in due.items():
        visit(house, key, instant + HOUR)
    latest = now = begin - HOUR
    house.tick(now)
    for step in steps:
        now += step
        latest = max(latest, now)
        house.tick(now)
    assert len(house.rows()) == sum(instant <= latest for instant in due.values())
    assert all(alert.opened_at >= orjson.loads(alert.labels)["occurrence"] - HOUR for alert in house.world.alerts())


@settings(max_examples=8)
@given(steps=some.lists(STEPS, max_size=15))
def test_however_the_clock_jumps_a_wait_ends_once_it_goes_steadily_again(shared: Clockwork, steps: list[int]) -> None:
    house = emptied(shared)
    house.world.rule(**{"for": "30m"})
    house.world.put(Bay, "b1", name="B1", beds=2, occupied=3)
    now = CHANGES[0]
    for step in [0, *steps, *[5 * MINUTE] * 8]:
        now += step
        house.tick(now)
    assert house.reasons() == ["fired"]
