"""Pushed events become records, alerts and messages at once, each exactly once, in the order in which they came."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from automations.outbox import outbox
from automations.rulebook import pause
from substrate.clock import DAY, MINUTE
from substrate.database import Database, open_database
from substrate.features.tables import feature_table
from substrate.inbound import purge, try_again
from substrate.quarantine import quarantine
from substrate.records import table_of
from substrate.sources.push import rows_of
from tests.flows.pushing import NOW, Pushed, patient, result
from verticals.hospital import records, vertical

Fired = ("critical-result-unacknowledged", "firing")


@pytest.fixture
def pushed(tmp_path: Path) -> Iterator[Pushed]:
    database = open_database(f"sqlite:///{tmp_path / 'test.sqlite'}")
    yield Pushed(tmp_path / "home", database)
    database.close()


@pytest.fixture
def on_each(tmp_path: Path, database: Database) -> Pushed:
    """The same on PostgreSQL too, where the database itself could make a difference."""
    return Pushed(tmp_path / "home", database)


def wait_until(holds: Callable[[], Any], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_an_event_becomes_a_record_an_alert_and_messages_at_once(on_each: Pushed) -> None:
    on_each.push(patient(), result())
    assert on_each.loop.drain() == 2
    assert on_each.events() == [("done", "rows: 1, quarantined: 0")] * 2
    assert on_each.alerts() == [Fired]
    assert (len(on_each.rows(outbox)) > 0, on_each.told) == (True, 1)


def test_an_event_that_comes_again_fires_nothing_again(pushed: Pushed) -> None:
    pushed.push(result(), key="e1")
    pushed.loop.drain()
    messages = len(pushed.rows(outbox))
    pushed.push(result(), key="e1")
    pushed.push(result(), key="e2")
    assert pushed.loop.drain() == 1
    assert (pushed.alerts(), len(pushed.rows(outbox))) == ([Fired], messages)


def test_an_acknowledged_result_ends_its_alert(pushed: Pushed) -> None:
    pushed.push(result())
    pushed.loop.drain()
    pushed.push(result(flag="N"))
    pushed.loop.drain()
    assert [state for _, state in pushed.alerts()] == ["resolved"]


def test_messages_carry_the_word_of_their_own_event(pushed: Pushed) -> None:
    pushed.push(result("r1"), result("r2"), patient())
    pushed.loop.drain()
    said = {row.context.split('"correlation":"')[1][:32] for row in pushed.rows(outbox)}
    assert said == {f"{1:032x}", f"{2:032x}"}


def test_a_bad_row_goes_to_quarantine_and_says_which_event_it_came_from(on_each: Pushed) -> None:
    on_each.push([patient(), {"resourceType": "Observation", "status": "final"}], b"{")
    on_each.loop.drain()
    assert on_each.events() == [("done", "rows: 2, quarantined: 1"), ("done", "rows: 1, quarantined: 1")]
    assert sorted(row.place for row in on_each.rows(quarantine)) == ["pushed event 1", "pushed event 2"]


def test_an_event_that_breaks_its_batch_fails_alone_and_can_be_tried_again(
    on_each: Pushed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(options: Any, content_type: str, body: bytes, place: str) -> Any:
        if b"r2" in body:
            raise ValueError("Doe, Jane")
        return rows_of(options, content_type, body, place)

    monkeypatch.setattr("flows.inlet.rows_of", breaks)
    on_each.push(result("r1"), result("r2"), result("r3"))
    assert on_each.loop.drain() == 3
    assert [state for state, _ in on_each.events()] == ["done", "failed", "done"]
    assert on_each.events()[1][1] == "ValueError"
    monkeypatch.undo()
    with on_each.database.write() as connection:
        assert try_again(connection) == 1
    on_each.loop.drain()
    assert on_each.alerts() == [Fired] * 3


def test_a_delete_makes_a_tombstone(pushed: Pushed) -> None:
    pushed.push(patient())
    gone = {"request": {"method": "DELETE", "url": "Patient/p1"}}
    pushed.push({"resourceType": "Bundle", "type": "history", "entry": [gone]})
    pushed.loop.drain()
    assert [row.gone_at for row in pushed.rows(table_of(records.Patient))] == [NOW]


def test_an_older_version_does_not_overwrite_a_newer_one(pushed: Pushed) -> None:
    newer, older = {"lastUpdated": "2026-03-02T09:00:00Z"}, {"lastUpdated": "2026-03-02T08:00:00Z"}
    pushed.push(result(flag="N", meta=newer), result(flag="HH", meta=older))
    pushed.loop.drain()
    assert ([row.flag for row in pushed.rows(table_of(records.Result))], pushed.alerts()) == (["N"], [])


def test_features_of_those_concerned_are_fresh(pushed: Pushed) -> None:
    view = vertical.views_by_kind["patient"]
    pushed.push(patient())
    pushed.loop.drain()
    pushed.clock.move(MINUTE)
    pushed.push(result())
    pushed.loop.drain()
    (row,) = pushed.rows(feature_table(view))
    assert row.as_of == NOW + MINUTE


def test_the_rulebook_is_read_again_when_it_changed(pushed: Pushed) -> None:
    pushed.push(result("r1"))
    pushed.loop.drain()
    with pushed.database.write() as connection:
        pause(connection, Fired[0], "test", NOW)
    pushed.push(result("r2"))
    pushed.loop.drain()
    assert pushed.alerts() == [Fired]


def test_what_is_only_pushed_is_as_fresh_as_its_newest_event(pushed: Pushed) -> None:
    pushed.push(result())
    pushed.clock.move(3 * DAY)
    pushed.push(result("r2", minutes_ago=-3 * 24 * 60 + 40))
    pushed.loop.drain()
    assert pushed.alerts() == [Fired] * 2


def test_beside_a_poll_the_poll_alone_says_how_fresh_a_source_is(tmp_path: Path) -> None:
    database, feed = open_database(f"sqlite:///{tmp_path / 'both.sqlite'}"), tmp_path / "feed"
    feed.mkdir()
    both = f"sources: [{{name: lab, vertical: hospital, folder: {{path: {feed}}}, push: {{api_key: {'k' * 16}}}}}]"
    pushed = Pushed(tmp_path / "home", database, both)
    pushed.push(result())
    pushed.loop.drain()
    assert ([state for state, _ in pushed.events()], pushed.alerts()) == (["done"], [])
    database.close()


def test_ended_events_are_forgotten_and_failed_ones_kept_longer(pushed: Pushed) -> None:
    pushed.push(result())
    pushed.loop.drain()
    with pushed.database.write() as connection:
        assert purge(connection, NOW, NOW) == 0
        assert purge(connection, NOW + 1, NOW) == 1


def test_the_thread_takes_in_what_comes_and_stops(pushed: Pushed) -> None:
    pushed.loop.start()
    pushed.push(result())
    pushed.loop.wake()
    wait_until(lambda: pushed.alerts() == [Fired])
    assert pushed.loop.health().alive
    assert pushed.loop.stop(5)
    assert not pushed.loop.health().alive


def test_two_loops_at_once_take_each_event_once(on_each: Pushed) -> None:
    loops = [on_each.new_loop(), on_each.new_loop()]
    for loop in loops:
        loop.start()
    for number in range(60):
        on_each.push(result(f"r{number}"))
    wait_until(lambda: {state for state, _ in on_each.events()} == {"done"})
    assert [loop.stop(5) for loop in loops] == [True, True]
    assert on_each.alerts() == [Fired] * 60
