"""Rows in our own words: each column is called like the record's, a reference without its `_id`.

So any school can export to it: a CSV file or NDJSON per kind of record, times in ISO 8601. What a record cannot do
without and a school may not write down has a stand-in, named where the record is listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Boolean, Float, Integer

from substrate.columns import Meaning
from substrate.mapping import Draft, Mapper, Reader
from substrate.quality import Reason, RowRefused
from substrate.records import Record, mapped_columns, meanings, table_of
from verticals.school.sources.cells import Cells, code, flag, instant, missing, number, refer, text, until, whole

Take = Callable[[Reader, Cells], Any]
Finish = Callable[[Reader, Cells, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Plain:
    """How plain rows of one kind are read.

    Attributes:
        resource: the name of its files.
        record: the kind.
        key: the cells that make the key of a row without `id`, joined by `/`; all of them must be there.
        needs: columns without which a row is refused.
        closed: columns of codes that may be no others than those that we know.
        ends: columns of instants in which a date means the end of the day.
        stands: what stands in where a column is empty: another column, or a value.
        finish: sets what does not follow from one cell alone.
        site: the cell that names the site.
    """

    resource: str
    record: type[Record]
    key: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    stands: Mapping[str, Any] = field(default_factory=dict)
    finish: Finish | None = None
    site: str = "school"

    def mapper(self) -> Mapper:
        """The mapper of the kind's files."""
        return Mapper(self.resource, self.record, self.read(), key=self.key_of)

    def key_of(self, row: Cells) -> str | None:
        """The key of a raw row; None: it names none that can be read."""
        try:
            return key_of(row, self.key)
        except RowRefused:
            return None

    def read(self) -> Callable[[Cells, Reader], Draft]:
        """What makes a draft of a row."""
        takes, stands = takers(self.record, self.ends, self.closed), tuple(self.stands.items())
        needs, finish, record, key, site = self.needs, self.finish, self.record, self.key, self.site

        def read(row: Cells, reader: Reader) -> Draft:
            values = {name: take(reader, row) for name, take in takes}
            if finish is not None:
                finish(reader, row, values)
            for name, other in stands:
                if values[name] is None:
                    values[name] = values.get(other) if type(other) is str and other in values else other
            for name in needs:
                if values[name] is None:
                    raise missing(name.removesuffix("_id"))
            named = key_of(row, key)
            if named is None:
                raise RowRefused(Reason.MISSING_KEY, "id is missing")
            return Draft(record, named, values, instant(reader, row, "changed_at"), text(row, site))

        return read


def takers(record: type[Record], ends: tuple[str, ...], closed: tuple[str, ...]) -> list[tuple[str, Take]]:
    """How each column that mappers set is taken from a plain row, by column."""
    known = meanings(record)
    names = mapped_columns(record)
    return [
        (name, _coded(name, known[name]) if name in closed else _taker(record, name, known[name], name in ends))
        for name in names
    ]


def key_of(row: Cells, parts: tuple[str, ...]) -> str | None:
    """The key of a plain row: its `id`, else the cells that stand for one; `a|b` is whichever of the two is there."""
    own = text(row, "id") if "id" in row else None
    if own is not None or not parts:
        return own
    cells = [next(filter(None, (text(row, cell) for cell in part.split("|"))), None) for part in parts]
    return "/".join(filter(None, cells)) if all(cells) else None


def _coded(name: str, meaning: Meaning) -> Take:
    known = frozenset(meaning.codes)
    return lambda _reader, row: code(row, name, known) if text(row, name) is not None else None


def _taker(record: type[Record], name: str, meaning: Meaning, ends: bool) -> Take:
    if meaning.references is not None:
        cell, kind = name.removesuffix("_id"), meaning.references
        return lambda reader, row: refer(reader, row, cell, kind) if row.get(cell) else None
    if meaning.instant:
        when = until if ends else instant
        return lambda reader, row: when(reader, row, name) if row.get(name) else None
    stored = table_of(record).c[name].type
    families = ((Boolean, flag), (Integer, whole), (Float, number))
    plain: Callable[[Cells, str], Any] = next((each for family, each in families if isinstance(stored, family)), text)
    return lambda _reader, row: plain(row, name)
