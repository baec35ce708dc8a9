"""The real data sets, read whole through dialects: every row accounted for, every known defect named, and what should
have alerted on a day told apart from the rules by plain Python over the raw files.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from automations.conditions import compile_rule
from automations.findings import Look, true_entities
from automations.rule_files import read_rules
from substrate.clock import DAY, HOUR, MINUTE, parse_instant
from substrate.database import Database, open_database
from substrate.facts import Facts
from substrate.features.refresh import refresh
from substrate.ingest import IngestReport, ingest
from substrate.mapping import Mapper
from substrate.migrate import upgrade
from substrate.quarantine import held_rows
from substrate.records import table_of
from substrate.sources.folder import FolderOptions, FolderSource
from tests.verticals.logistics.dialects import hflights, ocel, scms
from tests.verticals.logistics.references import hflights as flown
from tests.verticals.logistics.references import scms as delivered
from verticals.logistics import vertical

TODAY = parse_instant("2026-11-01")
FACTS = Facts(vertical.records, vertical.views)
Flown = tuple[Database, list[flown.Flight]]
RULES = {rule.id: rule for rule in read_rules(vertical.rules)}


def taken(database: Database, mapper: Mapper, folder: Path, name: str, zone: str | None = None) -> IngestReport:
    """A folder read by one mapper."""
    options = FolderOptions(path=folder, kinds=(mapper.resource,))
    return ingest(database, replace(vertical, mappers=(mapper,)), FolderSource(name, options), TODAY, zone=zone)


def fires(database: Database, rule: str, at: int) -> set[str]:
    """The source keys of the entities for which a rule is true at an instant."""
    compiled = compile_rule(RULES[rule], FACTS)
    table = table_of(vertical.record(RULES[rule].entity))
    with database.read() as connection:
        found = [each.entity_id for each in true_entities(connection, compiled, Look(FACTS, at, None, "live"))]
        keys = dict(connection.execute(select(table.c.id, table.c.source_key)).tuples().all())
    return {keys[number] for number in found}


@pytest.fixture(scope="module")
def shipped(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Path]]:
    """The SCMS lines in a SQLite file, and the file that they come from."""
    folder = shared_data / "logistics/scms"
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('scms') / 's.sqlite'}")
    upgrade(database, [vertical])
    report = taken(database, scms.LINE, folder, "scms")
    assert (report.rows_in, report.accepted, report.quarantined) == (10_324, 10_324, 0)
    yield database, folder / "supply_chain_shipment.csv.gz"
    database.close()


def test_each_defect_that_scms_is_known_for_is_there(shipped: tuple[Database, Path]) -> None:
    found = delivered.defects(shipped[1])
    assert found["Pre-PQ Process"] + found["Date Not Captured"] == 2_681 + 328
    assert (found["N/A - From RDC"], found["no mode"]) == (5_404, 360)
    assert found["words for freight cost (usd)"] == 4_126
    assert found["words for weight (kilograms)"] == 3_952
    assert (found["late"], found["more than 14 days late"], found["recorded later"]) == (1_186, 495, 1_908)
    assert found["recorded before it came"] == 3


def test_words_in_the_place_of_a_number_are_refused_by_the_column(shared_data: Path, tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'f.sqlite'}")
    upgrade(database, [vertical])
    report = taken(database, scms.FREIGHT, shared_data / "logistics/scms", "freight")
    words = delivered.defects(shared_data / "logistics/scms/supply_chain_shipment.csv.gz")["words for either"]
    assert report.rows_in == 10_324 == report.accepted + report.quarantined
    assert report.reasons == {"wrong_type": words}
    with database.read() as connection:
        details = Counter(row.detail for row in held_rows(connection))
    assert set(details) == {"weight (kilograms) is not a number", "freight cost (usd) is not a number"}
    assert details["weight (kilograms) is not a number"] == 3_952
    database.close()


QUARTERS = [date(year, month, 1) for year in range(2006, 2016) for month in (3, 6, 9, 12)]


@pytest.mark.parametrize("today", QUARTERS, ids=str)
def test_late_lines_are_those_that_were_late_as_far_as_was_known(shipped: tuple[Database, Path], today: date) -> None:
    database, file = shipped
    assert fires(database, "late-order-line", parse_instant(today.isoformat())) == delivered.late_on(file, today)


def test_the_days_have_late_lines_at_all(shipped: tuple[Database, Path]) -> None:
    assert sum(len(delivered.late_on(shipped[1], today)) for today in QUARTERS) > 100


def test_a_delivery_that_is_recorded_later_is_not_seen_before(shipped: tuple[Database, Path]) -> None:
    """Between delivery and record the line still counts as late; a read that saw the future would say otherwise."""
    database, file = shipped
    seen = 0
    for today in QUARTERS:
        fired = fires(database, "late-order-line", parse_instant(today.isoformat()))
        for row in delivered.rows(file):
            came = delivered.as_date(row["delivered to client date"])
            if row["id"] in fired and came is not None and came <= today:
                told = delivered.as_date(row["delivery recorded date"])
                assert told is not None
                assert told > today
                seen += 1
    assert seen > 0


@pytest.fixture(scope="module")
def flights(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flown]:
    """Half a year of flights in a SQLite file, and the same as the reference reads them."""
    folder = shared_data / "logistics/hflights_h1"
    file = folder / "hflights_2011_h1.csv.gz"
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('hflights') / 'h.sqlite'}")
    upgrade(database, [vertical])
    report = taken(database, hflights.mapper(file), folder, "hflights")
    assert (report.rows_in, report.accepted, report.quarantined) == (112_873, 112_873, 0)
    assert report.records["leg"] == 112_873
    assert not report.discarded
    yield database, flown.flights(file)
    database.close()


@pytest.mark.slow
def test_each_defect_that_hflights_is_known_for_is_named(flights: Flown, shared_data: Path) -> None:
    known = flown.defects(shared_data / "logistics/hflights_h1/hflights_2011_h1.csv.gz")
    leg = table_of(vertical.record("leg"))
    with flights[0].read() as connection:
        rows = connection.execute(
            select(leg.c.status, leg.c.vehicle_id, leg.c.planned_depart, leg.c.planned_arrive, leg.c.diverted)
        ).all()
    counted = {
        "cancelled": sum(row.status == "cancelled" for row in rows),
        "cancelled without a plan": sum(row.status == "cancelled" and row.planned_depart is None for row in rows),
        "diverted": sum(bool(row.diverted) for row in rows),
        "no tail number": sum(row.vehicle_id is None for row in rows),
        "no arrival delay": sum(row.planned_arrive is None for row in rows),
    }
    assert counted == {name: known[name] for name in counted}
    assert counted == {
        "cancelled": 2_175, "cancelled without a plan": 2_140, "diverted": 335, "no tail number": 647,
        "no arrival delay": 2_510,
    }  # fmt: skip
    assert known["left on another day"] > 0


@pytest.mark.slow
def test_the_clocks_of_the_airports_agree_with_what_was_computed(shared_data: Path) -> None:
    """Where it landed, the clock on the wall differs from Houston's by whole hours: the roll-over was read right."""
    off = Counter[int]()
    with gzip.open(shared_data / "logistics/hflights_h1/hflights_2011_h1.csv.gz", "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            if "" not in (row["ArrTime"], row["ActualElapsedTime"]) and row["ActualElapsedTime"] != "NA":
                left, came = int(row["DepTime"]), int(row["ArrTime"])
                minutes = came // 100 * 60 + came % 100 - left // 100 * 60 - left % 100 - int(row["ActualElapsedTime"])
                off[minutes % 60] += 1
    assert off[0] == sum(off.values())


FIRST = parse_instant("2011-01-01T06:00:00Z")
MOMENTS = [date(2011, *day) for day in ((1, 9), (1, 31), (2, 4), (3, 14), (4, 25), (5, 12), (6, 22))]


@pytest.mark.slow
@pytest.mark.parametrize("hour", [2, 15, 20])
@pytest.mark.parametrize("day", MOMENTS, ids=str)
def test_flights_are_late_or_about_to_be_as_the_reference_says(flights: Flown, day: date, hour: int) -> None:
    database, found = flights
    now = parse_instant(day.isoformat()) + hour * HOUR
    minute = (now - FIRST) // MINUTE
    assert fires(database, "late-leg", now) == flown.late_at(found, minute)
    assert fires(database, "predicted-late-leg", now) == flown.about_to_leave_late_at(found, minute)


@pytest.mark.slow
def test_the_moments_have_late_flights_at_all(flights: Flown) -> None:
    minutes = [(parse_instant(day.isoformat()) + 20 * HOUR - FIRST) // MINUTE for day in MOMENTS]
    assert sum(len(flown.late_at(flights[1], now)) for now in minutes) > 50
    assert sum(len(flown.about_to_leave_late_at(flights[1], now)) for now in minutes) > 50


@pytest.fixture(scope="module")
def packages(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The order management log in a SQLite file; it names no zone, so one is declared."""
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('ocel') / 'o.sqlite'}")
    upgrade(database, [vertical])
    report = taken(database, ocel.MAPPER, shared_data / "logistics/ocel_order_management", "ocel", zone="UTC")
    assert (report.rows_in, report.accepted, report.quarantined) == (21_008, 21_008, 0)
    assert report.records["order"] == 2_000
    assert (report.records["shipment"], report.records["purchase_order"]) == (1_128, 1_544)
    yield database
    database.close()


def test_the_logs_failed_deliveries_and_missing_items_are_all_there(packages: Database) -> None:
    event = table_of(vertical.record("tracking_event"))
    with packages.read() as connection:
        codes = Counter(connection.scalars(select(event.c.code)))
    assert (codes["failed_delivery"], codes["item_out_of_stock"], codes["payment_reminder"]) == (311, 1_544, 566)
    assert codes["package_delivered"] == 1_128


@pytest.mark.parametrize("when", ["2023-06-05T12:00:00Z", "2023-09-12T18:00:00Z", "2024-02-20T12:00:00Z"])
def test_a_failed_delivery_alerts_until_the_package_is_there(packages: Database, when: str, shared_data: Path) -> None:
    at = parse_instant(when)
    failed: dict[str, int] = {}
    done: set[str] = set()
    with gzip.open(shared_data / "logistics/ocel_order_management/order-management.csv.gz", "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            then = parse_instant(row["time"] + "Z")
            if row["type"] == "failed_delivery" and then <= at:
                failed[row["packages"]] = max(then, failed.get(row["packages"], 0))
            if row["type"] == "package_delivered" and then <= at:
                done.add(row["packages"])
    expected = {package for package, last in failed.items() if at - last < 7 * DAY and package not in done}
    with packages.write() as connection:
        for view in vertical.views:
            refresh(connection, view, at)
    assert fires(packages, "failed-delivery", at) == expected
