"""Who keeps the index: the process that owns it, asked over HTTP; or, where nobody does, this command itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Protocol

from console.remote import Remote, local_web
from console.workspace import Workspace
from flows.library import open_library, open_owned_index
from rag.embedder import Embedder
from rag.gates import Verdict
from rag.index import Index
from rag.lock import holder_of
from substrate.errors import ConflictError


class Keeper(Protocol):
    """Does what only the owner of the index can do."""

    def follow(self) -> None:
        """Take over what is new in the ledger, to its end."""

    def verify(self, *, deep: bool) -> dict[str, dict[str, int]]:
        """Compare what answers with the ledger and mend what differs; what was mended, by copilot."""

    def promote(self, number: int, *, insist: bool) -> list[dict[str, Any]]:
        """Let a generation answer, if it passes the gates; what they said.

        Raises:
            ConflictError: a gate keeps it, or it is not complete.
        """


class OwnKeeper:
    """This process owns the index."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def follow(self) -> None:
        """Take over what is new."""
        self._index.catch_up()

    def verify(self, *, deep: bool) -> dict[str, dict[str, int]]:
        """Compare and mend."""
        return {name: asdict(repair) for name, repair in self._index.reconcile(deep=deep).items()}

    def promote(self, number: int, *, insist: bool) -> list[dict[str, Any]]:
        """Let a generation answer."""
        return verdicts_told(self._index.promote(number, insist=insist))


class AskedKeeper:
    """Another process owns the index."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def follow(self) -> None:
        """Have it take over what is new."""
        self._remote.ask("/index/follow", {})

    def verify(self, *, deep: bool) -> dict[str, dict[str, int]]:
        """Have it compare and mend."""
        found: dict[str, dict[str, int]] = self._remote.ask("/index/verify", {"deep": deep})
        return found

    def promote(self, number: int, *, insist: bool) -> list[dict[str, Any]]:
        """Have it let a generation answer."""
        found: list[dict[str, Any]] = self._remote.ask("/index/promote", {"generation": number, "insist": insist})
        return found


@contextmanager
def keeper(ws: Workspace, embedder: Embedder | None = None) -> Iterator[Keeper]:
    """Whoever keeps the index now.

    Args:
        ws: the installation.
        embedder: one that is open already.

    Raises:
        ConfigurationError: a generation is to be judged, and the embedder's model is not there.
        ConflictError: another process owns it, and answers nobody.
    """
    holder = holder_of(ws.settings.resolved_index_dir)
    if holder is None:
        with _owned(ws, embedder) as index:
            yield OwnKeeper(index)
        return
    if holder.address is None:
        hint = "Wait until it is done; if it is no command of yours, stop it."
        raise ConflictError(f"process {holder.pid} on {holder.host} owns the index, and answers nobody", hint=hint)
    remote = local_web(ws.settings, holder.address)
    try:
        yield AskedKeeper(remote)
    finally:
        remote.close()


def _owned(ws: Workspace, embedder: Embedder | None) -> Index:
    if embedder is None:
        return open_owned_index(ws.settings, ws.database, ws.clock)
    return open_library(ws.settings, ws.database, ws.clock, embedder=embedder).index


def verdicts_told(verdicts: list[Verdict]) -> list[dict[str, Any]]:
    """What gates said, for a program."""
    return [{"gate": one.gate, "passed": one.passed, "detail": one.detail, **one.measured} for one in verdicts]
