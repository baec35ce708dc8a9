"""The process that keeps the vectors may die, and so may its owner: nothing is lost, and only one ever writes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest

from rag.index import IndexOptions
from rag.lock import FolderLock, holder_of
from rag.opening import open_index
from rag.vector_store import VectorStoreError
from rag.vectors_apart import VectorsApart
from substrate.database import Database
from substrate.errors import ConflictError
from substrate.settings import Settings
from tests.rag.stacks import CLOCK, Shelf, brought

EYE = np.eye(64, dtype=np.float32)
IDS = [f"{n:032x}" for n in range(64)]

OWNER = """
import sys
from pathlib import Path
from rag.lock import FolderLock
from rag.vectors_apart import VectorsApart
import numpy as np
folder = Path(sys.argv[1])
lock = FolderLock(folder, 1)
store = VectorsApart(folder, lock.descriptor)
for number in range(64):
    store.add("t", 1, [f"{number:032x}"], np.eye(64, dtype=np.float32)[[number]])
    print(number, store.pid, flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VectorsApart]:
    """Vectors in a process of their own."""
    lock = FolderLock(tmp_path, CLOCK.now())
    made = VectorsApart(tmp_path, lock.descriptor)
    yield made
    made.close()
    lock.close()


def gone(pid: int) -> bool:
    """Whether a process that may not be our child has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_child_that_was_killed_is_started_again(store: VectorsApart) -> None:
    store.add("t", 1, IDS[:9], EYE[:9])
    assert store.pid is not None
    os.kill(store.pid, signal.SIGKILL)
    assert store.ids("t") == {1: set(IDS[:9])}


def test_a_child_that_never_comes_up_is_named(store: VectorsApart, tmp_path: Path) -> None:
    assert store.ids("t") == {}
    store.close()
    store._folder = tmp_path / "file"
    store._folder.write_text("no folder")
    with pytest.raises(VectorStoreError, match="ended twice"):
        store.ids("t")


def test_what_it_cannot_do_is_said_and_all_else_stays(store: VectorsApart) -> None:
    store.add("t", 1, IDS[:2], EYE[:2])
    with pytest.raises(VectorStoreError, match="dimension"):
        store.add("t", 1, IDS[2:3], EYE[2:3, :8])
    assert store.ids("t") == {1: set(IDS[:2])}


def test_signals_to_the_whole_group_leave_it_to_its_owner(store: VectorsApart) -> None:
    assert store.ids("t") == {}
    assert store.pid is not None
    os.kill(store.pid, signal.SIGINT)
    os.kill(store.pid, signal.SIGTERM)
    store.add("t", 1, IDS[:1], EYE[:1])
    assert store.ids("t") == {1: {IDS[0]}}


def test_an_owner_that_was_killed_leaves_all_that_it_was_told_was_added(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        lines = [owner.stdout.readline() for _ in range(20)]
        owner.kill()
    child = int(lines[-1].split()[1])
    until = monotonic() + 30
    while holder_of(tmp_path) is not None and monotonic() < until:
        sleep(0.01)
    assert gone(child)
    lock = FolderLock(tmp_path, CLOCK.now())
    store = VectorsApart(tmp_path, lock.descriptor)
    assert store.ids("t")[1] >= set(IDS[:20])
    store.close()
    lock.close()


def test_nobody_owns_the_folder_while_a_child_lives(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path, CLOCK.now())
    store = VectorsApart(tmp_path, lock.descriptor)
    lock.close()
    with pytest.raises(ConflictError, match="is open in process"):
        FolderLock(tmp_path, CLOCK.now())
    store.close()
    FolderLock(tmp_path, CLOCK.now()).close()


def test_an_index_with_its_vectors_apart_follows_after_the_child_died(one_ledger: Database, tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put("fever", "A fever is a high temperature.")
    brought(one_ledger, shelf)
    with open_index(Settings(home=tmp_path, _env_file=None), one_ledger, CLOCK, IndexOptions(apart=True)) as index:
        child = index._vectors.pid  # type: ignore[attr-defined]
        os.kill(child, signal.SIGKILL)
        shelf.put("lorry", "A lorry brings goods.")
        brought(one_ledger, shelf)
        index.catch_up()
        assert index.live("helper").size == 2
        assert index.reconcile()["helper"].changed == 0


def test_files_that_are_deleted_under_a_running_index_come_back(one_ledger: Database, tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put("fever", "A fever is a high temperature.")
    brought(one_ledger, shelf)
    with open_index(Settings(home=tmp_path, _env_file=None), one_ledger, CLOCK, IndexOptions(apart=True)) as index:
        for each in (tmp_path / "index").glob("chroma-*"):
            shutil.rmtree(each)
        shelf.put("lorry", "A lorry brings goods.")
        brought(one_ledger, shelf)
        with pytest.raises(VectorStoreError):
            index.catch_up()
        index.catch_up()
        assert index.mended["helper"].vectors_restored == 1
        assert index.reconcile(deep=True)["helper"].changed == 0
