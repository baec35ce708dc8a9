"""What a table looks like, found out once a read: its columns, and how a row of it becomes a `Row`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import orjson

from substrate.errors import SourceError
from substrate.relations import Relation, TableOptions
from substrate.sources.source import Fault, Row
from substrate.sources.sql.server import SqlServer
from substrate.sources.sql.values import key_text, told
from substrate.sources.sql.walk import Walk


@dataclass(slots=True)
class Shape:
    """One resource of the database, as it is."""

    kind: str
    options: TableOptions
    walk: Walk
    given: int = 0
    """Rows of it that this read gave."""
    deleted: int = 0
    """Keys that it told as deleted."""
    present: int = 0
    """Keys of it that this read saw without giving their rows."""

    @property
    def place(self) -> str:
        """Where its rows lie, for people."""
        return self.options.table or self.kind

    def rows(self, found: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
        """What the source gives for rows of a walk."""
        names = self.walk.columns
        for values in found:
            self.given += 1
            payload = {name: told(value) for name, value in zip(names, values, strict=False)}
            yield _row(self.kind, self.place, self.given, payload)

    def gone(self, values: tuple[Any, ...]) -> Row:
        """What the source gives for a key that is gone."""
        self.deleted += 1
        key = self.key(values)
        return Row(self.kind, self.place, self.deleted, orjson.dumps(key), key, deleted_key=key_text(values))

    def key(self, values: tuple[Any, ...]) -> dict[str, Any]:
        """The key columns of a row, as its payload would show them."""
        return {name: told(value) for name, value in zip(self.walk.key, values, strict=False)}


def shaped(server: SqlServer, kind: str, options: TableOptions) -> Shape:
    """The resource, once the database was seen to have its table and columns.

    Raises:
        SourceError: it has not; the hint tells what it has.
    """
    found = _columns(server, options)
    columns = options.columns or tuple(found)
    _check(server, options, found, dict.fromkeys((*columns, *options.key, *options.changed)))
    if options.deleted is not None:
        known = _columns(server, options.deleted)
        _check(server, options.deleted, known, (*options.deleted.key, *options.deleted.changed))
    return Shape(kind, options, Walk(options, tuple(dict.fromkeys(columns))))


def _columns(server: SqlServer, relation: Relation) -> list[str]:
    if relation.table is not None:
        server.knows(relation.table)
    return server.columns(Walk(relation, ()).nothing())


def _check(server: SqlServer, relation: Relation, found: list[str], asked: Iterable[str]) -> None:
    for name in asked:
        if name not in found:
            near = get_close_matches(name, found, n=3, cutoff=0.5) or found[:8]
            message = f"source {server.source}: {relation.title} has no column {name!r}"
            raise SourceError(message, hint=f"It has: {', '.join(near)}.")


def _row(kind: str, place: str, line: int, payload: dict[str, Any]) -> Row:
    try:
        return Row(kind, place, line, orjson.dumps(payload), payload)
    except TypeError:
        clean = {name: _legible(value) for name, value in payload.items()}
        return Row(kind, place, line, orjson.dumps(clean), clean, Fault.BAD_ENCODING, "the text is not UTF-8")


def _legible(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
