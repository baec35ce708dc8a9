"""The index of all copilots in the one process that owns it: it follows the ledger, and searches ask it.

A sync writes the ledger in any process. The owner applies what is newer to Chroma, to the words and to the catalogue
in memory, lets a new generation answer once it passes the gates, and drops what is no longer needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from threading import RLock
from time import monotonic
from types import TracebackType

from rag.followed import Followed
from rag.gatekeeper import Gatekeeper
from rag.gates import Quality, Verdict
from rag.generations import Generation, generation, generations
from rag.ledger import State, Why
from rag.lock import FolderLock
from rag.projection import advance
from rag.reconcile import Repair
from rag.served import EXACT, Served
from rag.vector_store import AT_ONCE, BEHIND, VectorStore, VectorStoreError
from rag.writer import VectorWriter
from substrate.clock import Clock
from substrate.database import Database
from substrate.errors import ConflictError, NotFoundError

_STEP = 200
_WHOLE = 2_000
_ASKED_SECONDS = 2.0
"""For so long after a search another one is expected."""


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """How an index is served.

    Attributes:
        address: base address at which this process answers others.
        quality: the gate of golden questions; None: generations are not judged by any.
        latency_ms: how long a search may take before a generation is kept from answering.
        exact: up to how many visible rows for each partition are compared one by one.
        apart: the vectors lie in a process of their own, so that searches go on while some are added.
    """

    address: str | None = None
    quality: Quality | None = None
    latency_ms: float = 100.0
    exact: int = EXACT
    apart: bool = False


class Index:
    """What this process serves. Made by `rag.opening.open_index`; closed by `close`, or at the end of a `with`.

    Attributes:
        mended: what the last comparison with the ledger found, by copilot.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        folder: Path,
        stores: tuple[VectorStore, VectorWriter, FolderLock | None],
        options: IndexOptions,
    ) -> None:
        self._database = database
        self._clock = clock
        self._folder = folder
        self._vectors, self._writer, self._lock = stores
        self._options = options
        self._gates = Gatekeeper(database, clock, options.quality, options.latency_ms)
        self._turn = RLock()
        self._followed: dict[int, Followed] = {}
        self._live: dict[str, Followed] = {}
        self._compared: dict[int, int | None] = {}
        self._closed = False
        self._asked_at = -_ASKED_SECONDS
        self.mended: dict[str, Repair] = {}

    def live(self, copilot: str) -> Served:
        """A copilot's live generation, as it is at this moment.

        Raises:
            NotFoundError: nothing was ever built for it.
        """
        found = self._live.get(copilot)
        self._asked_at = monotonic()
        if found is None:
            hint = f"Bring it up to date: plumbline index sync --copilot {copilot}"
            raise NotFoundError(f"nothing is indexed for {copilot!r}", hint=hint)
        return found.served

    def follow(self, limit: int = _STEP) -> int:
        """Take one step: apply at most so many changes to each generation; says how many there were.

        A generation that is complete and was followed to its end is judged, and answers if it passes.
        """
        with self._turn:
            if self._closed:
                return 0
            try:
                return self._follow(limit)
            except VectorStoreError:
                # Whatever it holds now, all is compared before it is relied on.
                self._compared.clear()
                raise

    def catch_up(self) -> int:
        """Follow until nothing is newer; says how many changes there were."""
        total, step = 0, -1
        while step:
            step = self.follow(_WHOLE)
            total += step
        return total

    def reconcile(self, *, deep: bool = False) -> dict[str, Repair]:
        """Compare each live generation with the ledger and mend what differs, by copilot.

        Args:
            deep: compare the vectors' numbers too.
        """
        with self._turn:
            self.catch_up()
            for each in self._live.values():
                self._compare(each, deep=deep)
            self._sweep()
            return {name: self.mended[name] for name in self._live}

    def promote(self, number: int, *, insist: bool = False) -> list[Verdict]:
        """Let a generation answer, if it passes the gates.

        Args:
            number: which one.
            insist: let it answer whatever the gates say.

        Raises:
            NotFoundError: there is none of that number.
            ConflictError: a gate keeps it, or it is not complete.
        """
        with self._turn:
            with self._database.read() as connection:
                chosen = generation(connection, number)
            if chosen.state in (State.RETIRED, State.BUILDING, State.LIVE):
                raise ConflictError(f"generation {number} is {chosen.state}", hint="See plumbline index status.")
            followed = self._opened(chosen)
            while followed.follow(_WHOLE):
                pass
            followed.caught_up()
            verdicts = self._gates.promote(followed, self._live.get(chosen.copilot), insist=insist)
            self._wanted()
            return verdicts

    def close(self) -> None:
        """Give everything back; another process may then own the index."""
        with self._turn:
            if self._closed:
                return
            self._closed = True
            for each in self._followed.values():
                each.close()
            self._followed, self._live = {}, {}
            self._writer.release()
            self._vectors.close()
            if self._lock is not None:
                self._lock.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _follow(self, limit: int) -> int:
        taken_over = self._writer.renew()
        wanted = self._wanted()
        if taken_over:
            for each in wanted:
                self._compare(each)
        applied = sum(self._step(each, limit) for each in wanted)
        for each in wanted:
            self._try(each)
        return applied

    def _at_once(self) -> int:
        """How many vectors to add a call: fewer where somebody searched a moment ago."""
        return BEHIND if monotonic() - self._asked_at < _ASKED_SECONDS else AT_ONCE

    def _wanted(self) -> list[Followed]:
        """What is to be followed now: what answers, and what may answer soon; the rest is closed."""
        with self._database.read() as connection:
            known = [each for each in generations(connection) if _is_followed(each)]
        wanted = {each.id: self._opened(each) for each in known}
        self._live = {each.copilot: wanted[each.id] for each in known if each.state is State.LIVE}
        for number in self._followed.keys() - wanted.keys():
            self._followed.pop(number).close()
        return list(wanted.values())

    def _opened(self, wanted: Generation) -> Followed:
        """A generation, opened and mended where it was not open yet."""
        found = self._followed.get(wanted.id)
        if found is not None and found.generation.token != wanted.token:
            # A restored ledger gave its number to another generation.
            self._followed.pop(wanted.id).close()
            found = None
        if found is None:
            words = self._folder / "words" / wanted.token
            found = Followed(
                self._database, wanted, self._vectors, words,
                writes_vectors=self._writer.holds, writes_words=self._lock is not None, exact=self._options.exact,
                at_once=self._at_once,
            )  # fmt: skip
            self._followed[wanted.id] = found
            self._tell(found)
            self._compare(found)
        found.generation = wanted
        return found

    def _compare(self, followed: Followed, *, deep: bool = False) -> None:
        """Compare a generation with the ledger, and mend it."""
        found = followed.generation
        repair = followed.reconcile(deep=deep)
        self._compared[found.id] = found.synced_at
        self.mended[found.copilot] = repair

    def _step(self, followed: Followed, limit: int) -> int:
        applied = followed.follow(limit)
        if applied:
            self._tell(followed)
        if applied < limit:
            followed.caught_up()
            # Once a sync: what was lost behind our back is not missed for longer than that.
            if self._compared.get(followed.generation.id) != followed.generation.synced_at:
                self._compare(followed)
        return applied

    def _tell(self, followed: Followed) -> None:
        """Let others see how far this has come."""
        if self._lock is not None:
            with self._database.write() as connection:
                name, number = self._writer.name, followed.generation.id
                advance(connection, name, number, followed.sequence, self._clock.now())

    def _try(self, followed: Followed) -> None:
        """Let a complete generation answer, if nothing keeps it."""
        found = followed.generation
        if found.state is not State.READY or self._lock is None or followed.is_behind():
            return
        self._gates.pass_or_fail(followed, self._live.get(found.copilot))
        self._wanted()

    def _sweep(self) -> None:
        """Drop what lies in the index of generations that are no more."""
        with self._database.read() as connection:
            every = generations(connection)
        tokens = {each.token for each in every if each.state is not State.RETIRED}
        if self._writer.holds():
            for each in every:
                if each.state is State.RETIRED:
                    self._vectors.drop(each.token)
            self._vectors.drop_others(tokens)
        if self._lock is not None:
            for folder in (self._folder / "words").glob("*"):
                if folder.name not in tokens:
                    rmtree(folder, ignore_errors=True)


def _is_followed(found: Generation) -> bool:
    if found.state in (State.LIVE, State.BUILDING):
        return True
    return found.state is State.READY and found.why not in (Why.REPLACED, Why.ROLLED_BACK)
