"""Which values in the records are personal, so that they can be masked wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import Column, Connection, String, select
from sqlmodel import AutoString

from rag.folding import bare
from rag.redaction import Known, is_unspaced
from rag.words import STOP
from substrate.catalog import Vertical
from substrate.clock import from_micros
from substrate.columns import Meaning, Sensitivity, meaning_of
from substrate.idset import among
from substrate.records import Record, references, table_of

Entity = tuple[str, int]

_MOST = 500
"""Records around one entity that are read, the newest first."""

_KINDS = (
    ("name", ("name", "family", "given", "surname")),
    ("email", ("mail",)),
    ("phone", ("phone", "mobile", "fax", "telecom", "sms")),
    ("address", ("address", "street", "city", "postal", "zip")),
    ("date of birth", ("birth",)),
)
_TOKEN = re.compile(r"[^\W_]{3,}")


def around(connection: Connection, vertical: Vertical, entities: Iterable[Entity]) -> list[Known]:
    """The personal values of some records, of those that refer to them, and of those that any of these refer to."""
    read: dict[str, set[int]] = {}
    for kind, number in entities:
        if kind in vertical.kinds:
            read.setdefault(kind, set()).add(number)
    begun = {kind: set(ids) for kind, ids in read.items()}
    for record in vertical.records:
        _add(read, record.kind, _referring(connection, record, begun))
    for kind, ids in [(kind, set(ids)) for kind, ids in read.items()]:
        for target, found in _referred(connection, vertical.kinds[kind], ids):
            _add(read, target, found)
    parts = (_values(connection, vertical.kinds[kind], ids) for kind, ids in read.items() if kind in vertical.kinds)
    return list(dict.fromkeys(known for part in parts for known in part))


def named(connection: Connection, vertical: Vertical, text: str) -> list[Known]:
    """The names among a vertical's records of which a word stands in a text, whoever bears them.

    Reads every name once; it is for texts that leave the machine, which takes longer anyhow.
    """
    plain = bare(text)
    said = {word for word in _TOKEN.findall(plain) if word not in STOP}
    found = []
    for record in vertical.records:
        for declared in _personal(record, {"name"}):
            names = connection.execute(select(declared).distinct()).scalars()
            found += [
                Known("name", word) for name in names if isinstance(name, str) for word in _said(name, said, plain)
            ]
    return list(dict.fromkeys(found))


def _said(name: str, said: set[str], text: str) -> Iterator[str]:
    if is_unspaced(name):
        yield from (part for part in {name, *name.split()} if len(part) > 1 and bare(part) in text)
        return
    for word in _TOKEN.findall(bare(name)):
        for written in {word, word.rstrip("0123456789")}:
            if written in said:
                yield written


def _referring(connection: Connection, record: type[Record], begun: dict[str, set[int]]) -> set[int]:
    """The records of one kind that refer to what was asked for."""
    table, found = table_of(record), set()
    for name, kind in references(record).items():
        if begun.get(kind):
            statement = select(table.c.id).where(among(table.c[name], begun[kind]))
            found |= set(connection.execute(statement.order_by(table.c.recorded_at.desc()).limit(_MOST)).scalars())
    return found


def _referred(connection: Connection, record: type[Record], ids: set[int]) -> Iterator[tuple[str, set[int]]]:
    """What some records of one kind refer to, by its kind."""
    table, named = table_of(record), references(record)
    if not named or not ids:
        return
    columns = [table.c[name] for name in named]
    rows = connection.execute(select(*columns).where(among(table.c.id, ids))).all()
    for place, kind in enumerate(named.values()):
        yield kind, {row[place] for row in rows if row[place] is not None}


def _values(connection: Connection, record: type[Record], ids: set[int]) -> Iterator[Known]:
    columns = _personal(record)
    if not columns or not ids:
        return
    table = table_of(record)
    for row in connection.execute(select(*columns).where(among(table.c.id, ids))):
        for declared, value in zip(columns, row, strict=True):
            if value is not None:
                yield from _written(kind_of(declared.name), meaning_of(declared), value)


def _personal(record: type[Record], kinds: set[str] | None = None) -> list[Column[object]]:
    """The columns that say who somebody is."""
    return [
        declared
        for declared in table_of(record).columns
        if meaning_of(declared).sensitivity >= Sensitivity.PII
        and _identifies(declared)
        and (kinds is None or kind_of(declared.name) in kinds)
    ]


def _identifies(declared: Column[object]) -> bool:
    """Personal texts and instants do; of what is said of a person's health, only what is written as a name.

    A diagnosis names nobody: it is withheld with the whole passage, and never masked word by word.
    """
    meaning = meaning_of(declared)
    if meaning.sensitivity > Sensitivity.PII:
        return isinstance(declared.type, AutoString | String) and kind_of(declared.name) in {kind for kind, _ in _KINDS}
    return isinstance(declared.type, AutoString | String) or (
        meaning.instant and kind_of(declared.name) == "date of birth"
    )


def kind_of(column: str) -> str:
    """What stands in the place of a column's values: `name`, `phone`, or `number` for whatever else names somebody."""
    return next((kind for kind, words in _KINDS if any(word in column for word in words)), "number")


def _written(kind: str, meaning: Meaning, value: object) -> Iterator[Known]:
    if isinstance(value, str):
        yield Known(kind, value)
    elif meaning.instant and isinstance(value, int):
        yield from (Known(kind, text) for text in _dates(from_micros(value)))


def _dates(moment: datetime) -> Iterator[str]:
    """A date in the ways in which people write it."""
    day, month = str(moment.day), moment.strftime("%B")
    for pattern in ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y%m%d"):
        yield moment.strftime(pattern)
    for name in (month, month[:3]):
        yield from (f"{day} {name} {moment.year}", f"{name} {day} {moment.year}", f"{name} {day}, {moment.year}")


def _add(read: dict[str, set[int]], kind: str, ids: set[int]) -> None:
    if ids:
        read.setdefault(kind, set()).update(ids)
