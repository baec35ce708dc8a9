"""Vectors in a folder and on a Chroma server behave alike; on a server, one of several processes writes."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import httpx
import numpy as np
import pytest

from rag.chroma import open_folder, open_server
from rag.lock import FolderLock
from rag.opening import open_index
from rag.vector_store import VectorStore, VectorStoreError
from rag.vectors_apart import VectorsApart
from substrate.database import Database
from substrate.settings import Settings
from tests.rag.stacks import CLOCK, Shelf, brought

EYE = np.eye(64, dtype=np.float32)
IDS = [f"{n:032x}" for n in range(64)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Chroma server of these tests, by its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).parent / "chroma"), "run", "--path", str(tmp_path_factory.mktemp("chroma")),
               "--host", "127.0.0.1", "--port", str(port)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _answers(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _answers(url: str) -> None:
    until = monotonic() + 60
    while monotonic() < until:
        try:
            if httpx.get(f"{url}/api/v2/heartbeat").status_code == 200:
                return
        except httpx.TransportError:
            sleep(0.05)
    raise TimeoutError(url)


@pytest.fixture(params=["folder", "server", "apart"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorStore]:
    """An empty store of each kind."""
    lock = FolderLock(tmp_path, CLOCK.now())
    kinds: dict[str, Callable[[], VectorStore]] = {
        "folder": lambda: open_folder(tmp_path)[0],
        "server": lambda: open_server(request.getfixturevalue("server"), None),
        "apart": lambda: VectorsApart(tmp_path, lock.descriptor),
    }
    made = kinds[request.param]()
    yield made
    made.drop("t")
    made.close()
    lock.close()


def add(store: VectorStore, label: int, count: int) -> None:
    """The first vectors of the unit matrix."""
    assert store.add("t", label, IDS[:count], EYE[:count]) == count


def test_the_nearest_comes_first(store: VectorStore) -> None:
    add(store, 1, 60)
    assert store.nearest("t", 1, EYE[3], 2)[0] == IDS[3]
    assert store.nearest("t", 2, EYE[3], 2) == []


def test_ids_are_told_by_partition(store: VectorStore) -> None:
    add(store, 1, 3)
    add(store, 12, 1)
    assert store.ids("t") == {1: set(IDS[:3]), 12: {IDS[0]}}


def test_what_is_deleted_is_not_found(store: VectorStore) -> None:
    add(store, 1, 5)
    store.delete("t", 1, [*IDS[:2], "f" * 32])
    store.delete("t", 9, IDS)
    assert store.ids("t") == {1: set(IDS[2:5])}


def test_vectors_are_told_as_they_are_kept(store: VectorStore) -> None:
    add(store, 1, 2)
    found = store.vectors("t", 1, [IDS[1], "f" * 32])
    assert list(found) == [IDS[1]]
    assert np.array_equal(found[IDS[1]], EYE[1])


def test_a_generation_is_dropped_whole(store: VectorStore) -> None:
    add(store, 1, 2)
    add(store, 2, 2)
    assert (store.drop("t"), store.ids("t")) == (2, {})


def test_a_collection_that_was_dropped_behind_our_back_is_made_anew(tmp_path: Path) -> None:
    store, _ = open_folder(tmp_path)
    add(store, 1, 2)
    store._client.delete_collection("plumbline-t-1")
    assert store.nearest("t", 1, EYE[0], 1) == []
    add(store, 1, 2)
    assert store.nearest("t", 1, EYE[0], 1) == [IDS[0]]
    store.close()


def test_what_is_others_on_a_server_is_left_alone(server: str) -> None:
    store = open_server(server, None)
    store._client.create_collection("somebody-else", embedding_function=None)
    assert store.drop_others(["t"]) == 0
    assert "somebody-else" in store._names()
    store.close()


def test_a_server_that_does_not_answer_is_named() -> None:
    with pytest.raises(VectorStoreError, match=r"http://127\.0\.0\.1:1"):
        open_server("http://127.0.0.1:1", None)


def settings(home: Path, server: str) -> Settings:
    """An index whose vectors lie on a server."""
    return Settings(home=home, chroma_url=server, _env_file=None)


def test_several_serve_through_a_server_and_one_writes(server: str, one_ledger: Database, tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put("a", "One.")
    brought(one_ledger, shelf)
    with open_index(settings(tmp_path / "a", server), one_ledger, CLOCK) as first:
        with open_index(settings(tmp_path / "b", server), one_ledger, CLOCK) as second:
            with open_index(settings(tmp_path / "a", server), one_ledger, CLOCK) as third:
                shelf.put("b", "Two.")
                brought(one_ledger, shelf)
                for each in (second, third, first):
                    each.catch_up()
                    live = each.live("helper")
                    assert (live.size, len(live.matching({"two": 1.0}, live.partitions, 5))) == (2, each is not third)
                third.catch_up()
                live = third.live("helper")
                assert len(live.matching({"two": 1.0}, live.partitions, 5)) == 1
            assert [each._writer.holds() for each in (first, second)] == [True, False]
        first.close()
    with open_index(settings(tmp_path / "b", server), one_ledger, CLOCK) as second:
        assert second._writer.holds()
        assert second.reconcile(deep=True)["helper"].changed == 0
        second._vectors.drop(second._live["helper"].generation.token)
