"""Whether a rebuilt index may go live: the golden questions must not be answered worse than by the one that is live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rag.evals.comparing import Comparison, compare
from rag.evals.judging import Judged

MEASURED = ("recall@10", "ndcg@10")
"""Whether the answer is among what a copilot reads, and how far up."""

MARGIN = 0.05
"""By how much a mean may fall: three of sixty questions not found any more."""

RISK = 0.10
"""How likely it may be, by the bootstrap, that the mean fell by more than that."""


class Quality(StrEnum):
    """What the golden questions say of a generation."""

    NOT_WORSE = "not_worse"
    WORSE = "worse"  # a measure fell, or may well have fallen, by more than the margin
    LOST = "lost"  # too many questions have no place in its corpus any more
    NOTHING_ASKED = "nothing_asked"  # there are no golden questions that it could be judged by
    FIRST = "first"  # nothing is live that it could be compared with
    NOT_COMPARED = "not_compared"  # what is live can no longer be asked; a person decides


@dataclass(frozen=True, slots=True)
class Bar:
    """What a generation must reach.

    Attributes:
        margin: by how much a mean may fall.
        risk: the largest share of the bootstrap's draws in which it falls by more.
        lost: the largest share of the questions that may lose all their places.
    """

    margin: float = MARGIN
    risk: float = RISK
    lost: float = 0.05


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a generation may go live, and why.

    Attributes:
        quality: the reason.
        says: the same in a sentence, with the figures; no question's words.
        comparison: all that was compared; None: nothing was.
    """

    quality: Quality
    says: str
    comparison: Comparison | None = None

    @property
    def passes(self) -> bool:
        """Whether it may go live."""
        return self.quality not in (Quality.WORSE, Quality.LOST, Quality.NOT_COMPARED)


def weigh(live: Sequence[Judged], green: Sequence[Judged], bar: Bar) -> Verdict:
    """Decide by two runs over the same questions.

    A question whose places are all lost to the green generation counts as not found there, and the lost are counted
    besides: a handful may vanish with a document that was taken away on purpose, more is a fault of the rebuild.
    """
    compared = compare(live, green, margin=bar.margin)
    if not compared.differences:
        return Verdict(Quality.NOTHING_ASKED, "no golden question can be measured in it", compared)
    questions = compared.of(MEASURED[0]).questions
    if len(compared.lost) > bar.lost * questions:
        says = f"{len(compared.lost)} of {questions} questions lost all their places: {_some(compared.lost)}"
        return Verdict(Quality.LOST, says, compared)
    fallen = [name for name in MEASURED if compared.of(name).worse > bar.risk]
    says = "; ".join(_told(compared, name, bar) for name in fallen or MEASURED)
    return Verdict(Quality.WORSE if fallen else Quality.NOT_WORSE, says, compared)


def _told(compared: Comparison, name: str, bar: Bar) -> str:
    found = compared.of(name)
    span = f"95 % of draws within {found.low:+.3f} and {found.high:+.3f}"
    sure = f"worse by more than {bar.margin} in {found.worse:.0%} of them"
    return f"{name} {found.before:.3f} -> {found.after:.3f} over {found.questions} questions ({span}; {sure})"


def _some(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
