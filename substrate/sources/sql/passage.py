"""One passage through a table: everything by key, or what changed and then what nobody stamped; it survives a kill."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from substrate.sources.sql.marks import Reach
from substrate.sources.sql.server import Rows, SqlServer
from substrate.sources.sql.values import kept, restored
from substrate.sources.sql.walk import Walk

_TRIES = 5
"""So many latest values that are no time, or lie in the future, are stepped over to find one that is a mark."""


class Stage(StrEnum):
    """What is being read."""

    KEYLESS = "keyless"
    WHOLE = "whole"
    NEWS = "news"
    UNSTAMPED = "unstamped"
    DONE = "done"


_NEXT = {
    Stage.WHOLE: Stage.KEYLESS,
    Stage.KEYLESS: Stage.DONE,
    Stage.NEWS: Stage.UNSTAMPED,
    Stage.UNSTAMPED: Stage.DONE,
}


@dataclass(slots=True)
class Passage:
    """A passage under way; all but the first three goes into the cursor.

    Attributes:
        stage: what is being read.
        opened: the database's clock before the passage began.
        since: from where on rows are news.
        after: the last row that was given, as the order of the stage names it.
        mark: how far the table is known once this passage is done; None: the next one reads everything.
    """

    server: SqlServer
    walk: Walk
    limit: int
    reach: Reach
    stage: Stage
    since: Any = None
    after: tuple[Any, ...] | None = None
    mark: Any = None
    is_new: bool = True

    @classmethod
    def begun(cls, server: SqlServer, walk: Walk, reach: Reach, told: dict[str, Any], limit: int) -> Passage:
        """The passage that was cut off, or a new one from the mark of the last."""
        mark = restored(told.get("mark"))
        stage = Stage(told.get("stage", Stage.DONE))
        if stage is not Stage.DONE:
            after = told["after"] and tuple(map(restored, told["after"]))
            return cls(server, walk, limit, reach, stage, restored(told["since"]), after, mark, is_new=False)
        if mark is not None and walk.is_stamped:
            return cls(server, walk, limit, reach, Stage.NEWS, reach.since(mark), None, mark)
        return cls(server, walk, limit, reach, Stage.WHOLE, None, None, _reached(server, walk, reach))

    def as_json(self) -> dict[str, Any]:
        """The passage as it stands in a cursor."""
        after = None if self.after is None else [kept(value) for value in self.after]
        return {"stage": self.stage.value, "since": kept(self.since), "after": after, "mark": kept(self.mark)}

    def step(self) -> Rows | None:
        """The next rows, perhaps none; None at the end."""
        if self.stage is Stage.DONE:
            return None
        rows = self.server.rows(self._statement())
        if self.stage is Stage.NEWS:
            self._advance(rows)
        if len(rows) < self.limit or self.stage is Stage.KEYLESS or self._has_caught_up(rows):
            self.stage, self.after = _NEXT[self.stage], None
            if self.stage is Stage.UNSTAMPED and not self.walk.is_stamped:
                self.stage = Stage.DONE
        else:
            self.after = self._place_of(rows[-1])
        return rows

    def _statement(self) -> Any:
        if self.stage is Stage.WHOLE:
            return self.walk.whole(self.after, self.limit)
        if self.stage is Stage.KEYLESS:
            return self.walk.keyless(self.limit)
        if self.stage is Stage.NEWS:
            return self.walk.news(self.since, self.after, self.limit)
        return self.walk.unstamped(self.after, self.limit)

    def _place_of(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        key = row[len(self.walk.columns) :][: len(self.walk.key)]
        return (row[-1], *key) if self.stage is Stage.NEWS else key

    def _advance(self, rows: Rows) -> None:
        """Move the mark to the latest row that may be one."""
        self.mark = next((row[-1] for row in reversed(rows) if self.reach.may_be(row[-1])), self.mark)

    def _has_caught_up(self, rows: Rows) -> bool:
        """Whether what is left changed after this passage began; the next one has it, else a busy table has no end."""
        return self.stage is Stage.NEWS and self.reach.is_just_after(rows[-1][-1])


def _reached(server: SqlServer, walk: Walk, reach: Reach) -> Any:
    """How far a table is known that is about to be read whole; None where that cannot be told."""
    if not walk.is_stamped:
        return None
    latest = None
    for _ in range(_TRIES):
        ((latest,),) = server.rows(walk.latest(latest))
        if latest is None or reach.may_be(latest):
            return latest
    return None
