"""Where the rows of a resource are, if its source is a SQL database: what the mapping file says, else what follows."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError

from substrate.mappings.columns import Columns
from substrate.mappings.fault import MappingFault
from substrate.mappings.spec import Resource
from substrate.mappings.templates import split
from substrate.relations import TableOptions


def sql_table(name: str, resource: Resource, columns: Columns) -> TableOptions:
    """The table or query behind a resource.

    It is the table of the resource's name, whose key columns are those in `key`, and which is known to change by the
    column of `changed`, unless the file says otherwise under `sql`.

    Raises:
        MappingFault: what it says there contradicts itself.
    """
    place = f"resources.{name}.sql"
    said = dict(resource.sql)
    if not {"table", "query"}.intersection(said):
        said["table"] = name
    keys = [columns.source_name(piece) for piece, is_column in split(resource.key, place) if is_column]
    follows = {"key": keys, "changed": _changed(resource, columns), "columns": sorted(_roots(columns.used))}
    try:
        return TableOptions.model_validate({**follows, **said})
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]
        inner = ".".join([place, *map(str, wrong["loc"])])
        hint = "docs/sources.md tells what a table of a SQL source may say."
        raise MappingFault(inner, wrong["msg"].removeprefix("Value error, "), hint) from None


def _changed(resource: Resource, columns: Columns) -> list[str]:
    """The column by which a database can tell what is new: one whose own order is that of time."""
    said = resource.changed
    if said is None or said.from_ is None:
        return []
    reading = columns.reading(said.from_, said)
    sorts = not (reading.format or reading.time or reading.at)
    return [columns.source_name(said.from_)] if sorts else []


def _roots(names: Iterable[str]) -> set[str]:
    """The columns that hold `address.city` and the like."""
    return {name.partition(".")[0] for name in names}
