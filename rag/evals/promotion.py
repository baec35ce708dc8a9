"""The gate of golden questions as the index calls it: before a generation answers, the newest frozen set is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rag.copilot import Copilot
from rag.embedder import Embedder
from rag.evals.gate import MEASURED, Bar, Quality, Verdict, weigh
from rag.evals.judging import Judged
from rag.evals.runs import Trial, keep_run, kept_results
from rag.evals.sets import GoldenSet, newest_set
from rag.evals.trial import Fixed, asking, overseer, try_out
from rag.gates import Verdict as GateVerdict
from rag.generations import generation
from rag.live import LiveIndex
from substrate.access import Caller
from substrate.clock import Clock
from substrate.database import Database

_GATE = "quality"
_ACTOR = "gate:quality"


@dataclass(frozen=True)
class GoldenGate:
    """Judges a copilot's new generation against the one that answers; call it, as `rag.gates.Quality` says.

    What the new one finds is kept as a run, so that it can be compared later, also where its embedder is gone by then.

    Attributes:
        embedder: opens the one that questions are asked with now; only where there are questions to ask.
        copilots: loads all copilots by name.
        bar: what a generation must reach.
    """

    database: Database
    embedder: Callable[[], Embedder]
    copilots: Callable[[], Mapping[str, Copilot]]
    clock: Clock
    bar: Bar = field(default_factory=Bar)

    def __call__(self, copilot: str, live: LiveIndex | None, candidate: LiveIndex) -> GateVerdict:
        """The verdict on a generation; a copilot without frozen questions lets every one pass, and says so."""
        declared = self.copilots().get(copilot)
        with self.database.read() as connection:
            golden = newest_set(connection, copilot)
        if golden is None or declared is None:
            return GateVerdict(_GATE, True, "there are no frozen golden questions")
        trial = self._trial(declared, golden, candidate)
        with self.database.write() as connection:
            caller = Caller(_ACTOR, "gate")
            keep_run(connection, golden, trial, caller, self.clock.now())
        verdict = self._weighed(declared, golden, live, trial)
        return GateVerdict(_GATE, verdict.passes, verdict.says, _figures(verdict))

    def _weighed(self, copilot: Copilot, golden: GoldenSet, live: LiveIndex | None, trial: Trial) -> Verdict:
        if live is None:
            return Verdict(Quality.FIRST, "nothing answers yet that it could be compared with")
        before = self._before(copilot, golden, live)
        if before is None:
            says = f"generation {live.generation} was made with another embedder, and no run of it is kept"
            return Verdict(Quality.NOT_COMPARED, says)
        return weigh(before, trial.judged, self.bar)

    def _before(self, copilot: Copilot, golden: GoldenSet, live: LiveIndex) -> list[Judged] | None:
        """What the live generation finds; one whose embedder is gone can only be known from its last run."""
        with self.database.read() as connection:
            if generation(connection, live.generation).embedder != self.embedder().fingerprint:
                return kept_results(connection, golden, live.generation)
        return self._trial(copilot, golden, live).judged

    def _trial(self, copilot: Copilot, golden: GoldenSet, served: LiveIndex) -> Trial:
        caller = overseer(_ACTOR, copilot, served.partitions.values())
        ask = asking(Fixed(served), self.embedder(), caller, copilot, self.clock.now())
        with self.database.read() as connection:
            return try_out(connection, golden.golden, ask, served.generation, copilot)


def _figures(verdict: Verdict) -> dict[str, float]:
    """The verdict in numbers: each measure before and after, and how many questions there were."""
    if verdict.comparison is None or not verdict.comparison.differences:
        return {}
    moved = {name: verdict.comparison.of(name) for name in MEASURED}
    figures = {f"{name} {when}": getattr(one, when) for name, one in moved.items() for when in ("before", "after")}
    return {**figures, "questions": float(verdict.comparison.of(MEASURED[0]).questions)}
