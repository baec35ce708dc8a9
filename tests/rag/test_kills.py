"""A sync or an owner that is killed at any instant loses nothing: the next one ends where one that lived would have."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from time import sleep

import pytest

from benchmarks.replay import replay
from rag.embedders.hashing import HashingEmbedder
from rag.opening import open_index
from rag.vectors import count
from substrate.database import Database
from substrate.settings import Settings
from tests.rag.mortal_sync import DOCUMENTS, full
from tests.rag.stacks import CLOCK, brought, held_chunks


def killed(work: str, folder: Path, after: float) -> None:
    """Begin some work in another process, and kill it so many seconds later."""
    command = [sys.executable, "-m", "tests.rag.mortal_sync", work, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        sleep(after)
        process.kill()


@pytest.mark.slow
def test_a_sync_that_is_killed_again_and_again_ends_as_one_that_lived(one_ledger: Database, tmp_path: Path) -> None:
    chance = random.Random(5)
    for _ in range(3):
        killed("sync", tmp_path, chance.random() * 0.4)
    with one_ledger.read() as connection:
        kept = count(connection)
    report = brought(one_ledger, full())
    assert (report.chunks, report.embedded) == (DOCUMENTS, DOCUMENTS // 2 - kept)
    assert len(held_chunks(one_ledger)) == DOCUMENTS


@pytest.mark.slow
def test_an_owner_that_is_killed_again_and_again_ends_as_one_that_lived(one_ledger: Database, tmp_path: Path) -> None:
    brought(one_ledger, full())
    chance = random.Random(6)
    for _ in range(2):
        killed("follow", tmp_path, chance.random() * 0.6)
    with open_index(Settings(home=tmp_path, _env_file=None), one_ledger, CLOCK) as index:
        assert index.live("helper").size == DOCUMENTS
        assert index.reconcile(deep=True)["helper"].changed == 0


@pytest.mark.slow
def test_two_processes_that_sync_at_once_embed_each_text_once(one_ledger: Database, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.rag.mortal_sync", "sync", str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [each.communicate()[0] for each in both]
    embedded = sum(int(each.split()[-1]) for each in said)
    assert (embedded, len(held_chunks(one_ledger))) == (DOCUMENTS // 2, DOCUMENTS)


@pytest.mark.slow
def test_a_history_that_is_replayed_and_killed_ends_in_todays_index(shared_data: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.replay", "--embedder", "hashing"]
    found = replay(shared_data / "corpora" / "fleetbase_docs", tmp_path, HashingEmbedder(), 2, command)
    assert (found.wrong, found.rounded, found.mended) == (0, 0, 0)
    assert found.kills > 0
    assert found.embedded == found.distinct > found.chunks > 100
