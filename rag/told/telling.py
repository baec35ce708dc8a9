"""A template on paper: which record it tells of, what it lists beside it, who may read it, and its words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from substrate.clock import parse_duration
from substrate.columns import Sensitivity
from substrate.errors import ConfigurationError, DeclarationError

GUIDE = "docs/copilots.md"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_FENCED = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*\r?\n?(.*)\Z", re.DOTALL | re.MULTILINE)
_SUFFIX = ".md"
MOST = 200

Scalar = str | bool | int | float | None
Choice = Mapping[str, Scalar | tuple[Scalar, ...]]
"""Values by column: one of them; `null` is no value."""


class TellingError(DeclarationError):
    """A template of documents cannot be read, or does not fit the records."""


class During(BaseModel):
    """Only what happened while the record that is told of lasted."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    at: str = Field(description="When the listed record happened: an instant of it.")
    start: str = Field(alias="from", description="From when on: an instant of the record that is told of.")
    end: str | None = Field(None, alias="to", description="Until when; without a value: it lasts.")


class Listed(BaseModel):
    """Records that are listed beside the one that is told of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = Field(description="Their kind.")
    by: str = Field(description="Their reference that leads to the record, or to what `via` leads to.")
    via: str | None = Field(None, description="The record's own reference to what it shares with them; none: itself.")
    order: str = Field("", description="The column that orders them; with a minus before it, the largest first.")
    most: int = Field(20, ge=1, le=MOST, description="How many at most.")
    within: str | None = Field(None, description="Only those within so long of the newest of them: `90d`.")
    only: Choice = Field(default_factory=dict, description="Only those with one of these values.")
    skip: Choice = Field(default_factory=dict, description="None of those with one of these values.")
    replaced_by: str | None = Field(None, description="The reference with which another of them replaces one.")
    during: During | None = Field(None, description="Only those of the time of the record.")

    @field_validator("within")
    @classmethod
    def _a_duration(cls, text: str | None) -> str | None:
        if text is not None:
            _checked_duration(text)
        return text

    @property
    def ordered_by(self) -> str:
        """The column that orders them; empty: none."""
        return self.order.removeprefix("-")


class Telling(BaseModel):
    """The front matter of a template."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entity: str = Field(description="The kind of record that one document tells of.")
    title: str = Field(min_length=1, description="The document's title; a template of one line.")
    kind: str | None = Field(None, description="What the document is; none: the record's kind.")
    site_of: tuple[str, ...] = Field((), description="References to the records whose site it takes, if it has none.")
    roles: frozenset[str] = Field(frozenset(), description="Who may read it; none: any role.")
    only: Choice = Field(default_factory=dict, description="Only records with one of these values.")
    skip: Choice = Field(default_factory=dict, description="No records with one of these values.")
    replaced_when: str | None = Field(None, description="A reference that is set once another record replaces it.")
    replaced_by: str | None = Field(None, description="The reference with which another record replaces it.")
    dated: str | None = Field(None, description="The instant at which it was last changed; none: as the source says.")
    text: str | None = Field(None, description="The column that is the text, as a note's; it follows the template.")
    at_most: str | None = Field(None, description="The sensitivity that the template promises not to exceed.")
    lists: Mapping[str, Listed] = Field(default_factory=dict, description="What it lists, by the name in the template.")

    @field_validator("at_most")
    @classmethod
    def _a_level(cls, text: str | None) -> str | None:
        if text is not None and text.upper() not in Sensitivity.__members__:
            raise ValueError(f"use one of {', '.join(level.lower() for level in Sensitivity.__members__)}")
        return text

    @property
    def promised(self) -> Sensitivity:
        """The highest sensitivity that a document may have."""
        return Sensitivity.PHI if self.at_most is None else Sensitivity[self.at_most.upper()]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One template file.

    Attributes:
        name: of the file without `.md`; the first part of its documents' keys.
        telling: its front matter.
        body: what follows, as a template of Markdown.
        source: the file's whole text.
    """

    name: str
    telling: Telling
    body: str
    source: str


def read_sheet(text: str, file: str) -> Sheet:
    """One template from the text of its file.

    Raises:
        TellingError: it is none; the message has a line for every fault.
    """
    name = file.removesuffix(_SUFFIX)
    if not _NAME.fullmatch(name):
        raise TellingError(f"{file}: not a name", hint="Use small letters, digits, - and _, such as patient.md.")
    parts = _FENCED.match(text)
    if parts is None:
        hint = f"Begin the file with a line ---, its keys, and a line ---; {GUIDE} shows one."
        raise TellingError(f"{file}: it has no front matter", hint=hint)
    try:
        raw = yaml.safe_load(parts[1])
        telling = Telling.model_validate(raw if isinstance(raw, dict) else {})
    except yaml.YAMLError:
        hint = "Mind the indentation, and quote text that contains ': ' or begins with a special character."
        raise TellingError(f"{file}: its front matter is not YAML", hint=hint) from None
    except ValidationError as error:
        faults = "\n".join(f"{file}: {_said(fault)}" for fault in error.errors(include_url=False))
        raise TellingError(faults, hint=f"{GUIDE} says what each key means.") from None
    return Sheet(name, telling, parts[2], text)


def read_sheets(folders: Iterable[Traversable]) -> dict[str, Sheet]:
    """The templates of some folders by name; of two with one name the first folder's counts.

    Raises:
        TellingError: one of them cannot be read.
    """
    found: dict[str, Sheet] = {}
    for folder in folders:
        files = sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else []
        for file in files:
            name = file.name.removesuffix(_SUFFIX)
            if file.name.endswith(_SUFFIX) and name not in found:
                found[name] = read_sheet(file.read_text(encoding="utf-8"), file.name)
    return found


def _checked_duration(text: str) -> None:
    try:
        parse_duration(text)
    except ConfigurationError as error:
        raise ValueError(error.message) from None


def _said(fault: Any) -> str:
    key = ".".join(str(part) for part in fault["loc"]) or "front matter"
    if fault["type"] == "extra_forbidden":
        return f"{key}: there is no such key"
    if fault["type"] == "missing":
        return f"{key}: is missing; add it"
    return f"{key}: {fault['msg'].removeprefix('Value error, ')}"
