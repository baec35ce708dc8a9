"""The vectors in a process of their own: Chroma 1.5.9 lets no other thread of its process run while it adds.

That takes 5 ms a call and 0.45 ms a vector of 384 numbers (measured), for which every search would stand still. The
child alone opens Chroma. It inherits the folder's lock, so the folder is taken until the child, too, has gone; and it
goes when its owner does, however that ends, since then nobody holds the other end of the line.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Collection, Iterable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from typing import Any

from rag.embedder import Vectors
from rag.vector_store import AT_ONCE, VectorStoreError
from rag.vectors import slices

_MODULE = "rag.vectors_child"
_CLOSING_SECONDS = 30.0
_HINT = "It is started again with the next change; the log says why it ended."


class VectorsApart:
    """A `VectorStore` that lies in a child process. Safe to be shared by threads, which take turns.

    Args:
        folder: of the index.
        lock: descriptor of the folder's lock, which the child inherits.
    """

    def __init__(self, folder: Path, lock: int) -> None:
        self._folder = folder
        self._lock = lock
        self._turn = Lock()
        self._child: _Child | None = _Child(folder, lock)

    @property
    def pid(self) -> int | None:
        """The child's process; None: it is not running."""
        return None if self._child is None else self._child.process.pid

    def add(self, token: str, label: int, ids: Sequence[str], vectors: Vectors, at_once: int = AT_ONCE) -> int:
        """As `VectorStore.add`; between two calls others have their turn."""
        for part in slices(range(len(ids)), at_once):
            self._asked("add", token, label, [ids[at] for at in part], vectors[part[0] : part[-1] + 1])
        return len(ids)

    def delete(self, token: str, label: int, ids: Iterable[str]) -> None:
        """As `VectorStore.delete`."""
        self._asked("delete", token, label, list(ids))

    def ids(self, token: str) -> dict[int, set[str]]:
        """As `VectorStore.ids`."""
        found: dict[int, set[str]] = self._asked("ids", token)
        return found

    def vectors(self, token: str, label: int, ids: Iterable[str]) -> dict[str, Vectors]:
        """As `VectorStore.vectors`."""
        found: dict[str, Vectors] = self._asked("vectors", token, label, list(ids))
        return found

    def nearest(self, token: str, label: int, vector: Vectors, count: int) -> list[str]:
        """As `VectorStore.nearest`."""
        found: list[str] = self._asked("nearest", token, label, vector, count)
        return found

    def drop(self, token: str) -> int:
        """As `VectorStore.drop`."""
        return int(self._asked("drop", token))

    def drop_others(self, tokens: Collection[str]) -> int:
        """As `VectorStore.drop_others`."""
        return int(self._asked("drop_others", sorted(tokens)))

    def close(self) -> None:
        """End the child, once what it was asked before is done."""
        with self._turn:
            self._end()

    def _asked(self, name: str, *args: Any) -> Any:
        with self._turn:
            try:
                done, value = self._open_child().asked(name, args)
            except (EOFError, OSError):
                # It was killed, or had no memory left. Whatever it was asked does no harm when it is done twice.
                self._end()
                done, value = self._asked_anew(name, args)
            if not done:
                # Its files may be broken, or gone: a new child opens what is there, or begins anew.
                self._end()
        if not done:
            raise VectorStoreError(value[0], hint=value[1])
        return value

    def _asked_anew(self, name: str, args: tuple[Any, ...]) -> tuple[bool, Any]:
        try:
            return self._open_child().asked(name, args)
        except (EOFError, OSError) as error:
            self._end()
            raise VectorStoreError("the process that keeps the vectors ended twice", hint=_HINT) from error

    def _open_child(self) -> _Child:
        if self._child is None:
            self._child = _Child(self._folder, self._lock)
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()


class _Child:
    """The process and the line to it."""

    def __init__(self, folder: Path, lock: int) -> None:
        mine, its = socket.socketpair()
        command = [sys.executable, "-m", _MODULE, str(its.fileno()), str(folder)]
        with its, mine:
            inherited = [its.fileno(), lock]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=inherited)  # noqa: S603  # ours
            self._line = Connection(mine.detach())

    def asked(self, name: str, args: tuple[Any, ...]) -> tuple[bool, Any]:
        """What it answers, and whether it could do it."""
        self._line.send((name, args))
        answer: tuple[bool, Any] = self._line.recv()
        return answer

    def end(self) -> None:
        """Cut the line, upon which it ends."""
        self._line.close()
        try:
            self.process.wait(_CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
