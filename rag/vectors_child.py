"""The process that keeps the vectors, and does what its owner says; see `rag.vectors_apart`."""

from __future__ import annotations

import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from rag.chroma import ChromaVectors, open_folder
from rag.vector_store import VectorStoreError
from substrate.background import go_last


def serve(line: Connection, vectors: ChromaVectors) -> None:
    """Do what comes down the line, one thing after the other, until it is cut."""
    while True:
        try:
            name, args = line.recv()
        except (EOFError, OSError):
            return
        try:
            answer = True, getattr(vectors, name)(*args)
        except VectorStoreError as error:
            answer = False, (error.message, error.hint)
        try:
            line.send(answer)
        except OSError:
            return


def main() -> None:
    """Open the vectors of a folder and serve them to whoever holds the other end of a socket.

    A signal from the keyboard, or to the whole group of processes, is for the owner: it says when this process ends.
    """
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    go_last()
    vectors, _ = open_folder(Path(sys.argv[2]))
    serve(Connection(int(sys.argv[1])), vectors)
    vectors.close()


if __name__ == "__main__":
    main()
