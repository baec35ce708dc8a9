"""The columns of one resource: what each is called in the source, how it is read, and which of them are used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from datetime import time as midnight
from typing import Any

from substrate.expressions.types import FieldPath, Operand, Type
from substrate.mapping import Reader
from substrate.mappings.fault import MappingFault
from substrate.mappings.readings import reading_of, zoned
from substrate.mappings.spec import Column, Kind, Reading
from substrate.mappings.texts import text_reading
from substrate.mappings.times import clock_reading, day_of, time_of_day
from substrate.quality import Reason, RowRefused

Payload = dict[str, Any]
Value = Callable[[Payload, Reader], Any]
"""From a raw row to one value of ours; raises RowRefused, naming the column, never its value."""

TYPES: dict[Kind, Type] = {
    "text": Type.STRING,
    "number": Type.DOUBLE,
    "integer": Type.INT,
    "yesno": Type.BOOL,
    "instant": Type.TIMESTAMP,
    "date": Type.TIMESTAMP,
}
_OF_READING = frozenset(Reading.model_fields)


@dataclass
class Columns:
    """What a resource says of its columns.

    Attributes:
        declared: by the name that the mapping file uses.
        blank: texts that stand for no value in all of them.
        zone: of times that name none; None: the source says.
        sparse: rows may lack any of them.
        used: the columns of the source that anything reads, by their name there.
    """

    declared: Mapping[str, Column]
    blank: tuple[str, ...]
    zone: str | None
    sparse: bool
    used: set[str] = field(default_factory=set)

    def source_name(self, name: str) -> str:
        """What the source calls a column."""
        declared = self.declared.get(name)
        return name if declared is None or declared.from_ is None else declared.from_

    def kind(self, name: str) -> Kind | None:
        """What a column is declared to be."""
        declared = self.declared.get(name)
        return None if declared is None else declared.as_

    def reading(self, name: str, own: Reading | None = None) -> Reading:
        """How a column is read: as declared, unless the place that uses it says otherwise."""
        said: dict[str, Any] = {}
        for each in (self.declared.get(name), own):
            if each is not None:
                said |= {key: getattr(each, key) for key in each.model_fields_set & _OF_READING}
        whole = {"blank": (*self.blank, *said.get("blank", ())), "zone": said.get("zone") or self.zone}
        return Reading.model_construct(_fields_set=set(said), **{**_DEFAULTS, **said, **whole})

    def raw(self, name: str, *, optional: bool = False) -> Callable[[Payload], Any]:
        """What takes a column's raw value from a row."""
        self.used.add(self.source_name(name))
        return _getter(self.source_name(name), lenient=optional or self.sparse or self.reading(name).optional)

    def text(self, name: str) -> Value:
        """A column as text, whatever it is declared to be: for keys and names."""
        raw, read = self.raw(name), text_reading(self.source_name(name), self.reading(name).blank)
        return lambda payload, reader: read(raw(payload), reader)

    def value(self, name: str, kind: Kind, place: str, own: Reading | None = None) -> Value:
        """A column as what it is read as.

        Raises:
            MappingFault: the file contradicts itself.
        """
        reading = self.reading(name, own)
        if kind == "instant" and (reading.time is not None or reading.at is not None):
            return self._in_two(name, reading, place)
        raw, read = self.raw(name, optional=reading.optional), reading_of(reading, kind, self.source_name(name), place)
        return lambda payload, reader: read(raw(payload), reader)

    def _in_two(self, name: str, reading: Reading, place: str) -> Value:
        """A date whose time of day stands in another column, or is the same for all."""
        what, times = self.source_name(name), zoned(reading.zone, f"{place}.zone")
        raw, day = (
            self.raw(name, optional=reading.optional),
            day_of(self.source_name(name), reading.blank, reading.format),
        )
        clock = self._clock(reading, place)

        def read(payload: Payload, reader: Reader) -> int | None:
            date, after = day(raw(payload), reader), clock(payload, reader)
            if date is None or after is None:
                return None
            return (times or reader).local(datetime.combine(date, midnight()) + after, f"column {what}")

        return read

    def _clock(self, reading: Reading, place: str) -> Value:
        if reading.time is not None:
            raw, read = self.raw(reading.time), clock_reading(self.source_name(reading.time), reading.blank)
            return lambda payload, reader: read(raw(payload), reader)
        try:
            fixed = time_of_day(reading.at or "", "at")
        except RowRefused:
            raise MappingFault(f"{place}.at", f"{reading.at!r} is no time of day", "Write it as 23:59.") from None
        return lambda _payload, _reader: fixed

    def resolve(self, path: FieldPath) -> Operand:
        """A column in an expression; text, unless `columns` declares it as something else."""
        return Operand(path, TYPES[self.kind(".".join(path)) or "text"])

    def names(self) -> Iterable[str]:
        """The declared columns, for suggestions."""
        return self.declared


_DEFAULTS = {name: described.get_default() for name, described in Reading.model_fields.items()}


def _getter(name: str, *, lenient: bool) -> Callable[[Payload], Any]:
    if "." in name:
        path = name.split(".")
        return lambda payload: payload[name] if name in payload else _inner(payload, path, lenient=lenient)
    if lenient:
        return lambda payload: payload.get(name)

    def get(payload: Payload) -> Any:
        try:
            return payload[name]
        except KeyError:
            raise RowRefused(Reason.BAD_COLUMNS, f"the row has no column {name}") from None

    return get


def _inner(value: Any, path: list[str], *, lenient: bool) -> Any:
    """A value inside an object or a list; nothing is in what is blank itself."""
    for part in path:
        if not value and not isinstance(value, dict):
            return None
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        elif lenient:
            return None
        else:
            raise RowRefused(Reason.BAD_COLUMNS, f"the row has no column {'.'.join(path)}")
    return value
