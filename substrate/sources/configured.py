"""The sources that a deployer lists in `sources.yaml`, and how a line of it becomes a source.

Secrets are not written into the file: a value `env:NAME` is taken from the environment when the source is opened.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from substrate.catalog import Vertical
from substrate.clock import MINUTE, parse_duration
from substrate.errors import ConfigurationError
from substrate.sources.fhir import FhirOptions, FhirSource
from substrate.sources.folder import FolderOptions, FolderSource
from substrate.sources.push import PushedSource, PushOptions

_Options = TypeVar("_Options", FolderOptions, FhirOptions)
_FROM_ENVIRONMENT = "env:"


class SourceEntry(BaseModel):
    """One source of `sources.yaml`: a name, whose records it gives, and where they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=120, description="Part of every record's id; never change it.")
    vertical: str = Field(description="Whose records it gives.")
    zone: str | None = Field(None, description="IANA zone of times without one; unset: such rows are refused.")
    every: str = Field("15m", description="How often the batch work reads it.")
    folder: FolderOptions | None = Field(None, description="A folder of files.")
    fhir: FhirOptions | None = Field(None, description="A FHIR R4 server.")
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
        if self.folder is not None and self.fhir is not None:
            raise ValueError("write one of `folder` and `fhir`, not both")
        if not self.is_polled and self.push is None:
            raise ValueError("write one of `folder` and `fhir`, or `push`")
        return self

    @property
    def is_polled(self) -> bool:
        """Whether there is anything to read; a source that is only pushed comes by itself."""
        return self.folder is not None or self.fhir is not None


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
    return found.sources


def folder_entry(vertical: str, path: Path, *, name: str | None = None, bulk: bool = False) -> SourceEntry:
    """The source behind `--from FOLDER`: named after the vertical, so that tomorrow's folder continues today's."""
    options = FolderOptions(path=path, mode="bulk" if bulk else "delta")
    return SourceEntry(name=name or vertical, vertical=vertical, folder=options)


@contextmanager
def opened(entry: SourceEntry, vertical: Vertical) -> Iterator[FolderSource | FhirSource | PushedSource]:
    """The source of an entry, reading what the vertical can read, in the order in which it likes to; closed after."""
    resources = tuple(mapper.resource for mapper in vertical.mappers)
    if entry.folder is not None:
        yield FolderSource(entry.name, _limited(entry.folder, resources))
    elif entry.fhir is not None:
        with FhirSource(entry.name, _limited(entry.fhir, resources)) as source:
            yield source
    else:
        yield PushedSource(entry.name)


def pushed_sources(path: Path) -> dict[str, SourceEntry]:
    """The sources that a file says may be pushed, by name.

    Raises:
        ConfigurationError: the file is no YAML, or an entry of it is wrong.
    """
    return {entry.name: entry for entry in load_sources(path) if entry.push is not None}


def _limited(options: _Options, resources: tuple[str, ...]) -> _Options:
    return options.model_copy(update={"kinds": options.kinds or resources, "order": options.order or resources})


def _expanded(value: Any, path: Path) -> Any:
    if isinstance(value, dict):
        return {key: _expanded(inner, path) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expanded(inner, path) for inner in value]
    if isinstance(value, str) and value.startswith(_FROM_ENVIRONMENT):
        name = value.removeprefix(_FROM_ENVIRONMENT)
        if name not in os.environ:
            raise ConfigurationError(f"{path} asks for the environment's {name}, which is not set")
        return os.environ[name]
    return value


def _unique(entries: tuple[SourceEntry, ...], path: Path) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.name in seen:
            raise ConfigurationError(f"{path} names two sources {entry.name!r}", hint="Give one of them another name.")
        seen.add(entry.name)
