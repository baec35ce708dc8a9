"""The base of every record that an ERP lends us: where it came from, when it changed, when we learned of it.

A record's id is derived from source, kind and source key, so references resolve without a look-up, ingesting again is
an upsert, and a child may arrive before its parent.
"""

from __future__ import annotations

from functools import cache, lru_cache
from hashlib import blake2b
from threading import RLock
from typing import ClassVar

from sqlalchemy import BigInteger, Column, Index, Table
from sqlmodel import SQLModel

from substrate.columns import Meaning, Sensitivity, column, instant, meaning_of
from substrate.database import BigKey

_MASK = (1 << 63) - 1
_REMEMBERED = 1 << 14
"""Ids (about 3 MB of them): rows that are read together refer to the same patients, visits and places."""

_ONE_AT_A_TIME = RLock()
"""Tasks side by side ask for the same table for the first time together, and it can be declared only once."""


class Record(SQLModel):
    """One row that a vertical's ERP owns and we copy; subclasses are tables.

    Class attributes that a subclass sets:
        kind: the name by which rules, features and people call it (`encounter`).
        occurs: the instant column from which on the record exists; reads as of an earlier time do not see it. None: the
            record has always existed (a ward, a patient).
        title: the column that names it to people, shown in alerts to those who may see it.
        about: paths to what else people must know to find it, the most telling first: `patient.name`, `ward.name`.
    """

    kind: ClassVar[str]
    occurs: ClassVar[str | None] = None
    title: ClassVar[str] = "source_key"
    about: ClassVar[tuple[str, ...]] = ()

    id: int = column(
        "Our number for the record",
        Sensitivity.INTERNAL,
        primary_key=True,
        sa_type=BigKey,
        sa_column_kwargs={"autoincrement": False},
    )
    source: str = column("The source that lent us the record", Sensitivity.INTERNAL)
    source_key: str = column("The record's key in its source", Sensitivity.PII)
    site: str | None = column("The site that the record belongs to", Sensitivity.INTERNAL, default=None)
    changed_at: int | None = instant("When the source says it last changed", Sensitivity.INTERNAL, default=None)
    recorded_at: int = instant("When we learned of this version", Sensitivity.INTERNAL)
    gone_at: int | None = instant("When we learned that the source dropped it", Sensitivity.INTERNAL, default=None)
    content_hash: int = column("Digest of the content", Sensitivity.INTERNAL, sa_type=BigInteger)
    batch: int = column(
        "The ingest batch that wrote this version", Sensitivity.INTERNAL, index=True, sa_type=BigInteger
    )


SYSTEM_COLUMNS = tuple(Record.model_fields)


@lru_cache(maxsize=_REMEMBERED)
def record_id(source: str, kind: str, source_key: str) -> int:
    """The stable 63-bit id of a record; the same three words always give the same number."""
    text = f"{source}\x1f{kind}\x1f{source_key}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big") & _MASK


def content_hash(content: bytes) -> int:
    """A 63-bit digest of a record's own content, to tell a change from a repetition."""
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big") & _MASK


def table_of(record: type[Record]) -> Table:
    """The live table of a kind of record."""
    table: Table = record.__table__  # type: ignore[attr-defined]  # set by SQLModel's metaclass
    return table


@cache
def history_of(record: type[Record]) -> Table:
    """The append-only table of a kind's superseded versions: the same columns, and until when each was believed."""
    live = table_of(record)
    name = f"{live.name}_history"
    with _ONE_AT_A_TIME:
        present = live.metadata.tables.get(name)
        return _history(live, name) if present is None else present


def _history(live: Table, name: str) -> Table:
    copies = [_copied(declared) for declared in live.columns]
    return Table(
        name,
        live.metadata,
        *copies,
        Column("superseded_at", BigInteger, nullable=False),
        Column("superseded_batch", BigInteger, nullable=False),
        Index(f"ix_{name}_id", "id", "recorded_at"),
        Index(f"ix_{name}_superseded_at", "superseded_at"),
        Index(f"ix_{name}_superseded_batch", "superseded_batch"),
    )


def _copied(declared: Column[object]) -> Column[object]:
    return Column(declared.name, declared.type, nullable=declared.nullable, info=declared.info)


def content_columns(record: type[Record]) -> tuple[str, ...]:
    """The columns that a vertical declared itself, in order."""
    return tuple(name for name in record.model_fields if name not in SYSTEM_COLUMNS)


def mapped_columns(record: type[Record]) -> tuple[str, ...]:
    """The content columns that mappers set, in order: those that are not inherited from another record."""
    known = meanings(record)
    return tuple(name for name in content_columns(record) if known[name].inherits is None)


def meanings(record: type[Record]) -> dict[str, Meaning]:
    """Every column's declared meaning, by name."""
    return {declared.name: meaning_of(declared) for declared in table_of(record).columns}


def references(record: type[Record]) -> dict[str, str]:
    """The columns that hold another record's id, and that record's kind."""
    return {name: meaning.references for name, meaning in meanings(record).items() if meaning.references}
