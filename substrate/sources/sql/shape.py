"""What a table looks like, found out once a read: its columns, and how a row of it becomes a `Row`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import orjson

from substrate.errors import SourceError
from substrate.sources.source import Fault, Row
from substrate.sources.sql.options import Deleted, Relation, TableOptions
from substrate.sources.sql.server import SqlServer
from substrate.sources.sql.values import key_text, told
from substrate.sources.sql.walk import Walk

_UNSET = (None, False, 0, "", "0")


@dataclass(slots=True)
class Shape:
    """One resource of the database, as it is."""

    kind: str
    options: TableOptions
    walk: Walk
    given: int = 0
    """Rows of it that this read gave."""
    present: int = 0
    """Keys of it that this read saw without giving their rows."""

    @property
    def place(self) -> str:
        """Where its rows lie, for people."""
        return self.options.table or self.kind

    def rows(self, found: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
        """What the source gives for rows of a walk."""
        names, key = self.walk.columns, self.walk.key
        flag = self.options.deleted if isinstance(self.options.deleted, str) else None
        for values in found:
            self.given += 1
            payload = {name: told(value) for name, value in zip(names, values, strict=False)}
            named = key_text(values[len(names) : len(names) + len(key)])
            if flag is not None and payload[flag] not in _UNSET and named is not None:
                yield self.gone(named, self.given)
            else:
                yield _row(self.kind, self.place, self.given, payload)

    def gone(self, key: str, line: int) -> Row:
        """A row that says that a record is gone."""
        return Row(self.kind, self.place, line, orjson.dumps({"deleted": key}), None, deleted_key=key)


def shaped(server: SqlServer, kind: str, options: TableOptions) -> Shape:
    """The resource, once the database was seen to have its table and columns.

    Raises:
        SourceError: it has not; the hint tells what it has.
    """
    found = _columns(server, options)
    flag = (options.deleted,) if isinstance(options.deleted, str) else ()
    columns = (*options.columns, *flag) if options.columns else tuple(found)
    _check(server, options, found, dict.fromkeys((*columns, *options.key, *options.changed)))
    if isinstance(options.deleted, Deleted):
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
