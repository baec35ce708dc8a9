"""The clock's look at batch work that misses its turns: somebody is told even where Prefect itself is gone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from flows.timetable import all_turns
from flows.trouble import tell_overdue
from substrate.catalog import Vertical
from substrate.clock import ManualClock
from substrate.database import Database
from substrate.errors import ConfigurationError
from substrate.settings import Settings

log = logging.getLogger(__name__)


class BatchWork:
    """The duty of looking whether each piece of batch work ran well when it should have.

    What nobody ever served is not expected, so an installation without Prefect is left in peace.

    Args:
        settings: say who is told, and where the sources are listed.
        database: keeps when each piece of work last ran well.
        verticals: whose work it is.
        on_told: is called when a message may have been put into the outbox.
    """

    def __init__(
        self, settings: Settings, database: Database, verticals: Sequence[Vertical], on_told: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._database = database
        self._verticals = {one.name: one for one in verticals}
        self._on_told = on_told

    def look(self, at: int) -> list[str]:
        """Raise an alert for what is late at an instant, and name it; a good run takes the alert back."""
        try:
            due = all_turns(self._settings, self._verticals)
        except ConfigurationError as error:
            log.warning("nobody knows what batch work is due: %s", error.message)
            return []
        late = tell_overdue(self._settings, self._database, ManualClock(at), due)
        if late:
            log.warning("batch work is late: %s", ", ".join(late))
            self._on_told()
        return late
