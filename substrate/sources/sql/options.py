"""What a deployer says of a database: where it is, and how patiently it is read."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from substrate.database import masked_url
from substrate.errors import ConfigurationError
from substrate.relations import TableOptions
from substrate.sources.source import PAGE_ROWS


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


def address(text: str) -> SqlOptions:
    """The options of a database of which only the address is known.

    Raises:
        ConfigurationError: it is none.
    """
    try:
        return SqlOptions(url=SecretStr(text))
    except ValidationError as error:
        wrong = error.errors(include_input=False)[0]["msg"].removeprefix("Value error, ")
        raise ConfigurationError("--url is no database address", hint=wrong) from None
