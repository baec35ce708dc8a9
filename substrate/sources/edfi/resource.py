"""One resource of an Ed-Fi ODS/API, walked through page by page within a window of change versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from substrate.errors import SourceError
from substrate.sources.edfi.keys import key_of
from substrate.sources.offset_walk import Leaf, OffsetWalk
from substrate.sources.roster_server import EXPIRED, RosterServer, total_of
from substrate.sources.source import Fault, Row
from substrate.sources.web import Answer, BadAnswerError, RefusedError

_MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True)
class Window:
    """The change versions that are asked for.

    Attributes:
        since: from this version on; None: everything that is there. A full read has no upper end either: an item that
            changed meanwhile would drop out of it, and be taken for gone.
        upto: the newest version when the walk began: from after it the next one asks.
    """

    since: int | None
    upto: int | None

    def params(self) -> dict[str, str]:
        """As query parameters."""
        if self.since is None or self.upto is None:
            return {}
        return {"minChangeVersion": str(self.since), "maxChangeVersion": str(self.upto)}


@dataclass(slots=True)
class Resource:
    """A walk under way through one resource."""

    server: RosterServer
    path: str
    kind: str
    limit: int
    with_tokens: bool
    window: Window
    walk: OffsetWalk
    sweep: bool = False
    """Whether the walk is made to learn what is gone, so that it must be read in one go."""
    _last: bytes = b""
    """The row at which pages overlap: if it comes again as it was, it is not given again."""

    def as_json(self) -> dict[str, Any]:
        """How to go on after a kill."""
        return {"place": self.walk.place.as_json(), "window": asdict(self.window), "sweep": self.sweep}

    def is_whole(self) -> bool:
        """Whether every item of the resource was given."""
        return self.window.since is None and self.walk.is_whole()

    def step(self) -> list[Row]:
        """The rows of the next page; none if it must be asked for again.

        Raises:
            RefusedError: the server will not give this resource.
        """
        place = self.walk.place
        try:
            answer, told = self.server.get(self.path, self._params())
        except RefusedError as error:
            if place.mark is None or error.status not in EXPIRED:
                raise
            self.walk.restart()
            self.with_tokens = False
            return []
        items, start = _items(answer, told), place.given
        token = answer.headers.get("next-page-token") if self.with_tokens and (items or place.mark) else None
        keys = [_identity(self.kind, item) for item in items]
        if not self.walk.take(Leaf(keys, total_of(answer, "total-count"), token)):
            return []
        rows = [_row(item, self.kind, answer.place, start + number) for number, item in enumerate(items, 1)]
        self._last, before = rows[-1].raw if rows else b"", self._last
        return rows[1:] if rows and rows[0].raw == before else rows

    def gone(self, what: str, keys: str, window: Window) -> Iterator[Row]:
        """The keys of `deletes` or `keyChanges` in a window.

        Raises:
            RefusedError: the server does not tell them.
        """
        walk = OffsetWalk()
        for _ in range(_MOST_PAGES):
            params = self._page(walk.place.offset, None) | window.params()
            answer, told = self.server.get(f"{self.path}/{what}", params)
            items = _items(answer, told)
            if walk.take(Leaf([orjson.dumps(item).decode() for item in items], total_of(answer, "total-count"))):
                yield from (self._gone_row(item, keys, answer.place, number) for number, item in enumerate(items, 1))
            if walk.ended:
                return
        raise SourceError(f"{self.path}/{what} has no end", hint="Report it to the server's maker.")

    def _gone_row(self, item: Any, keys: str, place: str, line: int) -> Row:
        told = item.get(keys) if isinstance(item, dict) else None
        key = key_of(self.kind, {"id": item.get("id"), **told} if isinstance(told, dict) else {})
        if key is None:
            detail = "it names no key that is gone"
            return Row(self.kind, place, line, orjson.dumps(item), None, Fault.NO_TYPE, detail)
        return Row(self.kind, place, line, orjson.dumps(item), None, deleted_key=key)

    def _params(self) -> dict[str, str]:
        return self._page(self.walk.place.offset, self.walk.place.mark) | self.window.params()

    def _page(self, offset: int, token: str | None) -> dict[str, str]:
        if token is not None:
            return {"pageToken": token, "pageSize": str(self.limit)}
        return {"limit": str(self.limit), "offset": str(offset), "totalCount": "true"}


def _items(answer: Answer, told: Any) -> list[Any]:
    if not isinstance(told, list):
        raise BadAnswerError(f"{answer.place} did not answer with a list", hint="Check data_path.")
    return told


def _identity(kind: str, item: Any) -> str:
    """By what a walk knows an item again: its key, else all that it says."""
    key = key_of(kind, item) if isinstance(item, dict) else None
    return key or orjson.dumps(item).decode()


def _row(item: Any, kind: str, place: str, line: int) -> Row:
    raw = orjson.dumps(item)
    if not isinstance(item, dict):
        return Row(kind, place, line, raw, None, Fault.NOT_AN_OBJECT, "an item of the list is no object")
    return Row(kind, place, line, raw, item)
