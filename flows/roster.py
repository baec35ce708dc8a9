"""Which copilots there are, read again when their files may have changed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from threading import Lock, Thread
from time import monotonic

from rag.copilot import Copilot
from rag.copilot_files import load_copilots
from substrate.catalog import Vertical
from substrate.errors import PlumblineError
from substrate.settings import Settings

log = logging.getLogger(__name__)

_REREAD_SECONDS = 5.0
_AT_ONCE_SECONDS = 1.0


class Roster:
    """The copilots of an installation.

    A file that has become wrong changes nothing: those that were read before go on, and the log says what is wrong.
    They are read again beside the questions: reading takes longer than answering.

    Args:
        settings: say where the files are.
        verticals: those that bring copilots, by name.
    """

    def __init__(self, settings: Settings, verticals: Mapping[str, Vertical]) -> None:
        self._settings = settings
        self._verticals = verticals
        self._reading = Lock()
        self._found: Mapping[str, Copilot] | None = None
        self._read_at = 0.0

    def copilots(self, *, fresh: bool = False) -> Mapping[str, Copilot]:
        """All of them by name, as of a few seconds ago.

        Args:
            fresh: as of a second ago at most; for who misses one.

        Raises:
            CopilotError: a file was wrong from the beginning.
        """
        found, age = self._found, monotonic() - self._read_at
        if found is None or (fresh and age >= _AT_ONCE_SECONDS):
            with self._reading:
                return self._reread()
        if age >= _REREAD_SECONDS and self._reading.acquire(blocking=False):
            Thread(target=self._aside, name="plumbline-roster", daemon=True).start()
        return found

    def _aside(self) -> None:
        try:
            self._reread()
        finally:
            self._reading.release()

    def _reread(self) -> Mapping[str, Copilot]:
        self._read_at = monotonic()
        try:
            self._found = load_copilots(self._settings, self._verticals)
        except PlumblineError as error:
            if self._found is None:
                raise
            log.warning("the copilots stay as they were read before: %s", error.message)
        return self._found
