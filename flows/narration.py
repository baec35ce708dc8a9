"""A step's progress in the log of the flow run."""

from __future__ import annotations

from prefect import get_run_logger

_EVERY = 50_000


class Narration:
    """Tells the run's log how a step begins, goes on now and then, and ends."""

    def __init__(self) -> None:
        self._logger = get_run_logger()
        self._step = ""
        self._done = 0

    def begin(self, step: str, total: int | None) -> None:
        """Say what begins."""
        self._step, self._done = step, 0
        self._logger.info("%s%s", step, f", about {total:,}" if total else "")

    def advance(self, units: int) -> None:
        """Say how far it is, every so many units."""
        before, self._done = self._done, self._done + units
        if before // _EVERY != self._done // _EVERY:
            self._logger.info("%s: %s", self._step, f"{self._done:,}")

    def end(self) -> None:
        """Say that it is done."""
        self._logger.info("%s: done, %s", self._step, f"{self._done:,}")
