"""A thread follows the ledger while others search, and goes on after the database was away."""

from __future__ import annotations

from pathlib import Path
from time import monotonic, sleep

from rag.follower import Follower
from rag.index import open_index
from substrate.database import Database
from substrate.settings import Settings
from tests.rag.stacks import CLOCK, Shelf, brought


def test_a_follower_brings_what_was_synced_and_stops_when_told(one_ledger: Database, tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put("a", "One.")
    brought(one_ledger, shelf)
    with open_index(Settings(home=tmp_path, _env_file=None), one_ledger, CLOCK) as index:
        follower = Follower(index, every=0.05)
        follower.start()
        shelf.put("b", "Two.")
        brought(one_ledger, shelf)
        follower.wake()
        until = monotonic() + 20
        while index.live("helper").size < 2 and monotonic() < until:
            sleep(0.01)
        follower.stop()
        assert index.live("helper").size == 2
        assert not follower.running
