"""A FHIR server that misbehaves, listed in sources.yaml, gives what a folder of the same records gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from substrate.database import open_database
from substrate.records import Record, table_of
from tests.console.shell import Shell
from tests.substrate.sources.fhir_server import Routes, Trouble, World, serving
from verticals.hospital import vertical

LISTED = """
sources:
  - name: hospital
    vertical: hospital
    fhir: {base_url: "BASE", mode: search, count: 200, attempts: 12}
"""


@pytest.fixture
def server(feed: Path) -> Iterator[Routes]:
    """The records of the feed, behind a server with ties, duplicates, resets and expiring links."""
    world = World(trouble=Trouble(duplicates=0.05, resets=0.05, expired_links=0.05, whole_seconds=True))
    for resource in newest(feed).values():
        world.put(resource.pop("resourceType"), resource.pop("id"), **resource)
    world.clock.move(10_000_000)
    with serving(world) as routes:
        yield routes


def newest(feed: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """The newest version of each record that can be parsed: a server has no others."""
    found: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
    for line in (line for path in sorted(feed.glob("*.ndjson")) for line in path.read_bytes().splitlines()):
        with suppress(json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
            resource = json.loads(line)
            key, dated = (resource["resourceType"], resource["id"]), resource.pop("meta")["lastUpdated"]
            if key not in found or dated > found[key][0]:
                found[key] = dated, resource
    return {key: resource for key, (_dated, resource) in found.items()}


def held(home: Path) -> dict[str, dict[str, int]]:
    """What is stored: the content of each record, by kind and key."""
    database = open_database(f"sqlite:///{home / 'plumbline.sqlite'}")
    with database.read() as connection:
        found = {record.kind: _contents(connection, record) for record in vertical.records}
    database.close()
    return found


def _contents(connection: Connection, record: type[Record]) -> dict[str, int]:
    table = table_of(record)
    rows = connection.execute(select(table.c.source_key, table.c.content_hash).where(table.c.gone_at.is_(None)))
    return dict(rows.tuples().all())


def test_a_server_gives_what_a_folder_gives_and_nothing_the_second_time(
    shell: Shell, home: Path, feed: Path, server: Routes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shell.ask("run", "hospital", "--from", feed)
    expected = held(home)
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path / "served"))
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "sources.yaml").write_text(LISTED.replace("BASE", server.base))
    assert shell.ask("sources", "check", "hospital", "--rows", 10)["tried"] == 10
    rows = shell.ask("run", "hospital")["rows"]
    assert rows["in"] == rows["accepted"] + rows["unchanged"] + rows["quarantined"]
    assert held(tmp_path / "served") == expected
    again = shell.ask("run", "hospital")
    assert (again["rows"]["accepted"], again["alerts"]["opened"]) == (0, 0)
