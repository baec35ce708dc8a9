"""A hospital whose copilot may be asked: two patients at two sites, what is written of them, and keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from starlette.testclient import TestClient

from console.web.app import create_app
from console.web.parts import Parts
from flows.shelf import Opened, OwnedIndex
from rag.embedder import Embedder
from rag.embedders.hashing import HashingEmbedder
from rag.hit import Passage
from rag.memory import MemoryIndex, MemoryLive
from substrate.access import Caller, Label
from substrate.clock import HOUR, ManualClock
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.errors import UnavailableError
from substrate.features.refresh import refresh
from substrate.keys import new_key
from substrate.migrate import upgrade
from substrate.records import record_id, table_of
from substrate.settings import Settings
from tests.rag.shelf import passage
from verticals.hospital import vertical
from verticals.hospital.records import Patient

NOW = 1_760_000_000_000_000
HERE = "http://127.0.0.1:8420"
COPILOTS = """
copilots:
  - name: ward
    vertical: hospital
    sources: [{name: docs, folder: {path: .}}]
  - name: doctors
    vertical: hospital
    roles: [doctor]
    sources: [{name: docs, folder: {path: .}}]
"""
NURSE = Caller("nurse", "nurse", Sensitivity.PHI, frozenset({"north"}), frozenset({"hospital"}))
CLERK = Caller("clerk", "clerk", Sensitivity.INTERNAL, frozenset({"north"}))
TRUCKER = Caller("trucker", "driver", Sensitivity.PHI, None, frozenset({"logistics"}))


@dataclass
class MemoryShelf:
    """A shelf with an index in memory; while `trouble` is set, it is not open."""

    passages: list[Passage]
    embedder: Embedder = field(default_factory=lambda: HashingEmbedder(256))
    trouble: str | None = None

    def opened(self) -> Opened:
        """Itself, unless something is the matter."""
        if self.trouble:
            raise UnavailableError(f"copilots cannot be asked yet: {self.trouble}", hint="Ask again in a while.")
        return self

    @property
    def index(self) -> OwnedIndex:
        """The same passages for every copilot."""
        vectors = self.embedder.embed([f"{each.title}\n{each.text}" for each in self.passages])
        live = MemoryLive(self.passages, vectors, checked_at=NOW - HOUR)
        return _Owned({"ward": live, "doctors": live})


class _Owned(MemoryIndex):
    def follow(self) -> int:
        return 0

    def close(self) -> None:
        pass


def patient(key: str) -> tuple[str, int]:
    """A patient as documents name them."""
    return "patient", record_id("his", "patient", key)


def of_people() -> list[Passage]:
    """A guide for everybody, and a note about each of two patients."""
    north = {"kind": "note", "entity": patient("p-north"), "label": Label(Sensitivity.PHI, "north")}
    south = {"kind": "note", "entity": patient("p-south"), "label": Label(Sensitivity.PHI, "south")}
    return [
        passage("Beds are freed when the discharge is signed by the ward.", "discharge.md", title="Discharge"),
        passage("Anna Silva waits for her discharge; her potassium is high.", "note/1", title="Note", **north),
        passage("Ben Souza may be discharged to his daughter's house.", "note/2", title="Note", **south),
    ]


class Ward:
    """The hospital.

    Attributes:
        keys: what each caller shows.
    """

    def __init__(self, home: Path, database: Database, **said: Any) -> None:
        home.mkdir(exist_ok=True)
        (home / "copilots.yaml").write_text(COPILOTS, "utf-8")
        upgrade(database, [vertical])
        self.settings = Settings(home=home, **said)
        self.database = database
        self.clock = ManualClock(NOW)
        self.shelf = MemoryShelf(of_people())
        self.keys = {caller.name: self.key_of(caller) for caller in (NURSE, CLERK, TRUCKER)}
        self._admit()

    @contextmanager
    def served(self, caller: Caller | None = NURSE, **said: Any) -> Iterator[TestClient]:
        """A client of its web process, with somebody's key."""
        app = create_app(self.settings, self.database, [vertical], self.clock, Parts(shelf=self.shelf))
        headers = {} if caller is None else {"authorization": f"Bearer {self.keys[caller.name]}"}
        with TestClient(app, base_url=HERE, headers=headers, **said) as client:
            yield client

    def key_of(self, caller: Caller) -> str:
        """A new key of a caller."""
        with self.database.write() as connection:
            return new_key(connection, caller, NOW, "test")[1].get_secret_value()

    def _admit(self) -> None:
        with self.database.write() as connection:
            for key, site, name in (("p-north", "north", "Anna Silva"), ("p-south", "south", "Ben Souza")):
                row = {
                    "id": patient(key)[1], "source": "his", "source_key": key, "site": site, "recorded_at": NOW,
                    "content_hash": 0, "batch": 1, "name": name, "deceased": False,
                }  # fmt: skip
                connection.execute(insert(table_of(Patient)).values(row))
            refresh(connection, vertical.views_by_kind["patient"], NOW, batch=1)
