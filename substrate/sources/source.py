"""What a source is: something that gives raw rows page by page, with a cursor to go on from after each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

Cursor: TypeAlias = dict[str, Any]
"""Where a source stands. JSON-able; opaque to everybody but the source that made it."""

PAGE_ROWS = 5_000
"""The most rows that a page carries."""


class Fault(StrEnum):
    """Why a raw row could not be read."""

    BAD_JSON = "bad_json"
    BAD_ENCODING = "bad_encoding"
    BAD_COLUMNS = "bad_columns"
    NOT_AN_OBJECT = "not_an_object"
    NO_TYPE = "no_type"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    MISSING_VALUE = "missing_value"
    WRONG_TYPE = "wrong_type"
    BAD_TIME = "bad_time"
    UNKNOWN_CODE = "unknown_code"
    BAD_REFERENCE = "bad_reference"


@dataclass(slots=True)
class Row:
    """One raw row, as the source gave it; nobody changes it (to freeze it would make it four times as slow to make)."""

    kind: str
    """Resource type or table: `Patient`."""
    place: str
    """File (relative to the folder), or URL without secrets."""
    line: int
    """1-based position in the place."""
    raw: bytes
    """Exactly as received."""
    payload: dict[str, Any] | None
    """The parsed row; None when it is faulty or says that a record is deleted, unless it names the key in parts."""
    fault: Fault | None = None
    detail: str = ""
    """What was wrong, without the row's values."""
    deleted_key: str | None = None
    """Set: this row says that the record with this source key is gone."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Rows known to be byte-identical to those already read, so not given again."""

    kind: str
    place: str
    rows: int
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the cursor to store in the same transaction as these rows."""

    rows: tuple[Row, ...]
    cursor: Cursor
    skipped: tuple[Skipped, ...] = ()
    complete: frozenset[str] = frozenset()
    """Kinds of which every row was given since this call of `read` began: what was not seen is gone.

    A read that goes on after a kill gives such a kind again from its start, so that seeing needs no memory.
    """
    present: Mapping[str, Sequence[str | dict[str, Any]]] = field(default_factory=dict)
    """Keys by kind (or a row's key columns, from which its mapper makes the key) of which only is said that they are
    there; towards `complete` they count as given."""
    ended: bool = False
    """True on the last page of a read that came to its end."""


class Source(Protocol):
    """An origin of records. It is only ever read.

    After a kill `read(cursor)` with the last stored cursor goes on without losing a row; rows can repeat.
    """

    name: str

    @property
    def completes(self) -> bool:
        """Whether a read may say that a kind is complete, so that what it shows must be remembered."""

    @property
    def kinds(self) -> Collection[str] | None:
        """The kinds of row that it gives; None: whatever there is. What it does not give, it does not keep fresh."""

    def estimate(self, cursor: Cursor | None) -> int | None:
        """How many rows are to come, if that is cheaply known (a guess from sizes will do)."""

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """Pages of at most about 5,000 rows, from `cursor` (None: the start), at instant `now` in micros."""
