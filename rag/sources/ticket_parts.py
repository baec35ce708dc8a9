"""What a row of an export says of a ticket, of its comments, or of both, whatever its columns are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from rag.sources.ticket_said import Comment, Glance, Head
from rag.sources.ticket_values import clean, names_any, number_of, plain, replaces, says_no, says_yes, time_of
from rag.ticket_export import TicketColumns, TicketsOptions

_SIGNS = re.compile(r"[\W_]+")
_AGAIN = re.compile(r"#\d+$")
_SHAPES_REMEMBERED = 1_024
_COMMENTS = ("comment_body", "comment_created", "comment_internal", "comment_public")
_OF_TICKETS = (
    "title", "body", "status", "created", "updated", "site", "link", "replaced_by", "gone", "internal",
)  # fmt: skip
_SHARED = ("comment_body", "comment_created")
"""What is called `body` or `created` in a ticket's own row is the ticket's, and not a comment's."""
_BESIDE = ("comment", "reply")


@dataclass(frozen=True, slots=True)
class _Shape:
    """The columns of rows that have the same ones.

    Attributes:
        names: those of each meaning.
        beside: of comments, those that stand in the ticket's own row.
        head: those that tell of the ticket itself.
        all: those that tell of anything.
    """

    names: Mapping[str, tuple[str, ...]]
    beside: Mapping[str, tuple[str, ...]]
    head: tuple[str, ...]
    all: tuple[str, ...]


class Columns:
    """Finds what rows mean by the names of their columns.

    Args:
        options: the export as it is declared.
    """

    def __init__(self, options: TicketsOptions) -> None:
        self._options = options
        self._names = {meaning: options.named(meaning) for meaning in TicketColumns.model_fields}
        self._declared = options.columns.model_fields_set
        self._leaving = options.leaving
        self._shapes: dict[tuple[str, ...], _Shape] = {}

    def glance(self, row: Mapping[str, Any]) -> Glance:
        """What there is to know of a row of tickets without reading it."""
        shape = self._shape(row)
        ticket = number_of(_first(row, shape.names["id"]))
        if not ticket:
            return Glance("")
        said = _said(row, shape.head)
        head, digest = _digest(said) if said else b"", _digest(_said(row, shape.all))
        return Glance(
            ticket, head, digest, time_of(_first(row, shape.names["updated"])), self._leaves(row, shape, ticket)
        )

    def glance_at_comment(self, row: Mapping[str, Any]) -> Glance:
        """The same of a row of comments."""
        shape = self._shape(row)
        ticket = number_of(_first(row, shape.names["comment_ticket"]))
        return Glance(ticket, b"", _digest(_said(row, shape.all))) if ticket else Glance("")

    def head(self, row: Mapping[str, Any]) -> Head:
        """What a row says of the ticket itself."""
        names = self._shape(row).names
        return Head(
            title=plain(_first(row, names["title"])),
            body=plain(_first(row, names["body"])),
            status=plain(_first(row, names["status"])),
            created=time_of(_first(row, names["created"])),
            updated=time_of(_first(row, names["updated"])),
            site=plain(_first(row, names["site"])),
            link=plain(_first(row, names["link"])),
        )

    def comments(self, row: Mapping[str, Any]) -> list[Comment]:
        """The comments in a row of tickets: in a list, or in columns of their own, each that is repeated being one."""
        shape = self._shape(row)
        found: list[Comment] = []
        listed = _first(row, shape.names["comments"])
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict):
                found += self.comment(one)
            elif isinstance(one, str) and one.strip():
                found.append(Comment(clean(one), "", internal=False))
        return [*found, *_comments(row, shape.beside)]

    def comment(self, row: Mapping[str, Any]) -> list[Comment]:
        """The comment that a row of comments is; none: it says nothing."""
        return list(_comments(row, self._shape(row).names))[:1]

    def id_names(self) -> tuple[str, ...]:
        """What the column of a ticket's number may be called."""
        return self._names["id"]

    def id_place(self, row: Mapping[str, Any]) -> int | None:
        """At which place of a row a ticket's number stands; None: at none."""
        found = self._shape(row).names["id"]
        return list(row).index(found[0]) if found and found[0] in row else None

    def _leaves(self, row: Mapping[str, Any], shape: _Shape, ticket: str) -> bool:
        names = shape.names
        if plain(_first(row, names["status"])).casefold() in self._leaving:
            return True
        for name in names["gone"]:
            if says_yes(value := _at(row, name)) or names_any(value, self._leaving):
                return True
        return self._is_hidden(row, shape) or any(replaces(_at(row, name), ticket) for name in names["replaced_by"])

    def _is_hidden(self, row: Mapping[str, Any], shape: _Shape) -> bool:
        """Whether the ticket itself is internal; in a row that brings a comment, `internal` speaks of the comment."""
        if self._options.internal or (shape.beside["comment_body"] and "internal" not in self._declared):
            return False
        return any(not says_no(_at(row, name)) for name in shape.names["internal"])

    def _shape(self, row: Mapping[str, Any]) -> _Shape:
        columns = tuple(row)
        if columns not in self._shapes:
            if len(self._shapes) >= _SHAPES_REMEMBERED:
                self._shapes.clear()
            self._shapes[columns] = self._shaped(row)
        return self._shapes[columns]

    def _shaped(self, row: Mapping[str, Any]) -> _Shape:
        names = {meaning: _present(row, known) for meaning, known in self._names.items()}
        beside = {meaning: _present(row, self._beside(meaning)) for meaning in _COMMENTS}
        theirs = {name for meaning in _COMMENTS for name in beside[meaning]} if beside["comment_body"] else set()
        own = [name for meaning in _OF_TICKETS for name in names[meaning]]
        head = dict.fromkeys(name.partition(".")[0] if name not in row else name for name in own if name not in theirs)
        every = dict.fromkeys(
            name.partition(".")[0] if name not in row else name for each in names.values() for name in each
        )
        return _Shape(names, beside, tuple(head), tuple(every))

    def _beside(self, meaning: str) -> tuple[str, ...]:
        """What a column of comments in a ticket's own row may be called."""
        names = self._names[meaning]
        if meaning in self._declared:
            return names
        if self._options.preset is not None:
            return ()
        return tuple(name for name in names if name.startswith(_BESIDE)) if meaning in _SHARED else names


