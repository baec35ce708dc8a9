"""A table or query of somebody else's database: which rows it has, what names them, how changes and deletions show."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

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
