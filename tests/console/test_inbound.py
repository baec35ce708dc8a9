"""`plumbline inbound`: a person sees what failed, and has it tried again."""

from __future__ import annotations

from pathlib import Path

from substrate.arrivals import Arrival, store
from substrate.database import open_database
from substrate.inbound import fail
from tests.console.shell import Shell


def test_failed_events_are_listed_and_tried_again(shell: Shell, home: Path) -> None:
    shell("db", "upgrade")
    database = open_database(f"sqlite:///{home / 'plumbline.sqlite'}")
    with database.write() as connection:
        store(connection, [Arrival("lab", key, "application/json", b"{}", "w", 1) for key in ("a", "b")])
        fail(connection, {1: "ValueError"}, 2)
    database.close()
    listed = shell.ask("inbound", "list")
    assert (listed["waiting"], [one["event_key"] for one in listed["failed"]]) == (1, ["a"])
    assert "ValueError" in shell("inbound", "list").out
    assert shell("inbound", "retry", 2).code == 3
    assert shell.ask("inbound", "retry", 1) == {"retried": 1}
    assert shell.ask("inbound", "list")["failed"] == []