def _said(row: Mapping[str, Any], names: tuple[str, ...]) -> list[tuple[str, Any]]:
    """What some columns say; one that says nothing is as one that is not there."""
    return [(name, value) for name in names if (value := row[name]) is not None and value != ""]


def _comments(row: Mapping[str, Any], names: Mapping[str, tuple[str, ...]]) -> Iterator[Comment]:
    internal = any(not says_no(_at(row, name)) for name in names["comment_internal"])
    internal = internal or any(not says_yes(_at(row, name)) for name in names["comment_public"])
    created = time_of(_first(row, names["comment_created"]))
    for name in names["comment_body"]:
        if text := plain(_at(row, name)):
            yield Comment(text, created, internal)


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        value = _at(row, name)
        if value is not None and value != "":
            return value
    return None


def _present(row: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some names that a row has as columns, as it spells them; a column that is repeated, each time."""
    folded: dict[str, list[str]] = {}
    for column in row:
        folded.setdefault(_folded(_AGAIN.sub("", column)), []).append(column)
    found = [folded.get(_folded(name)) or _led(row, name) for name in names]
    return tuple(dict.fromkeys(column for columns in found for column in columns))


def _folded(name: str) -> str:
    return _SIGNS.sub("", name).casefold()


def _led(row: Mapping[str, Any], name: str) -> list[str]:
    """A name with dots leads into an object; whether there is one may differ from row to row."""
    return [name] if "." in name and name.partition(".")[0] in row else []


def _at(row: Mapping[str, Any], name: str) -> Any:
    if name in row:
        return row[name]
    found: Any = row
    for step in name.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _digest(values: Any) -> bytes:
    return blake2b(orjson.dumps(values), digest_size=8).digest()
