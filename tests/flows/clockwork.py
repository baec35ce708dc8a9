"""A small house with a clock: visits that want reminders, and a process of its own that ticks and delivers.

Run as `python -m tests.flows.clockwork HOLDER` it leads if it can until it is killed, and says so when it does.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from automations.outbox import outbox
from flows.duties import DueRules, House, Turn
from flows.messenger import Messenger
from flows.ticking import CLOCK, Ticker
from substrate.batches import next_stamp
from substrate.catalog import Vertical
from substrate.clock import SystemClock, parse_duration
from substrate.database import Database, open_database
from substrate.leadership import Lease, acquire, leadership
from substrate.settings import Settings
from tests.automations.world import RECORDS, World

NOWHERE = Path(__file__).parent / "no-such-folder"
WATCHED = Vertical("test", "A small world", RECORDS, (), NOWHERE, NOWHERE)
REMIND: dict[str, Any] = {
    "rule": "visit-soon",
    "title": "Visit is near",
    "entity": "visit",
    "when": None,
    "remind": {"field": "start", "before": "1h", "when": 'status == "booked"'},
    "notify": [{"role": "charge-nurse", "when": "fired"}],
}
FOREVER = parse_duration("9999d")


class Clockwork:
    """The duty of the rules, driven by hand; messages stay in the outbox."""

    def __init__(self, home: Path, database: Database) -> None:
        self.world = World(database)
        self.database = database
        self.settings = Settings(home=home)
        self.house = House(self.settings, database, [WATCHED])
        self.rules = DueRules(self.house, parse_duration(self.settings.sweep_interval), lambda: None)
        self.lease = self.leader("hand")

    def leader(self, holder: str) -> Lease:
        """Let somebody lead for ever, whoever did before."""
        with self.database.write() as connection:
            connection.execute(update(leadership).values(held_until=0))
            lease = acquire(connection, CLOCK, holder, 0, FOREVER)
        assert lease is not None
        return lease

    def tick(self, at: int) -> None:
        """One tick at an instant."""
        self.rules.act(Turn(at, self.lease, 3600.0))

    def rows(self) -> list[Any]:
        """All messages to the inbox, oldest first."""
        chosen = select(outbox).where(outbox.c.channel == "inbox").order_by(outbox.c.id)
        with self.database.read() as connection:
            return list(connection.execute(chosen))

    def reasons(self) -> list[str]:
        """Why people were told, oldest first."""
        return [row.reason for row in self.rows()]


def written(database: Database, at: int) -> None:
    """Say that records were written."""
    with database.write() as connection:
        next_stamp(connection, at)


def main(arguments: Iterable[str]) -> None:
    """Tick and deliver until killed."""
    (holder,) = arguments
    settings = Settings()
    database, clock = open_database(settings.resolved_database_url), SystemClock()
    messenger = Messenger(settings, database, [WATCHED], clock)
    ticker = Ticker(settings, database, [WATCHED], clock, holder=holder, on_told=messenger.wake)
    messenger.start()
    ticker.start()
    led = False
    while True:
        if ticker.health().leading and not led:
            led = True
            print("leads", flush=True)
        time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1:])
