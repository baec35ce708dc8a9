"""What somebody else's database looks like: its tables, their keys and references, and what a few rows hold.

Values are looked at to tell types, and shown only where a column holds codes; never where a name sounds personal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import column, func, inspect, literal_column, select, table
from sqlalchemy.engine import Inspector

from substrate.seen_tables import COUNTED, PERSONAL, SeenColumn, SeenTable
from substrate.sources.sql.marks import is_number
from substrate.sources.sql.options import SqlOptions
from substrate.sources.sql.server import SqlServer

_SAMPLE = 200
_CODES = 20
"""More distinct values than these are no codes."""
_LONGEST_CODE = 30

_CODED = re.compile(r"(?:^|_)(?:state|status|type|kind|code|class|category|method|mode|priority|stage|flag|reason)",
                    re.IGNORECASE)  # fmt: skip
_REFERS = re.compile(r"(?:_|[a-z])(?:id|Id|ID)$")
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d$")


def look_at(source: str, options: SqlOptions, schema: str | None = None) -> list[SeenTable]:
    """The tables and views of a database that have rows; it is opened for this, and closed.

    Raises:
        SourceError: the database cannot be read.
    """
    server = SqlServer(source, options)
    try:
        return seen_tables(server, schema)
    finally:
        server.close()


def seen_tables(server: SqlServer, schema: str | None = None) -> list[SeenTable]:
    """The tables and views of a database that have rows.

    Raises:
        SourceError: the database cannot be read.
    """
    with server.explaining():
        seen = inspect(server.engine)
        names = [*seen.get_table_names(schema), *seen.get_view_names(schema)]
        found = [_table(server, seen, name, schema) for name in sorted(names)]
    return [each for each in found if each is not None]


def _table(server: SqlServer, seen: Inspector, name: str, schema: str | None) -> SeenTable | None:
    declared = {each["name"]: str(each["type"]).upper() for each in seen.get_columns(name, schema)}
    place = table(name, *map(column, declared), schema=schema)
    sample = server.rows(select(*place.c).limit(_SAMPLE))
    if not sample:
        return None
    counted = select(literal_column("1")).select_from(place).limit(COUNTED + 1).subquery()
    rows = server.rows(select(func.count()).select_from(counted))[0][0]
    columns = {
        each: _column(each, declared[each], values)
        for each, values in zip(declared, zip(*sample, strict=True), strict=True)
    }
    keys = tuple(seen.get_pk_constraint(name, schema).get("constrained_columns") or ())
    references = {
        each["constrained_columns"][0]: each["referred_table"]
        for each in seen.get_foreign_keys(name, schema)
        if len(each["constrained_columns"]) == 1
    }
    return SeenTable(f"{schema}.{name}" if schema else name, columns, keys, references, rows)


def _column(name: str, declared: str, values: Sequence[Any]) -> SeenColumn:
    held = [value for value in values if value is not None and value != ""]
    form = _form(declared, held)
    return SeenColumn(name, form, 1 - len(held) / len(values), _codes(name, form, held))


def _form(declared: str, held: Sequence[Any]) -> str:
    if not held:
        return "unknown"
    if "BOOL" in declared or all(isinstance(value, bool) for value in held):
        return "yesno"
    if all(isinstance(value, datetime) or _matches(_ISO_TIME, value) for value in held):
        return "instant"
    if all(isinstance(value, date) or _matches(_ISO_DAY, value) for value in held):
        return "date"
    if all(is_number(value) for value in held):
        return "integer" if all(_is_whole(value) for value in held) and "NUM" not in declared else "number"
    return "text"


def _is_whole(value: Any) -> bool:
    return not isinstance(value, float | Decimal)


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.match(value) is not None


def _codes(name: str, form: str, held: Iterable[Any]) -> tuple[str, ...]:
    """The codes of a column whose name says that it holds codes, of which there are few and short ones."""
    if form not in ("text", "integer") or PERSONAL.search(name) or _REFERS.search(name) or not _CODED.search(name):
        return ()
    found = [str(value).strip() for value in held]
    distinct = sorted(set(found))
    few = len(distinct) <= min(_CODES, max(len(found) / 2, 5))
    return tuple(distinct) if few and all(len(each) <= _LONGEST_CODE for each in distinct) else ()
