"""How long each stage of a call took, so that a slow one has a name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter_ns


class Stages:
    """Times by stage, in microseconds; stages that run side by side are timed each for itself."""

    def __init__(self) -> None:
        self._began = perf_counter_ns()
        self._spent: dict[str, int] = {}

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Time a stage; one that comes again is added up."""
        began = perf_counter_ns()
        try:
            yield
        finally:
            self._spent[stage] = self._spent.get(stage, 0) + (perf_counter_ns() - began) // 1_000

    def spent(self) -> dict[str, int]:
        """Every stage's time, and `total`: from the beginning until now."""
        return {**self._spent, "total": (perf_counter_ns() - self._began) // 1_000}
