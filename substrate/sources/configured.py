"""The sources that a deployer lists in `sources.yaml`, and how a line of it becomes a source.

Secrets are not written into the file: a value `env:NAME` is taken from the environment when the source is opened.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from substrate.catalog import Vertical
from substrate.clock import MINUTE, parse_duration
from substrate.errors import ConfigurationError
from substrate.mappings.choice import is_path, mapping_file
from substrate.mappings.mapping_file import MappingFile
from substrate.sources.dcsa import DcsaOptions, DcsaSource
from substrate.sources.edfi.interchange import EdfiXmlOptions, opened_interchange
from substrate.sources.edfi.ods import EdfiOptions, EdfiSource
from substrate.sources.epcis_query import EpcisOptions, EpcisSource
from substrate.sources.fhir import FhirOptions, FhirSource
from substrate.sources.folder import FolderOptions, FolderSource
from substrate.sources.frappe import FrappeOptions, FrappeSource
from substrate.sources.ignored import Ignored
from substrate.sources.odoo import OdooOptions, OdooSource
from substrate.sources.oneroster.drop import OneRosterCsvOptions, OneRosterCsvSource
from substrate.sources.oneroster.rest import OneRosterOptions, OneRosterSource
from substrate.sources.push import PushedSource, PushOptions
from substrate.sources.source import Source
from substrate.sources.sql.options import SqlOptions, address
from substrate.sources.sql.source import SqlSource

_FROM_ENVIRONMENT = "env:"


class ConfiguredSource(Source, Protocol):
    """A source of sources.yaml: it also says what it left aside."""

    @property
    def ignored(self) -> list[Ignored]:
        """What the last read left, and why."""


Open = Callable[[str, Any], AbstractContextManager[ConfiguredSource]]


@contextmanager
def _folder(name: str, options: FolderOptions) -> Iterator[FolderSource]:
    yield FolderSource(name, options)


@contextmanager
def _oneroster_csv(name: str, options: OneRosterCsvOptions) -> Iterator[OneRosterCsvSource]:
    yield OneRosterCsvSource(name, options)


_OPENERS: dict[str, Open] = {
    "folder": _folder,
    "fhir": FhirSource,
    "frappe": FrappeSource,
    "odoo": OdooSource,
    "epcis": EpcisSource,
    "dcsa": DcsaSource,
    "oneroster": OneRosterSource,
    "oneroster_csv": _oneroster_csv,
    "edfi": EdfiSource,
    "edfi_xml": opened_interchange,
    "sql": SqlSource,
}
"""How each kind of place is opened, from the source's name and its options. The options have `kinds`, `order` and
`place`."""

_POLLED = tuple(_OPENERS)


class SourceEntry(BaseModel):
    """One source of `sources.yaml`: a name, whose records it gives, and where they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=120, description="Part of every record's id; never change it.")
    vertical: str = Field(description="Whose records it gives.")
    zone: str | None = Field(None, description="IANA zone of times without one; unset: such rows are refused.")
    every: str = Field("15m", description="How often the batch work reads it.")
    mapping: str | None = Field(
        None, description="How its rows become records: a name that the vertical knows, or a mapping file."
    )
    folder: FolderOptions | None = Field(None, description="A folder of files.")
    fhir: FhirOptions | None = Field(None, description="A FHIR R4 server.")
    frappe: FrappeOptions | None = Field(None, description="A Frappe site: ERPNext, Frappe Health, Frappe Education.")
    odoo: OdooOptions | None = Field(None, description="An Odoo server.")
    epcis: EpcisOptions | None = Field(None, description="An EPCIS 2.0 repository.")
    dcsa: DcsaOptions | None = Field(None, description="An ocean carrier's DCSA Track & Trace interface.")
    oneroster: OneRosterOptions | None = Field(None, description="A OneRoster server.")
    oneroster_csv: OneRosterCsvOptions | None = Field(None, description="A folder of OneRoster exports.")
    edfi: EdfiOptions | None = Field(None, description="An Ed-Fi ODS/API.")
    edfi_xml: EdfiXmlOptions | None = Field(None, description="A folder of Ed-Fi interchange files.")
    sql: SqlOptions | None = Field(None, description="A SQL database.")
    push: PushOptions | None = Field(None, description="What is pushed to us, alone or beside a poll of the same.")

    @field_validator("every")
    @classmethod
    def _not_too_often(cls, text: str) -> str:
        try:
            if parse_duration(text) >= MINUTE:
                return text
        except ConfigurationError as error:
            raise ValueError(error.message) from None
        raise ValueError("a source is read once a minute at most; what must be faster is pushed")

    @model_validator(mode="after")
    def _one_place(self) -> SourceEntry:
        given = [kind for kind in _POLLED if getattr(self, kind) is not None]
        if len(given) > 1:
            raise ValueError(f"write one of {_either(given)}, not several")
        if not given and self.push is None:
            raise ValueError(f"write one of {_either(_POLLED)}, or `push`")
        return self

    @property
    def is_polled(self) -> bool:
        """Whether there is anything to read; a source that is only pushed comes by itself."""
        return self.polled is not None

    @property
    def polled(self) -> str | None:
        """The kind of place that is read: `folder`, `fhir` …; None: it is only pushed."""
        return next((kind for kind in _POLLED if getattr(self, kind) is not None), None)

    @property
    def place(self) -> str:
        """Where its records are, without secrets; empty where it is only pushed."""
        return str(getattr(self, self.polled).place) if self.polled else ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sources: tuple[SourceEntry, ...] = ()


