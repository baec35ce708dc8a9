"""Whole cycles: run again, run as of another day, with a source that lost its rows, with a channel that is dead."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from automations.delivery import deliver_due
from automations.outbox import Delivery, outbox
from automations.rules import Severity
from benchmarks.receiver import receiving
from substrate.clock import DAY, HOUR
from substrate.cursors import source_cursor
from substrate.errors import SourceError
from substrate.freshness import watermark
from substrate.records import table_of
from tests.flows.station import NOW, Station, rows_of
from verticals.hospital.records import Result


def test_a_cycle_accounts_for_every_row_and_tells_what_it_found(fresh: Station) -> None:
    report = fresh.run()
    rows = rows_of(report)
    assert rows.rows_in == rows.accepted + rows.unchanged + rows.quarantined > 500
    assert rows.quarantined == rows.reasons.total() > 0
    assert report.rules.opened[Severity.CRITICAL] > 0
    assert report.deliveries.sent == report.rules.enqueued == fresh.count(outbox) > 0
    assert list(report.seconds) == ["ingest", "features", "rules", "deliver"]


def test_a_second_cycle_on_the_same_data_changes_nothing(ran: Station) -> None:
    before = ran.alerts()
    report = ran.run()
    rows = rows_of(report)
    assert (rows.accepted, rows.records.total(), rows.rows_in) == (0, 0, rows.unchanged + rows.quarantined)
    assert [each.changed for each in report.refreshes] == [0] * len(report.refreshes)
    assert (report.rules.opened, report.rules.resolved, report.rules.enqueued) == ({}, 0, 0)
    assert report.deliveries.handled == 0
    assert ran.alerts() == before


def test_a_run_as_of_a_day_never_touches_what_is_live(ran: Station) -> None:
    live = ran.alerts(), ran.everything(watermark), ran.messages()[Delivery.SENT]
    report = ran.run(as_of=NOW - DAY)
    assert report.timeline == "replay-1"
    assert sum(ran.alerts("replay-1").values()) > 0
    assert (ran.alerts(), ran.everything(watermark)) == live[:2]
    assert ran.messages()[Delivery.SENT] == live[2] + report.deliveries.sent


def test_a_later_day_goes_on_with_the_walk(ran: Station) -> None:
    ran.run(as_of=NOW - 2 * DAY)
    assert ran.run(as_of=NOW - DAY).timeline == "replay-1"
    again = ran.run(as_of=NOW - DAY)
    assert (again.timeline, again.rules.opened, again.rules.enqueued) == ("replay-1", {}, 0)


def test_an_earlier_day_begins_a_walk_of_its_own(ran: Station) -> None:
    ran.run(as_of=NOW - DAY)
    first = ran.alerts("replay-1")
    assert ran.run(as_of=NOW - 2 * DAY).timeline == "replay-2"
    assert ran.alerts("replay-1") == first


def test_nobody_outside_hears_of_a_walk_through_the_past(ran: Station) -> None:
    with receiving() as receiver:
        ran.contacts(everybody(receiver.address))
        report = ran.run(as_of=NOW - DAY)
    assert receiver.taken == []
    assert set(report.deliveries.by_channel) == {"inbox"}


def test_a_mass_delete_is_held_until_a_person_allows_it(ran: Station, tmp_path: Path) -> None:
    ran.feed = copytree(ran.feed, tmp_path / "feed")
    ran.run(bulk=True)
    before = living(ran)
    cut_short(ran.feed / "Observation.ndjson")
    held = rows_of(ran.run(bulk=True)).held_deletes
    assert held["result"] > 100
    assert living(ran) == before
    report = ran.run(bulk=True, allow_mass_delete=True)
    assert rows_of(report).gone["result"] == held["result"]
    assert living(ran) == before - held["result"]


def test_a_dead_channel_undoes_no_other_work_and_is_tried_again(fresh: Station) -> None:
    with receiving() as receiver:
        address = receiver.address
    fresh.contacts(everybody(address))
    report = fresh.run()
    assert sum(report.rules.opened.values()) > 0
    assert sum(fresh.alerts().values()) > 0
    assert report.deliveries.retried > 0
    assert fresh.messages()[Delivery.WAITING] == report.deliveries.retried + report.deliveries.postponed
    assert fresh.messages()[Delivery.DEAD] == 0


def test_what_waited_for_a_dead_channel_leaves_when_it_is_back(fresh: Station) -> None:
    with receiving() as receiver:
        port = receiver.server_port
    fresh.contacts(everybody(receiver.address))
    fresh.run()
    waiting = fresh.messages()[Delivery.WAITING]
    fresh.clock.move(HOUR)
    with receiving(port) as receiver:
        sent = deliver_due(fresh.database, fresh.bench().channels, fresh.bench().templates, fresh.clock).sent
    assert sent == waiting == len(receiver.taken) > 0


def test_a_source_that_cannot_be_read_moves_no_cursor_and_writes_nothing(ran: Station, tmp_path: Path) -> None:
    before = ran.everything(source_cursor), ran.everything(watermark)
    ran.feed = tmp_path / "not-there"
    with pytest.raises(SourceError, match="there is no folder"):
        ran.run()
    assert (ran.everything(source_cursor), ran.everything(watermark)) == before


def everybody(address: str) -> str:
    """Contacts with one person for all roles, who has a webhook first."""
    person = (
        f"  admin: {{channels: [{{channel: webhook, address: '{address}'}}, {{channel: inbox}}], clearance: phi}}\n"
    )
    return f"recipients:\n{person}"


def cut_short(path: Path) -> None:
    """Leave only the first lines of a file."""
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:20]))


def living(station: Station) -> int:
    """How many results there are that are not gone."""
    gone = [column.name for column in table_of(Result).columns].index("gone_at")
    return sum(row[gone] is None for row in station.everything(table_of(Result)))
