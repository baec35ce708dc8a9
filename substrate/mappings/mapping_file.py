"""A mapping file as a whole: read, checked against its vertical, and turned into mappers; errors name the place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from substrate.catalog import Vertical
from substrate.errors import ConfigurationError
from substrate.expressions.errors import did_you_mean
from substrate.mapping import Mapper
from substrate.mappings import strict_yaml
from substrate.mappings.fault import MappingFault
from substrate.mappings.readings import zoned
from substrate.mappings.rows import Table, table_of_resource
from substrate.mappings.spec import Column, FieldSpec, MappingSpec, RecordSpec, Resource

_EDITION = "1"
"""Raised when the same file comes to mean something else, so that what was read with it is read again."""

_HINT = "docs/mapping.md says what each key means, with an example."
_KEYS = sorted({
    described.alias or name
    for part in (MappingSpec, Resource, RecordSpec, FieldSpec, Column)
    for name, described in part.model_fields.items()
})  # fmt: skip


class MappingError(ConfigurationError):
    """A mapping file cannot be read, or does not fit its vertical."""


@dataclass(frozen=True)
class MappingFile:
    """A mapping file that fits its vertical.

    Attributes:
        name: its own.
        file: where it stands, for messages.
        tables: what it says of each resource, by the resource's name.
    """

    name: str
    file: str
    tables: dict[str, Table]

    @property
    def mappers(self) -> tuple[Mapper, ...]:
        """What reads the rows of its resources, in the order of the file."""
        return tuple(table.mapper for table in self.tables.values())

    def spoken_by(self, vertical: Vertical) -> Vertical:
        """The vertical, understanding sources as this file says."""
        return replace(vertical, mappers=self.mappers)


def read_mapping(text: str, file: str, vertical: Vertical) -> MappingFile:
    """A mapping file from its text.

    Raises:
        MappingError: it is none, or does not fit the vertical; names the place, the value and the next step.
    """
    spec = read_spec(text, file)
    if spec.vertical != vertical.name:
        hint = f"Use it for {spec.vertical}, or correct the file."
        raise MappingError(f"{file}: vertical: it is for {spec.vertical!r}, not for {vertical.name!r}", hint=hint)
    version = int.from_bytes(sha256(f"{_EDITION}\n{text}".encode()).digest()[:6], "big")
    try:
        zoned(spec.zone, "zone")
        tables = {name: table_of_resource(vertical, spec, name, version) for name in spec.resources}
    except MappingFault as fault:
        raise MappingError(f"{file}: {fault.place}: {fault.problem}", hint=fault.hint or _HINT) from None
    return MappingFile(spec.mapping, file, tables)


def read_spec(text: str, file: str) -> MappingSpec:
    """What a mapping file says, before it is held against its vertical.

    Raises:
        MappingError: it is no mapping file.
    """
    try:
        raw = strict_yaml.load(text)
    except ValueError as error:
        raise MappingError(f"{file}: {error}", hint=_HINT) from None
    if not isinstance(raw, dict):
        raise MappingError(f"{file}: it is no mapping file", hint=_HINT)
    try:
        return MappingSpec.model_validate(raw)
    except ValidationError as error:
        faults = "\n".join(f"{file}: {_said(fault)}" for fault in error.errors(include_url=False))
        raise MappingError(faults, hint=_HINT) from None


def _said(fault: ErrorDetails) -> str:
    place = ".".join(map(str, fault["loc"])) or "the file"
    if fault["type"] == "extra_forbidden":
        return f"{place}: there is no such key" + _near(str(fault["loc"][-1]), _KEYS)
    if fault["type"] == "missing":
        return f"{place}: is missing"
    value = fault["input"]
    shown = "" if isinstance(value, dict | list) else f" ({value!r})"
    return f"{place}: {fault['msg'].removeprefix('Value error, ')}{shown}"


def _near(word: str, known: Iterable[str]) -> str:
    near = did_you_mean(word, known)
    return f"; {near}" if near else ""
