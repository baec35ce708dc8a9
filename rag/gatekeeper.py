"""Whoever owns an index lets a generation answer: it is judged by all gates, the verdicts are kept, one row flips."""

from __future__ import annotations

from collections.abc import Sequence

from rag.followed import Followed
from rag.gates import Quality, Verdict, as_kept, judge
from rag.generations import Generation, flip, generation, keep_gates, settle
from rag.ledger import State, Why
from substrate.clock import Clock
from substrate.database import Database
from substrate.errors import ConflictError


class Gatekeeper:
    """Judges generations.

    Args:
        database: where the ledger is.
        clock: what time it is.
        quality: the gate of golden questions; None: generations are not judged by any.
        latency_ms: how long a search may take.
    """

    def __init__(self, database: Database, clock: Clock, quality: Quality | None, latency_ms: float) -> None:
        self._database = database
        self._clock = clock
        self._quality = quality
        self._latency_ms = latency_ms

    def pass_or_fail(self, candidate: Followed, live: Followed | None) -> None:
        """Let a complete generation answer if nothing keeps it; else it has failed."""
        verdicts = self._judged(candidate, live)
        self._settle(candidate.generation, verdicts, passed=all(one.passed for one in verdicts))

    def promote(self, candidate: Followed, live: Followed | None, *, insist: bool) -> list[Verdict]:
        """Let a generation answer because somebody asks for it.

        Args:
            candidate: followed to its end.
            live: what answers now.
            insist: let it answer whatever the gates say.

        Raises:
            ConflictError: a gate keeps it.
        """
        chosen, verdicts = candidate.generation, self._judged(candidate, live)
        failed = [one for one in verdicts if not one.passed]
        if failed and not insist:
            self._settle(chosen, verdicts, passed=False)
            told = "; ".join(f"{one.gate}: {one.detail}" for one in failed)
            raise ConflictError(f"generation {chosen.id} may not answer: {told}", hint="Insist, if it shall anyway.")
        self._settle(chosen, verdicts, passed=True)
        return verdicts

    def _judged(self, candidate: Followed, live: Followed | None) -> list[Verdict]:
        served = None if live is None else live.served
        return judge(self._database, candidate, served, self._quality, self._latency_ms)

    def _settle(self, chosen: Generation, verdicts: Sequence[Verdict], *, passed: bool) -> None:
        now = self._clock.now()
        with self._database.write() as connection:
            found = generation(connection, chosen.id)
            if found.state is State.LIVE:  # another owner was quicker
                return
            keep_gates(connection, chosen.id, as_kept(verdicts))
            if passed:
                flip(connection, found, now)
            elif found.state is State.READY:
                settle(connection, chosen.id, State.FAILED, Why.GATES, now)
