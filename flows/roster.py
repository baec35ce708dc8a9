"""Which copilots there are, read again when their files may have changed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from threading import Lock
from time import monotonic

from rag.copilot import Copilot
from rag.copilot_files import load_copilots
from substrate.catalog import Vertical
from substrate.errors import PlumblineError
from substrate.settings import Settings

log = logging.getLogger(__name__)

_REREAD_SECONDS = 5.0


class Roster:
    """The copilots of an installation.

    A file that has become wrong changes nothing: those that were read before go on, and the log says what is wrong.

    Args:
        settings: say where the files are.
        verticals: those that bring copilots, by name.
    """

    def __init__(self, settings: Settings, verticals: Mapping[str, Vertical]) -> None:
        self._settings = settings
        self._verticals = verticals
        self._lock = Lock()
        self._found: Mapping[str, Copilot] | None = None
        self._read_at = 0.0

    def copilots(self) -> Mapping[str, Copilot]:
        """All of them by name, as of a few seconds ago.

        Raises:
            CopilotError: a file was wrong from the beginning.
        """
        with self._lock:
            if self._found is None or monotonic() - self._read_at >= _REREAD_SECONDS:
                self._found = self._reread()
                self._read_at = monotonic()
            return self._found

    def _reread(self) -> Mapping[str, Copilot]:
        try:
            return load_copilots(self._settings, self._verticals)
        except PlumblineError as error:
            if self._found is None:
                raise
            log.warning("the copilots stay as they were read before: %s", error.message)
            return self._found
