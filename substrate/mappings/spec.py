"""What a mapping file may say: its keys, and what each means."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Kind = Literal["text", "number", "integer", "yesno", "instant", "date"]
Plain = str | int | float | bool | None
_SOURCES = ("from_", "expr", "text", "value", "key", "alias")


class Part(BaseModel):
    """What all parts of a mapping file have in common: nothing unknown, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Reading(Part):
    """How the raw value of a column is understood."""

    as_: Kind | None = Field(None, alias="as", description="What it is; default: what the record's column holds.")
    format: tuple[str, ...] = Field((), description="How dates are written, such as `%d-%b-%y`; the first that fits.")
    zone: str | None = Field(None, description="IANA zone of times that name none; default: the file's.")
    epoch: Literal["s", "ms", "us"] | None = Field(None, description="Times are numbers since 1970 in UTC.")
    time: str | None = Field(None, description="The column with the time of day, such as 930 or 09:30.")
    at: str | None = Field(None, description="The time of day of dates that have none, such as 23:59.")
    decimal: Literal[".", ","] = Field(".", description="What stands before the fraction of a number.")
    thousands: str | None = Field(None, min_length=1, max_length=1, description="What stands between groups of three.")
    yes: tuple[str, ...] = Field((), description="Texts that mean yes; default: true, t, yes, y, 1.")
    no: tuple[str, ...] = Field((), description="Texts that mean no; default: false, f, no, n, 0.")
    blank: tuple[str, ...] = Field((), description="Texts that stand for no value, beside those of the file.")
    codes: dict[str, Plain] = Field({}, description="Our value for each code.")
    otherwise: Literal["refuse", "discard", "keep"] = Field(
        "refuse", description="A code that is not listed, or a value that cannot be read: refuse the row, discard the "
        "value, or (codes only) keep the code as it is.",
    )  # fmt: skip
    optional: bool = Field(False, description="Rows may lack the column.")

    @field_validator("format", "yes", "no", "blank", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        many = [value] if isinstance(value, str | int | float | bool) else value
        return [_text(each) for each in many] if isinstance(many, list) else many


class Column(Reading):
    """A column of the source: what it is called there, and how it is read."""

    from_: str | None = Field(None, alias="from", description="Its name in the source, where ours differs.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"as": value} if isinstance(value, str) else value


class FieldSpec(Reading):
    """Where the value of a record's column comes from; a mere text is the name of a column."""

    from_: str | None = Field(None, alias="from", description="A column of the source.")
    expr: str | None = Field(None, description="An expression over columns.")
    text: str | None = Field(None, description="A text with columns in braces: `{first} {last}`.")
    value: Plain = Field(None, description="The same for every row.")
    key: str | None = Field(None, description="Of a reference: the key of the other record, as `{customer}`.")
    alias: str | None = Field(None, description="Of a reference: another name of the other record.")
    reference: str | None = Field(None, description="Of a reference: the kind of the other record.")
    sensitivity: Literal["PUBLIC", "INTERNAL", "PII", "PHI"] | None = Field(
        None, description="What the source's values are; the record's column must be guarded at least as well."
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_source(self) -> FieldSpec:
        given = [name.rstrip("_") for name in _SOURCES if name in self.model_fields_set]
        if len(given) != 1:
            wanted = ", ".join(f"`{name.rstrip('_')}`" for name in _SOURCES)
            raise ValueError(f"write one of {wanted}, not {' and '.join(given) or 'none'}")
        return self


class RecordSpec(Part):
    """A record that a row describes."""

    record: str = Field(description="The kind of record of the vertical.")
    key: str = Field(description="Its key in the source: a column, or a text such as `{order}/{line}`.")
    changed: FieldSpec | None = Field(None, description="When the source last changed it.")
    site: str | None = Field(None, description="The site that it belongs to: a column, or a text with columns.")
    aliases: tuple[str, ...] = Field((), description="Other names by which the source refers to it.")
    where: str | None = Field(None, description="Rows for which this is false are none of ours.")
    fields: dict[str, FieldSpec] = Field(description="Where each of its columns comes from.")


class Resource(RecordSpec):
    """A table, file or document type of the source."""

    columns: dict[str, Column] = Field({}, description="Columns that are not plain text, or that need another name.")
    deleted: str | None = Field(None, description="Rows for which this is true say that the record is gone.")
    sparse: bool = Field(False, description="Rows may lack columns, which are then blank.")
    also: tuple[RecordSpec, ...] = Field((), description="Records that the same row tells of beside.")
    sql: dict[str, Any] = Field(
        {}, description="Where its rows are in a SQL database, where not in a table of its name."
    )


class MappingSpec(Part):
    """A mapping file."""

    mapping: str = Field(min_length=1, max_length=80, description="Its name.")
    vertical: str = Field(description="Whose records it makes.")
    zone: str | None = Field(None, description="IANA zone of times that name none; default: the source's.")
    blank: tuple[str, ...] = Field((), description="Texts that stand for no value in every column.")
    resources: dict[str, Resource] = Field(min_length=1, description="By what the source calls them.")

    @field_validator("blank", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        return [_text(each) for each in value] if isinstance(value, list) else value


def _text(value: Any) -> Any:
    """A text as it stands in the file, where YAML took it for something else."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value
