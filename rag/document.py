"""A document: something that a copilot may quote, as Markdown, with what is known about it and who may see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import Connection

from substrate.access import Label
from substrate.columns import Sensitivity


@dataclass(frozen=True, slots=True)
class Document:
    """One document, read whole.

    Attributes:
        key: names it within its source for as long as it lives: a path, `patient/4711`.
        title: what people call it.
        text: what it says, as Markdown.
        kind: what it is: `guide`, `note`, `ticket`, or a kind of record, `patient`.
        label: who may see it.
        version: which version of it this is, in the source's own words: a commit, a record's batch, a checksum.
        changed_at: when the source last changed it, in microseconds since 1970 UTC; None: it does not say.
        entity: `(kind, record id)` of the record that it tells of; None: it is about no single record.
        link: where people open it; None: nowhere.
    """

    key: str
    title: str
    text: str
    kind: str = "guide"
    label: Label = field(default_factory=lambda: Label(Sensitivity.INTERNAL))
    version: str = ""
    changed_at: int | None = None
    entity: tuple[str, int] | None = None
    link: str | None = None


class UnreadableError(Exception):
    """A document cannot be read; it is held with this reason, and the others go on.

    Args:
        reason: a short word that is counted: `not_text`, `encrypted`, `too_large`, `template`.
        detail: for people; never a protected value.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Entry:
    """A document that should be there, not read yet.

    Attributes:
        key: as in `Document`.
        stamp: changes whenever the document may have changed (size and time of a file, batch of a record); the same
            stamp as last time means that it need not be read.
        read: reads it; raises `UnreadableError`.
    """

    key: str
    stamp: str
    read: Callable[[], Document]


class DocumentSource(Protocol):
    """Where documents come from; says what should exist, and never what changed: that is for the plan to find."""

    @property
    def name(self) -> str:
        """Names it within its copilot."""

    def fingerprint(self) -> str:
        """Changes with whatever makes the same input another text: a template, a parser's settings."""

    def entries(self, connection: Connection) -> Iterator[Entry]:
        """Everything that should exist now.

        Raises:
            PlumblineError: the source cannot be listed (a folder is not there); then nothing of it is touched.
        """


class SourceOfSome(DocumentSource, Protocol):
    """A source that can list some of its documents without looking at the others."""

    def some(self, connection: Connection, keys: Iterable[str]) -> Iterator[Entry]:
        """Those of some documents that should exist now; one that is not listed is gone.

        Args:
            connection: any.
            keys: of the documents; a key of another source is passed over.
        """
