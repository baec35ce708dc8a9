"""Syncs or follows in a process of its own that a test kills: `python -m tests.rag.mortal_sync sync|follow FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from substrate.database import open_database
from substrate.settings import Settings
from tests.rag.stacks import CLOCK, CountingEmbedder, Shelf, brought

DOCUMENTS = 300


def full() -> Shelf:
    """The documents that are synced; every second text stands in two of them."""
    shelf = Shelf()
    for n in range(DOCUMENTS):
        shelf.put(f"{n}", f"# Part\n\nText number {n // 2}, and what it says.")
    return shelf


def main(work: str, folder: Path) -> None:
    """Say that it begins, and do it."""
    database, embedder = open_database(f"sqlite:///{folder}/one.sqlite"), CountingEmbedder()
    print("begin", flush=True)
    if work == "sync":
        brought(database, full(), embedder=embedder)
        print(f"embedded {len(embedder.texts)}", flush=True)
        return
    from rag.opening import open_index  # what only syncs is killed sooner for not loading Chroma

    with open_index(Settings(home=folder, _env_file=None), database, CLOCK):
        print("followed", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
