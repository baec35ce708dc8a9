"""A small hospital that is pushed to: sources.yaml, a live loop, and events as a sender would give them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from pydantic import SecretStr
from sqlalchemy import select

from automations.alerts import alert
from flows.live_loop import LiveLoop
from substrate.arrivals import Arrival, Receipt, store
from substrate.catalog import Vertical
from substrate.clock import MINUTE, ManualClock, isoformat, parse_instant
from substrate.database import Database
from substrate.inbound import inbound_event
from substrate.migrate import upgrade
from substrate.settings import Settings
from verticals.hospital import vertical

NOW = parse_instant("2026-03-02T10:00:00Z")
JSON = "application/fhir+json"
KEY = "key-of-the-laboratory"
SOURCES = f"""
sources:
  - name: lab
    vertical: hospital
    push: {{api_key: {KEY}}}
"""


class Pushed:
    """Keeps events, and drains them with a loop of its own.

    Attributes:
        told: how often the loop said that messages left.
    """

    def __init__(
        self, home: Path, database: Database, sources: str = SOURCES, verticals: Sequence[Vertical] = (vertical,)
    ) -> None:
        home.mkdir(exist_ok=True)
        (home / "sources.yaml").write_text(sources, "utf-8")
        upgrade(database, list(verticals))
        self.verticals = list(verticals)
        self.database = database
        self.clock = ManualClock(NOW)
        self.settings = Settings(home=home, signing_key=SecretStr("key"))
        self.told = 0
        self.loop = self.new_loop()

    def new_loop(self) -> LiveLoop:
        """Another loop over the same events."""
        return LiveLoop(self.settings, self.database, self.verticals, self.clock, self._hear)

    def push(self, *documents: Any, key: str | None = None, source: str = "lab") -> list[Receipt]:
        """Keep one event a document."""
        bodies = [one if isinstance(one, bytes) else orjson.dumps(one) for one in documents]
        now = self.clock.now()
        come = [Arrival(source, key, JSON, body, f"{number:032x}", now) for number, body in enumerate(bodies, 1)]
        with self.database.write() as connection:
            return store(connection, come)

    def events(self) -> list[tuple[str, str | None]]:
        """The state and the outcome of every event, in order."""
        table = inbound_event.c
        with self.database.read() as connection:
            return [
                (row[0], row[1]) for row in connection.execute(select(table.state, table.outcome).order_by(table.id))
            ]

    def alerts(self) -> list[tuple[str, str]]:
        """The rule and the state of every alert, in order."""
        with self.database.read() as connection:
            rows = connection.execute(select(alert.c.rule_id, alert.c.state).order_by(alert.c.opened_at, alert.c.id))
            return [(row[0], row[1]) for row in rows]

    def rows(self, table: Any) -> list[Any]:
        """All rows of a table."""
        with self.database.read() as connection:
            return list(connection.execute(select(table)))

    def _hear(self) -> None:
        self.told += 1


def result(key: str = "r1", flag: str = "HH", minutes_ago: int = 40, **said: Any) -> dict[str, Any]:
    """A laboratory result."""
    return {
        "resourceType": "Observation",
        "id": key,
        "status": "final",
        "code": {"text": "Potassium", "coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
        "subject": {"reference": "Patient/p1"},
        "issued": isoformat(NOW - minutes_ago * MINUTE),
        "effectiveDateTime": isoformat(NOW - minutes_ago * MINUTE),
        "valueQuantity": {"value": 6.9, "unit": "mmol/L"},
        "interpretation": [{"coding": [{"code": flag}]}],
        **said,
    }


def patient(key: str = "p1", **said: Any) -> dict[str, Any]:
    """A patient."""
    return {"resourceType": "Patient", "id": key, "name": [{"family": "Doe"}], **said}
