"""Each copilot is indexed as often as it says, by the schedules as Prefect itself calculates them over a day."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from operator import itemgetter
from pathlib import Path

import pytest
from prefect.server.schemas.schedules import CronSchedule, IntervalSchedule

from flows.deployments import deployment
from flows.indexing import next_copilots
from flows.timetable import Turn, all_turns, turns
from rag.copilot import Copilot
from substrate.clock import DAY, MINUTE, SECOND, parse_duration
from substrate.freshness import collection_name
from substrate.settings import Settings
from substrate.sources.configured import folder_entry
from verticals.hospital import vertical

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
SOURCES = [folder_entry("hospital", Path("/srv/drop"), name="epr")]
EVERY = ("1m", "90s", "2m", "5m", "7m", "10m", "15m", "20m", "30m", "40m", "1h", "4h")


def copilot(name: str, every: str, owner: str | None = "hospital") -> Copilot:
    files = {"name": "files", "folder": {"path": "/srv/handbook"}}
    return Copilot.model_validate({"name": name, "vertical": owner, "every": every, "sources": [files]})


def instants(turn: Turn) -> list[int]:
    """When a turn's runs are due in a day, as the Prefect server calculates it from its deployment."""
    (made,) = deployment(turn, "UTC").schedules or []
    kind = CronSchedule if turn.cron else IntervalSchedule
    assert made.schedule is not None
    schedule = kind.model_validate(made.schedule.model_dump())
    found: set[datetime] = set()
    for hours in (0, 12):  # it calculates no more than a thousand at once
        began = MIDNIGHT + timedelta(hours=hours)
        found.update(asyncio.run(schedule.get_dates(1_000, began, began + timedelta(hours=12))))
    return [round(each.timestamp()) * SECOND for each in found]


def runs(all_of_them: list[Copilot]) -> Iterator[tuple[str, int]]:
    """Which copilot is brought up to date when, in a day whose runs all begin some seconds late."""
    found, known, late = {one.name: one for one in all_of_them}, dict[str, int](), random.Random(1)
    due = [each for each in turns([vertical], SOURCES, all_of_them) if each.flow == "reindex-copilots"]
    for at, turn in sorted(((at, each) for each in due for at in instants(each)), key=itemgetter(0)):
        now = at + late.randrange(4 * SECOND)
        whose, only = turn.parameters.get("vertical"), turn.parameters.get("copilot")
        for one in next_copilots(found, known, now, whose, only):
            known[collection_name(one.name)] = now
            yield one.name, now


@pytest.mark.parametrize("owner", ["hospital", None])
def test_each_is_indexed_as_often_as_it_says_and_no_more(owner: str | None) -> None:
    times: dict[str, list[int]] = {f"each-{every}": [] for every in EVERY}
    for name, at in runs([copilot(f"each-{every}", every, owner) for every in EVERY]):
        times[name].append(at)
    for every in EVERY:
        wanted, seen = DAY // parse_duration(every), times[f"each-{every}"]
        longest = max(after - before for before, after in pairwise(seen))
        assert longest <= parse_duration(every) + 5 * SECOND, every
        assert wanted - 1 <= len(seen) <= wanted + 1, every


def test_one_that_cannot_wait_for_the_quarter_has_a_turn_with_its_name() -> None:
    found = [copilot("wards", "5m"), copilot("hospital", "5m", None), copilot("slow", "1h")]
    own = [each for each in turns([vertical], SOURCES, found) if "copilot" in each.parameters]
    assert [each.subject for each in own] == ["reindex-copilots hospital/wards", "reindex-copilots house/hospital"]
    assert [(each.every, each.patience) for each in own] == 2 * [(5 * MINUTE, 45 * MINUTE)]
    assert len({each.name for each in turns([vertical], SOURCES, found) if each.flow == "reindex-copilots"}) == 4


def test_one_that_reads_files_is_indexed_though_its_vertical_has_no_source() -> None:
    flows = [(each.flow, each.name) for each in turns([vertical], [], [copilot("wards", "5m")])]
    assert flows[:3] == [("reindex-copilots", name) for name in ("hospital", "house", "hospital-wards")]


def test_what_is_served_obeys_copilots_yaml(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    (tmp_path / "copilots.yaml").write_text(
        "copilots: [{name: ward, every: 4m, sources: [{name: a, folder: {path: x}}]}]", "utf-8"
    )
    assert [each.every for each in all_turns(settings, {}) if "copilot" in each.parameters] == [4 * MINUTE]


def test_a_fault_in_copilots_yaml_stops_no_other_work(tmp_path: Path) -> None:
    (tmp_path / "copilots.yaml").write_text("copilots: [{name: ward}]", "utf-8")
    assert [each.flow for each in all_turns(Settings(home=tmp_path), {})] == ["reindex-copilots", "maintenance"]


def test_a_copilot_of_a_day_is_run_once_a_day() -> None:
    assert [name for name, _ in runs([copilot("slow", "24h")])] == ["slow"]
