"""A copilot as it is declared: whose data it knows, from which sources, who may ask it, and how old it may be.

`docs/copilots.md` has a heading for each key, and a test holds the two together.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from rag.globs import matches
from rag.languages import ENGLISH, Language
from rag.rebuild import Rebuild
from rag.recipe import Recipe
from rag.thinness import THIN
from rag.ticket_export import TicketsOptions
from substrate.access import Caller, Label
from substrate.clock import MINUTE, parse_duration
from substrate.columns import Sensitivity
from substrate.errors import ConfigurationError

NAME = r"^[a-z][a-z0-9_-]{0,62}$"
"""What a copilot or source may be called: its name stands in addresses, tables and folders."""

TEXTS = ("**/*.md", "**/*.mdx", "**/*.markdown", "**/*.rst", "**/*.txt", "**/*.html", "**/*.htm")
FILES = (*TEXTS, "**/*.pdf", "**/*.docx")
"""Which files are read where nothing else is said: those that there is a reader for."""


def _level(value: Any) -> Any:
    names = [level.name.lower() for level in Sensitivity]
    if isinstance(value, Sensitivity):
        return value
    if isinstance(value, str) and value.lower() in names:
        return Sensitivity[value.upper()]
    raise ValueError(f"write one of {', '.join(names)}")


def _duration(text: str) -> str:
    try:
        if parse_duration(text) >= MINUTE:
            return text
    except ConfigurationError as error:
        raise ValueError(error.message) from None
    raise ValueError("write at least 1m")


Level = Annotated[Sensitivity, BeforeValidator(_level)]
Duration = Annotated[str, AfterValidator(_duration)]
Name = Annotated[str, Field(pattern=NAME)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FolderOptions(_Part):
    """A folder of files on this machine."""

    path: Path = Field(description="The folder, from the folder of this file. It is only read.")
    include: tuple[str, ...] = Field(FILES, description="Patterns of the files to read.")
    exclude: tuple[str, ...] = Field((), description="Patterns of the files to leave out.")


class CheckoutOptions(_Part):
    """What is committed to a branch of a git repository on this machine."""

    path: Path = Field(description="The checkout or bare repository, from the folder of this file. It is only read.")
    branch: str = Field("HEAD", pattern=r"^[^-\s][^\s]*$", description="Branch, tag or commit to read.")
    include: tuple[str, ...] = Field(FILES, description="Patterns of the files to read.")
    exclude: tuple[str, ...] = Field((), description="Patterns of the files to leave out.")


class RecordsOptions(_Part):
    """Records of the copilot's vertical, told as text by its templates."""

    templates: tuple[str, ...] = Field((), description="Which templates; none named: all that the vertical has.")


class Otherwise(_Part):
    """What differs for some files of a source."""

    kind: str | None = Field(None, description="What these documents are.")
    sensitivity: Level | None = Field(None, description="How sensitive they are.")
    site: str | None = Field(None, description="Whose they are.")
    roles: tuple[str, ...] | None = Field(None, description="Who may see them.")


