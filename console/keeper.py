"""Who keeps the index: the process that owns it, asked over HTTP; or, where nobody does, this command itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from time import monotonic, sleep
from typing import Any, Protocol

from console.remote import Remote, local_web
from console.workspace import Workspace
from flows.library import open_library, open_owned_index
from rag.embedder import Embedder
from rag.gates import Verdict
from rag.generations import generations
from rag.index import Index
from rag.ledger import State
from rag.lock import Holder, holder_of
from rag.projection import newest, position
from rag.writer import follower_of
from substrate.errors import ConflictError

_PATIENCE_SECONDS = 30.0
_LOOK_SECONDS = 0.1


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


class SilentKeeper:
    """Another process owns the index, and answers nobody: it follows by itself, or will soon be done.

    Args:
        ws: the installation.
        holder: who owns the index.
        embedder: one that is open already.
    """

    def __init__(self, ws: Workspace, holder: Holder, embedder: Embedder | None) -> None:
        self._ws = ws
        self._holder = holder
        self._embedder = embedder

    def follow(self) -> None:
        """Wait until it has taken over what is new, or is done.

        Raises:
            ConflictError: neither happens.
        """
        until = monotonic() + _PATIENCE_SECONDS
        while monotonic() < until:
            if holder_of(self._ws.settings.resolved_index_dir) is None:
                with _owned(self._ws, self._embedder) as index:
                    index.catch_up()
                return
            if self._has_followed():
                return
            sleep(_LOOK_SECONDS)
        raise self._refused()

    def verify(self, *, deep: bool) -> dict[str, dict[str, int]]:
        """Nobody else can."""
        raise self._refused()

    def promote(self, number: int, *, insist: bool) -> list[dict[str, Any]]:
        """Nobody else can."""
        raise self._refused()

    def _has_followed(self) -> bool:
        follower = follower_of(self._ws.settings.resolved_index_dir)
        with self._ws.database.read() as connection:
            live = [one.id for one in generations(connection) if one.state is State.LIVE]
            return all(position(connection, follower, number) >= newest(connection, number) for number in live)

    def _refused(self) -> ConflictError:
        told = f"process {self._holder.pid} on {self._holder.host} owns the index, and answers nobody"
        return ConflictError(told, hint="Wait until it is done; if it is no command of yours, stop it.")


@contextmanager
def keeper(ws: Workspace, embedder: Embedder | None = None) -> Iterator[Keeper]:
    """Whoever keeps the index now.

    Args:
        ws: the installation.
        embedder: one that is open already.

    Raises:
        ConfigurationError: a generation is to be judged, and the embedder's model is not there.
    """
    holder = holder_of(ws.settings.resolved_index_dir)
    if holder is None:
        with _owned(ws, embedder) as index:
            yield OwnKeeper(index)
        return
    if holder.address is None:
        yield SilentKeeper(ws, holder, embedder)
        return
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
