"""The real feeds, read whole: how many rows of each kind, how many refused, and as of which day what is found."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from automations.conditions import compile_rule
from automations.findings import Look, true_entities
from automations.rule_files import read_rules
from automations.rules import Lifecycle
from substrate.clock import parse_instant
from substrate.database import Database, open_database
from substrate.facts import Facts
from substrate.features.refresh import refresh
from substrate.gate import Gate
from substrate.ingest import ingest
from substrate.mapping import Draft, Reader
from substrate.migrate import upgrade
from substrate.sources.folder import FolderOptions, FolderSource
from verticals.hospital import vertical

TODAY = parse_instant("2026-11-01")
KINDS = tuple(mapper.resource for mapper in vertical.mappers)
EXPECTED = {
    "synthea_fhir_r4": {
        "organization": 102, "practitioner": 102, "patient": 615, "encounter": 18_098, "condition": 4_546,
        "order": 4_712, "result": 88_674 + 11_325, "diagnostic_report": 6_262, "procedure": 14_081,
        "immunization": 7_389,
    },
    "synthea_bulk10": {
        "organization": 43, "location": 44, "practitioner": 43, "practitioner_role": 43, "patient": 13,
        "encounter": 1_215, "location_stay": 1_215, "condition": 555, "order": 1_745, "procedure": 2_056,
        "immunization": 161, "note": 1_215,
    },
}  # fmt: skip


def rows(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row of a feed, with its resource."""
    for file in sorted(folder.glob("*.ndjson.gz")):
        with gzip.open(file) as lines:
            yield from ((file.name.partition(".")[0], orjson.loads(line)) for line in lines)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_row_of_a_real_feed_passes_mapping_and_gate(name: str, shared_data: Path) -> None:
    gate, reader, found = Gate(vertical.checks), Reader(name), Counter[str]()
    for resource, payload in rows(shared_data / "hospital" / name):
        if resource in KINDS:
            draft = vertical.mappers_by_resource[resource].read(payload, reader)
            assert isinstance(draft, Draft)
            gate.pass_through(draft, TODAY)
            found.update(member.record.kind for member in draft.family())
    assert found == EXPECTED[name]
    assert not gate.discarded


def test_notes_of_the_bulk_export_carry_their_text(shared_data: Path) -> None:
    read = vertical.mappers_by_resource["DocumentReference"].read
    told = rows(shared_data / "hospital/synthea_bulk10")
    drafts = [read(row, Reader("x")) for resource, row in told if resource == "DocumentReference"]
    notes = [draft.values for draft in drafts if isinstance(draft, Draft)]
    assert Counter(note["status"] for note in notes) == {"superseded": 1_202, "current": 13}
    assert all(len(note["text"]) > 100 and note["practitioner_id"] and note["encounter_id"] for note in notes)


@pytest.mark.slow
def test_every_row_of_each_resource_is_accounted_for(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "hospital/synthea_fhir_r4"
    lying = Counter(resource for resource, _ in rows(folder))
    database = open_database(f"sqlite:///{tmp_path / 'all.sqlite'}")
    upgrade(database, [vertical])
    for resource in lying.keys() & set(KINDS):
        source = FolderSource(resource, FolderOptions(path=folder, kinds=(resource,)))
        report = ingest(database, vertical, source, TODAY)
        assert report.accepted + report.unchanged + report.quarantined == report.rows_in == lying[resource]
        assert report.accepted == report.rows_in
    database.close()


@pytest.fixture(scope="module")
def synthea(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The patients, their visits and what rules look at, in a SQLite file."""
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('synthea') / 's.sqlite'}")
    upgrade(database, [vertical])
    options = FolderOptions(
        path=shared_data / "hospital/synthea_fhir_r4", kinds=("Patient", "Encounter", "Immunization")
    )
    report = ingest(database, vertical, FolderSource("synthea", options), TODAY)
    assert (report.rows_in, report.accepted, report.quarantined) == (26_102, 26_102, 0)
    yield database
    database.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-11-01", {}), ("2019-06-01", {"immunization-follow-up": 10}), ("2018-03-15", {"immunization-follow-up": 3})],
)
def test_old_data_raises_nothing_today_and_something_on_its_day(
    synthea: Database, day: str, expected: dict[str, int]
) -> None:
    facts, at, found = Facts(vertical.records, vertical.views), parse_instant(day), {}
    with synthea.write() as connection:
        for view in vertical.views:
            refresh(connection, view, at)
        for rule in read_rules(vertical.rules):
            if rule.lifecycle is Lifecycle.ACTIVE:
                found[rule.id] = len(
                    true_entities(connection, compile_rule(rule, facts), Look(facts, at, None, "live"))
                )
    assert {name: count for name, count in found.items() if count} == expected