def load_sources(path: Path) -> tuple[SourceEntry, ...]:
    """The sources that a file lists; none if there is no file.

    Raises:
        ConfigurationError: the file is no YAML, or an entry of it is wrong.
    """
    if not path.exists():
        return ()
    try:
        found = _File.model_validate(_expanded(yaml.safe_load(path.read_text("utf-8")) or {}, path))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        raise ConfigurationError(f"{path} is not YAML{line}", hint="See docs/sources.md for an example.") from None
    except ValidationError as error:
        wrong = error.errors(include_input=False)[0]
        place = ".".join(str(part) for part in wrong["loc"])
        hint = "See docs/sources.md for every option."
        raise ConfigurationError(f"{path}: {place}: {wrong['msg']}", hint=hint) from None
    _unique(found.sources, path)
    return tuple(_beside(entry, path.parent) for entry in found.sources)


def sql_entry(vertical: str, url: str, mapping: str | None = None) -> SourceEntry:
    """The source behind `--url ADDRESS`: a database that is looked at, or on which a mapping file is tried.

    Raises:
        ConfigurationError: the address is none.
    """
    return SourceEntry(name=vertical, vertical=vertical, sql=address(url), mapping=mapping)


def folder_entry(
    vertical: str, path: Path, *, name: str | None = None, bulk: bool = False, mapping: str | None = None
) -> SourceEntry:
    """The source behind `--from FOLDER`: named after the vertical, so that tomorrow's folder continues today's."""
    options = FolderOptions(path=path, mode="bulk" if bulk else "delta")
    return SourceEntry(name=name or vertical, vertical=vertical, folder=options, mapping=mapping)


@contextmanager
def opened(entry: SourceEntry, vertical: Vertical) -> Iterator[ConfiguredSource]:
    """The source of an entry, reading what the vertical can read, in the order in which it likes to; closed after.

    Args:
        entry: the source.
        vertical: whose records it gives, as `speaking` made it for the entry.
    """
    if entry.polled is None:
        yield PushedSource(entry.name)
        return
    options = getattr(entry, entry.polled)
    file = mapping_of(vertical, entry)
    if isinstance(options, SqlOptions) and file is not None:
        options = options.completed({name: table.sql for name, table in file.tables.items()})
    resources = tuple(mapper.resource for mapper in vertical.mappers)
    with _OPENERS[entry.polled](entry.name, _limited(options, resources)) as source:
        yield source


def speaking(vertical: Vertical, entry: SourceEntry) -> Vertical:
    """The vertical with the mappers that understand a source: those that it names, else those of its kind.

    Raises:
        ConfigurationError: the vertical knows no such mapping.
    """
    file = mapping_of(vertical, entry)
    if file is not None:
        return file.spoken_by(vertical)
    spoken = entry.polled or (entry.push.language if entry.push else "")
    chosen = vertical.dialects.get(entry.mapping or spoken)
    return vertical if chosen is None else replace(vertical, mappers=chosen)


def mapping_of(vertical: Vertical, entry: SourceEntry) -> MappingFile | None:
    """The mapping file that a source names; None: it names none, or a dialect.

    Raises:
        ConfigurationError: there is no such mapping, or the file does not fit the vertical.
    """
    if entry.mapping is None or entry.mapping in vertical.dialects:
        return None
    return mapping_file(vertical, entry.mapping)


def configured_source(path: Path, name: str) -> SourceEntry | None:
    """The source of a name, if a file lists it.

    Raises:
        ConfigurationError: the file is no YAML, or an entry of it is wrong.
    """
    return next((entry for entry in load_sources(path) if entry.name == name), None)


def pushed_sources(path: Path) -> dict[str, SourceEntry]:
    """The sources that a file says may be pushed, by name.

    Raises:
        ConfigurationError: the file is no YAML, or an entry of it is wrong.
    """
    return {entry.name: entry for entry in load_sources(path) if entry.push is not None}


def _beside(entry: SourceEntry, folder: Path) -> SourceEntry:
    """The entry with a mapping file's path, which is written from the folder of sources.yaml, made whole."""
    if entry.mapping is None or not is_path(entry.mapping):
        return entry
    return entry.model_copy(update={"mapping": str(folder / entry.mapping)})


def environment(text: str, place: str = "the command") -> str:
    """A text, or what the environment holds where the text is `env:NAME`.

    Raises:
        ConfigurationError: the environment has no such name.
    """
    if not text.startswith(_FROM_ENVIRONMENT):
        return text
    name = text.removeprefix(_FROM_ENVIRONMENT)
    if name not in os.environ:
        raise ConfigurationError(f"{place} asks for the environment's {name}, which is not set")
    return os.environ[name]


def _limited(options: Any, resources: tuple[str, ...]) -> Any:
    return options.model_copy(update={"kinds": options.kinds or resources, "order": options.order or resources})


def _either(kinds: Sequence[str]) -> str:
    named = [f"`{kind}`" for kind in kinds]
    return " and ".join([", ".join(named[:-1]), named[-1]]) if named[1:] else named[0]


def _expanded(value: Any, path: Path) -> Any:
    if isinstance(value, dict):
        return {key: _expanded(inner, path) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expanded(inner, path) for inner in value]
    if isinstance(value, str):
        return environment(value, str(path))
    return value


def _unique(entries: tuple[SourceEntry, ...], path: Path) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.name in seen:
            raise ConfigurationError(f"{path} names two sources {entry.name!r}", hint="Give one of them another name.")
        seen.add(entry.name)