class SourceSpec(_Part):
    """Where some of a copilot's documents come from, and who may see them."""

    name: Name = Field(description="Names it within the copilot; part of every chunk's id, so never change it.")
    folder: FolderOptions | None = Field(None, description="A folder of files.")
    checkout: CheckoutOptions | None = Field(None, description="A git repository.")
    records: RecordsOptions | None = Field(None, description="Records told as text.")
    tickets: TicketsOptions | None = Field(None, description="Tickets that a help desk exported.")
    kind: str = Field("guide", min_length=1, description="What its documents are; a search may ask for kinds.")
    sensitivity: Level = Field(Sensitivity.INTERNAL, description="How sensitive they are.")
    site: str | None = Field(None, description="Whose they are; unset: of no site in particular.")
    roles: tuple[str, ...] = Field((), description="Who may see them; none named: any role.")
    paths: dict[str, Otherwise] = Field({}, description="What differs for files of a pattern; the last one wins.")
    link: str | None = Field(None, description="Where people open a document; {key} stands for its path.")
    stale_after: Duration | None = Field(None, description="How old it may be; unset: as old as the copilot says.")

    @model_validator(mode="before")
    @classmethod
    def _tickets_name_people(cls, said: Any) -> Any:
        if isinstance(said, dict) and said.get("tickets") is not None:
            return {"kind": "ticket", "sensitivity": Sensitivity.PII, **said}
        return said

    @model_validator(mode="after")
    def _one_place(self) -> SourceSpec:
        if len([kind for kind in PLACES if getattr(self, kind) is not None]) != 1:
            raise ValueError(f"write one of {', '.join(PLACES)}")
        if self.records is not None and (self.paths or self.model_fields_set & _OF_FILES):
            raise ValueError("records say themselves who may see them; leave kind, sensitivity, site, roles and paths")
        if self.tickets is not None and self.paths:
            raise ValueError("tickets have no paths; leave paths out, or declare one source for each")
        return self

    def label_of(self, path: str) -> Label:
        """Who may see the file at a path within the source."""
        sensitivity, site, roles = self.sensitivity, self.site, self.roles
        for other in self._exceptions(path):
            sensitivity = sensitivity if other.sensitivity is None else other.sensitivity
            site = site if other.site is None else other.site
            roles = roles if other.roles is None else other.roles
        return Label(sensitivity, site, frozenset(roles))

    def kind_of(self, path: str) -> str:
        """What the file at a path within the source is."""
        return next((other.kind for other in reversed(self._exceptions(path)) if other.kind is not None), self.kind)

    def _exceptions(self, path: str) -> list[Otherwise]:
        return [other for pattern, other in self.paths.items() if matches(path, pattern)]


PLACES = ("folder", "checkout", "records", "tickets")
_OF_FILES = {"kind", "sensitivity", "site", "roles"}


class Example(_Part):
    """A question that a copilot can answer, to show what it is for."""

    ask: str = Field(min_length=1, description="The question.")
    templates: tuple[str, ...] = Field((), description="The templates whose documents answer it; none named: all.")


class Copilot(_Part):
    """One copilot."""

    name: Name = Field(description="Names it in commands and addresses; never change it.")
    title: str = Field("", description="What people call it; unset: its name.")
    vertical: str | None = Field(None, description="Whose records and words it knows; unset: of no vertical.")
    sources: tuple[SourceSpec, ...] = Field(min_length=1, description="Where its documents come from.")
    roles: tuple[str, ...] = Field((), description="Who may ask it; none named: any role.")
    every: Duration = Field("15m", description="How often the index is brought up to date.")
    stale_after: Duration = Field("24h", description="How old the index may be before answers say that it is stale.")
    language: Language = Field(ENGLISH, description="Language of its documents; questions are asked in it too.")
    words: dict[str, tuple[str, ...]] = Field({}, description="Words that people use, with what the documents say.")
    thin: float = Field(THIN, ge=0, le=1, description="Below this confidence the documents do not say.")
    example: Example | None = Field(None, description="A question that it can answer; `plumbline demo` asks it.")
    recipe: Recipe = Field(Recipe(), description="How documents are cut.")
    rebuild: Rebuild = Field(Rebuild(), description="When a change is built beside what answers.")

    @model_validator(mode="after")
    def _each_once(self) -> Copilot:
        names = [source.name for source in self.sources]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two sources are called {twice!r}; give one of them another name")
        if self.vertical is None and any(source.records is not None for source in self.sources):
            raise ValueError("records are told of a vertical; write `vertical`")
        return self

    def answers(self, caller: Caller) -> bool:
        """Whether somebody may ask it at all; what they then see, their documents' labels say."""
        if self.roles and caller.role not in self.roles:
            return False
        return caller.may_ask(self.vertical) if self.vertical is not None else caller.verticals is None

    def stale_micros(self, source: str) -> int:
        """How old what a source said may be, in microseconds."""
        own = next((spec.stale_after for spec in self.sources if spec.name == source), None)
        return parse_duration(own or self.stale_after)
