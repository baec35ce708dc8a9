"""When people come: instants drawn by weekday and hour of day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from substrate.clock import DAY, HOUR, SECOND
from verticals.hospital.sample.dice import Dice

_THURSDAY = 3
"""The weekday of 1 January 1970, Monday being 0."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """How often (per person and day) and when: weights by hour, and by weekday from Monday."""

    rate: float
    hours: Sequence[float]
    weekdays: Sequence[float]
    slot: int = SECOND
    """Instants fall on multiples of this, in micros."""


def draw(dice: Dice, pattern: Pattern, people: int, start: int, end: int) -> list[int]:
    """Instants (micros, ascending) from start to before end; start is a midnight UTC."""
    days = -(-(end - start) // DAY)
    first = (start // DAY + _THURSDAY) % 7
    weights = [pattern.weekdays[(first + day) % 7] for day in range(days)]
    if not any(weights):
        return []
    size = int(dice.rng.poisson(pattern.rate * people * days))
    day = dice.indices(size, weights)
    hour = dice.indices(size, pattern.hours)
    within = dice.rng.integers(0, HOUR // pattern.slot, size)
    instants = start + day * DAY + hour * HOUR + within * pattern.slot
    return sorted(int(at) for at in instants.tolist() if at < end)
