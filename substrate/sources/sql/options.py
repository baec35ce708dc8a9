"""What a deployer says of a database: where it is, and which of its tables or queries are read as which resource."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator, model_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from substrate.database import masked_url
from substrate.sources.source import PAGE_ROWS

_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Columns = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
"""One column or several: `id`, `[company, number]`."""


class Relation(BaseModel):
    """A table or view by its name, or a query in its place."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str | None = Field(None, description="A table or view, `schema.table` where it needs a schema.")
    query: str | None = Field(None, description="One SELECT in its place, without a semicolon.")
    key: Columns = Field(("id",), min_length=1, description="The column or columns that name a row.")
    changed: Columns = Field(
        (),
        description="When a row last changed: a time, or a number that grows across all rows; several: the first set.",
    )

    @field_validator("query")
    @classmethod
    def _is_one_select(cls, text: str | None) -> str | None:
        if text is None:
            return None
        bare = _COMMENTS.sub(" ", text).strip().rstrip(";").strip()
        if not re.match(r"(select|with)\b", bare, re.IGNORECASE):
            raise ValueError("a query begins with SELECT or WITH; a source is only ever read")
        return text.strip().rstrip(";").rstrip()

    @model_validator(mode="after")
    def _one_of_both(self) -> Relation:
        if (self.table is None) == (self.query is None):
            raise ValueError("write `table` or `query`, one of them")
        return self

    @property
    def title(self) -> str:
        """How it is called in messages: the table's name, or `a query`."""
        return self.table or "a query"


class Deleted(Relation):
    """Where the keys of deleted rows are written down."""


class TableOptions(Relation):
    """One resource: which rows it has, what names them, and how changes and deletions show."""

    columns: Columns = Field((), description="The columns to read; none: those that the mapping uses, else all.")
    deleted: Deleted | None = Field(None, description="Where the database notes the keys of rows that it deletes.")

    def over(self, other: TableOptions | None) -> TableOptions:
        """What is said here, and of the rest what the other says."""
        rest = {} if other is None else other.model_dump(exclude_unset=True, exclude={"table", "query"})
        return TableOptions.model_validate({**rest, **self.model_dump(exclude_unset=True)})


class SqlOptions(BaseModel):
    """How to read a database. Every option but `url` has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: SecretStr = Field(description="The database's SQLAlchemy address; `env:NAME` keeps it out of the file.")
    tables: dict[str, TableOptions] = Field({}, description="What is read, by resource; the mapping may say it too.")
    kinds: tuple[str, ...] | None = Field(None, description="Read only these resources; None: all.")
    order: tuple[str, ...] = Field((), description="Resources to read first, parents before children.")
    zone: str = Field("UTC", description="IANA zone of `changed` columns that say none.")
    overlap_seconds: float = Field(
        600, ge=0, description="How far a read reaches back before the last one; longer than your longest transaction."
    )
    overlap_versions: int = Field(1_000, ge=0, description="The same where `changed` is a number.")
    sweep_every: int = Field(
        24, ge=0, description="Read all keys every so many reads, to learn which rows are gone; 0: never."
    )
    connect_seconds: int = Field(10, gt=0, description="The longest wait for a connection.")
    statement_seconds: int = Field(300, gt=0, description="The longest that a statement may take.")
    page_rows: int = Field(PAGE_ROWS, gt=0, description="Rows a page; ingest commits once a page.")

    @property
    def place(self) -> str:
        """Where it reads, for people: the address without its password."""
        return masked_url(self.url.get_secret_value())

    def completed(self, known: Mapping[str, TableOptions]) -> SqlOptions:
        """The options with the tables that a mapping file knows; what is said here of a table counts before that."""
        tables = {**known, **{name: own.over(known.get(name)) for name, own in self.tables.items()}}
        return self.model_copy(update={"tables": tables})

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: SecretStr) -> SecretStr:
        try:
            make_url(url.get_secret_value())
        except (ArgumentError, ValueError):
            raise ValueError("no database address; write it as postgresql://user:password@host/database") from None
        return url

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{name!r} is no IANA zone, such as Europe/Berlin") from None
        return name
