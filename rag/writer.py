"""Who writes the vectors: with a folder of its own each owner, on a Chroma server one of all, by a lease."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

from rag.ledger import digest
from substrate.clock import SECOND
from substrate.database import Database
from substrate.leadership import Lease, acquire, database_now, release, renew

_LENGTH = 30 * SECOND


class VectorWriter:
    """This process's right to write vectors.

    Args:
        database: where the lease is.
        folder: the index folder; its name in the list of followers.
        server: address of the Chroma server; None: the vectors lie in the folder, and are the owner's.

    Attributes:
        name: names this follower in the ledger.
    """

    def __init__(self, database: Database, folder: Path, server: str | None) -> None:
        self.name = follower_of(folder)
        self._database = database
        self._server = server
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._lease: Lease | None = None

    def holds(self) -> bool:
        """Whether we may write vectors now."""
        return self._server is None or self._lease is not None

    def renew(self) -> bool:
        """Hold the right for longer, or take it if it is free; True: it is ours anew, so that all must be compared."""
        if self._server is None:
            return False
        with self._database.write() as connection:
            now, before = database_now(connection), self._lease
            if before is not None:
                self._lease = renew(connection, before, now, _LENGTH)
            else:
                self._lease = acquire(connection, f"vectors {digest(self._server)[:24]}", self._holder, now, _LENGTH)
            return before is None and self._lease is not None

    def release(self) -> None:
        """Give the right back."""
        if self._lease is not None:
            with self._database.write() as connection:
                release(connection, self._lease)
            self._lease = None


def follower_of(folder: Path) -> str:
    """The name in the ledger of whoever follows it for an index folder."""
    return f"{socket.gethostname()}:{digest(str(folder.resolve()))[:16]}"[:80]
