"""A hospital with values planted in its records, notes, files and alerts, served for real; and who asks it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import uvicorn
from sqlalchemy import insert

from automations.alerts import alert, alert_code
from automations.engine import Engine, evaluate
from automations.rule_files import rule_from
from automations.rulebook import import_rules
from console.web.app import create_app
from console.web.parts import Parts
from flows.indexing import copilots_of, sync_copilot
from flows.installation import Installation
from rag.embedders.hashing import HashingEmbedder
from rag.index import Index, IndexOptions
from rag.opening import open_index
from substrate.access import Caller
from substrate.clock import HOUR, SystemClock
from substrate.columns import Sensitivity
from substrate.database import Database, open_database
from substrate.facts import Facts
from substrate.features.refresh import refresh
from substrate.freshness import advance, records_name
from substrate.keys import new_key
from substrate.migrate import upgrade
from substrate.records import Record, record_id, table_of
from substrate.settings import Settings
from tests.flows.test_live_loop import wait_until
from verticals.hospital import vertical
from verticals.hospital.records import Note, Patient

NORTH = ("Zebedee Quillfeather", "MRN-7719305", "a walnut sized growth", "GUIDELINE-PLANTED-NORTH")
SOUTH = ("Ottoline Marchbanks", "MRN-8823614", "a broken clavicle", "GUIDELINE-PLANTED-SOUTH")
TICKET = "TICKET-PLANTED-TONER"
WORDS = (
    TICKET,
    *NORTH,
    *SOUTH,
    "Quillfeather",
    "Marchbanks",
    "Zebedee",
    "Ottoline",
    "walnut",
    "clavicle",
    "p-zeb",
    "p-otto",
)
OPEN = "Visiting hours are from two to six"

CHIEF = Caller("chief", "doctor", Sensitivity.PHI)
SOUTHERN = Caller("southern", "doctor", Sensitivity.PHI, frozenset({"south"}))
CLERK = Caller("clerk", "clerk", Sensitivity.INTERNAL)
VISITOR = Caller("visitor", "visitor", Sensitivity.PUBLIC, frozenset())
TEACHER = Caller("teacher", "teacher", Sensitivity.PHI, None, frozenset({"school"}))
CALLERS = (CHIEF, SOUTHERN, CLERK, VISITOR, TEACHER)

COPILOTS = """
copilots:
  - name: house
    vertical: hospital
    sources:
      - {name: records, records: {}}
      - name: files
        folder: {path: files}
        paths:
          "north.md": {sensitivity: phi, site: north, roles: [doctor]}
          "south.md": {sensitivity: phi, site: south, roles: [doctor]}
      - name: desk
        tickets: {path: desk.csv}
"""
DESK = f"id,title,body,comment\n1,Ward round,The list for the round on the ward: {TICKET}.,{NORTH[0]} said so\n"
RULE = {
    "rule": "told-name", "title": "A patient with a record number", "description": "For the test",
    "entity": "patient", "when": 'mrn.startsWith("MRN-")', "severity": "high", "owner": "charge-nurse",
    "cost_of_delay": "none", "notify": [{"role": "charge-nurse"}], "values": ["name", "mrn"], "lifecycle": "active",
}  # fmt: skip


@dataclass
class Shelf:
    """The real index, with an embedder that needs no files."""

    index: Index
    embedder: HashingEmbedder = field(default_factory=lambda: HashingEmbedder(256))
    trouble: str | None = None

    def opened(self) -> Shelf:
        """Itself."""
        return self


@dataclass
class House:
    """The hospital, served.

    Attributes:
        address: of its web process.
        keys: what each caller shows, by name.
        codes: of its alerts.
    """

    settings: Settings
    database: Database
    shelf: Shelf
    address: str
    keys: dict[str, str]
    codes: list[str]

    def client(self, caller: Caller) -> httpx.Client:
        """A client with a caller's key."""
        headers = {"authorization": f"Bearer {self.keys[caller.name]}"}
        return httpx.Client(base_url=self.address, headers=headers, trust_env=False)


@contextmanager
def house(home: Path) -> Iterator[House]:
    """The hospital, with everything planted, indexed and served."""
    home.mkdir()
    (home / "copilots.yaml").write_text(COPILOTS, "utf-8")
    _files(home / "files")
    (home / "desk.csv").write_text(DESK, "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = Settings(home=home, web_port=listening.getsockname()[1])
        database = open_database(settings.resolved_database_url)
        try:
            _plant(database)
            opened = Installation(settings, database, SystemClock())
            sync_copilot(opened, copilots_of(opened)["house"], HashingEmbedder(256))
            with open_index(settings, database, opened.clock, IndexOptions(address=address)) as index:
                keys, codes = _keys(database), _codes(database)
                made = House(settings, database, Shelf(index), address, keys, codes)
                with _served(made, listening):
                    yield made
        finally:
            database.close()


@contextmanager
def _served(made: House, listening: socket.socket) -> Iterator[None]:
    app = create_app(made.settings, made.database, [vertical], SystemClock(), Parts(shelf=made.shelf))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield
    finally:
        server.should_exit = True
        thread.join()


def _files(folder: Path) -> None:
    folder.mkdir()
    said = {
        "open.md": f"# Visiting\n\n{OPEN}.\n",
        "north.md": f"# Rounds\n\n{NORTH[3]}: the round on the ward begins with {NORTH[0]}.\n",
        "south.md": f"# Rounds\n\n{SOUTH[3]}: the round on the ward begins with {SOUTH[0]}.\n",
    }
    for name, text in said.items():
        (folder / name).write_text(text, "utf-8")


def _plant(database: Database) -> None:
    upgrade(database, [vertical])
    now = SystemClock().now()
    with database.write() as connection:
        for key, site, said in (("p-zeb", "north", NORTH), ("p-otto", "south", SOUTH)):
            patient = _row(Patient, key, site, now) | {"name": said[0], "mrn": said[1], "deceased": False}
            connection.execute(insert(table_of(Patient)).values(patient))
            told = {
                "heading": f"Round of {said[0]}", "type": "Ward round", "status": "current", "date": now - HOUR,
                "text": f"{said[0]} has {said[2]} and is seen each morning.", "patient_id": patient["id"],
            }  # fmt: skip
            connection.execute(insert(table_of(Note)).values(_row(Note, f"note-{key}", site, now) | told))
        for view in vertical.views:
            refresh(connection, view, now, batch=1)
        advance(connection, [records_name(record) for record in vertical.records], "his", now)
        import_rules(connection, "hospital", [rule_from(RULE, "test")], "test", now)
    evaluate(Engine(database, "hospital", Facts(vertical.records, vertical.views)), now)


def _row(record: type[Record], key: str, site: str, now: int) -> dict[str, Any]:
    return {
        "id": record_id("his", record.kind, key), "source": "his", "source_key": key, "site": site,
        "recorded_at": now, "content_hash": 0, "batch": 1,
    }  # fmt: skip


def _keys(database: Database) -> dict[str, str]:
    now = SystemClock().now()
    with database.write() as connection:
        return {who.name: new_key(connection, who, now, "test")[1].get_secret_value() for who in CALLERS}


def _codes(database: Database) -> list[str]:
    with database.read() as connection:
        return [alert_code(row.id) for row in connection.execute(alert.select())]
