"""Work that fails or is late is told once, on each database, and taken back by a good run; no Prefect is needed."""

from __future__ import annotations

from collections import Counter

import pytest

from flows.lateness import BatchWork
from flows.timetable import Turn, turns
from flows.trouble import expect, mark_of, overdue, tell_overdue, went_well, went_wrong
from substrate.clock import HOUR, MINUTE
from substrate.freshness import watermarks
from substrate.settings import Settings
from substrate.sources.configured import load_sources
from tests.flows.station import Station
from verticals.hospital import vertical

TURN = Turn("sweep-rules", "hospital", 15 * MINUTE, "10-59/15 * * * *", {"vertical": "hospital"})
WORK = TURN.subject


@pytest.fixture
def settings(fresh: Station) -> Settings:
    return Settings(home=fresh.home)


def fails(station: Station, settings: Settings, how: str = "failed") -> None:
    went_wrong(settings, station.database, station.clock, WORK, how, "SourceError")


def test_a_failure_is_one_alert_however_often_it_comes(fresh: Station, settings: Settings) -> None:
    for how in ("failed", "crashed", "late"):
        fails(fresh, settings, how)
        fresh.clock.move(MINUTE)
    assert fresh.alerts() == Counter({("plumbline-flow-failed", "firing"): 1})
    assert sum(fresh.messages().values()) == 2  # one to the file, its copy in the inbox


def test_a_good_run_takes_it_back_and_the_next_failure_is_a_new_episode(fresh: Station, settings: Settings) -> None:
    fails(fresh, settings)
    went_well(settings, fresh.database, fresh.clock, WORK)
    assert fresh.alerts() == Counter({("plumbline-flow-failed", "resolved"): 1})
    fails(fresh, settings)
    assert fresh.alerts() == Counter({("plumbline-flow-failed", "resolved"): 1, ("plumbline-flow-failed", "firing"): 1})


def test_a_good_run_of_other_work_takes_nothing_back(fresh: Station, settings: Settings) -> None:
    fails(fresh, settings)
    went_well(settings, fresh.database, fresh.clock, "sweep-rules school")
    assert fresh.alerts() == Counter({("plumbline-flow-failed", "firing"): 1})


def test_work_that_never_ran_is_late_when_its_time_has_passed(fresh: Station, settings: Settings) -> None:
    expect(fresh.database, [TURN], fresh.clock.now())
    fresh.clock.move(TURN.patience)
    assert tell_overdue(settings, fresh.database, fresh.clock, [TURN]) == []
    fresh.clock.move(MINUTE)
    assert tell_overdue(settings, fresh.database, fresh.clock, [TURN]) == [WORK]
    assert fresh.alerts() == Counter({("plumbline-flow-failed", "firing"): 1})


def test_expecting_again_gives_no_more_time(fresh: Station) -> None:
    expect(fresh.database, [TURN], fresh.clock.now())
    expect(fresh.database, [TURN], fresh.clock.move(24 * HOUR))
    assert [turn.subject for turn, _ in overdue(fresh.database, [TURN], fresh.clock.now())] == [WORK]


def test_work_that_nobody_expects_is_not_late(fresh: Station) -> None:
    assert overdue(fresh.database, [TURN], fresh.clock.now()) == []


def test_a_good_run_is_a_watermark_that_fits_its_column(fresh: Station, settings: Settings) -> None:
    long = "ingest-source hospital/" + "x" * 120
    went_well(settings, fresh.database, fresh.clock, long)
    with fresh.database.read() as connection:
        assert watermarks(connection)[mark_of(long)] == fresh.clock.now()
    assert len(mark_of(long)) <= 120


def test_the_alert_of_work_that_is_on_no_list_any_more_ends(fresh: Station, settings: Settings) -> None:
    fails(fresh, settings)
    assert tell_overdue(settings, fresh.database, fresh.clock, [TURN]) == []
    assert fresh.alerts() == Counter({("plumbline-flow-failed", "firing"): 1})
    tell_overdue(settings, fresh.database, fresh.clock, [])
    assert fresh.alerts() == Counter({("plumbline-flow-failed", "resolved"): 1})


def test_the_clock_tells_it_where_prefect_is_gone(fresh: Station, settings: Settings) -> None:
    (fresh.home / "sources.yaml").write_text("sources: [{name: epr, vertical: hospital, folder: {path: /srv/drop}}]\n")
    told: list[bool] = []
    duty = BatchWork(settings, fresh.database, [vertical], lambda: told.append(True))
    assert duty.look(fresh.clock.now() + 30 * HOUR) == []  # nobody ever served it
    expect(fresh.database, turns([vertical], load_sources(settings.resolved_sources_file)), fresh.clock.now())
    late = duty.look(fresh.clock.now() + 2 * HOUR)
    assert "ingest-source hospital/epr" in late
    assert "daily-cycle hospital" not in late
    assert told == [True]
    assert fresh.alerts() == Counter({("plumbline-flow-failed", "firing"): len(late)})
