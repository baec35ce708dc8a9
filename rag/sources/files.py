"""What all sources of files share: which files are wanted, and how one becomes a document with its label."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from rag.copilot import CheckoutOptions, FolderOptions, SourceSpec
from rag.document import Document
from rag.globs import matches_any
from rag.readers import reading
from substrate.clock import to_micros

_FIRST = to_micros(datetime.min.replace(tzinfo=UTC))
_LAST = to_micros(datetime.max.replace(tzinfo=UTC))


def is_wanted(path: str, options: FolderOptions | CheckoutOptions) -> bool:
    """Whether the file at a path within a source is read; hidden files, and those in hidden folders, never are."""
    return matches_any(path, options.include) and not is_shut(path, options)


def is_shut(path: str, options: FolderOptions | CheckoutOptions) -> bool:
    """Whether a path within a source is never read: hidden, or left out by the declaration."""
    return any(part.startswith(".") for part in path.split("/")) or matches_any(path, options.exclude)


def document(spec: SourceSpec, path: str, data: bytes, *, version: str, changed_at: int | None) -> Document:
    """The document that a file is.

    Args:
        spec: its source, which says who may see it.
        path: its path within the source.
        data: its bytes.
        version: which version of it this is.
        changed_at: when it changed, in microseconds since 1970 UTC; None: unknown.

    Raises:
        UnreadableError: it cannot be read.
    """
    parsed = reading.read_file(data, path)
    link = spec.link.replace("{key}", path) if spec.link is not None else None
    kind, label = spec.kind_of(path), spec.label_of(path)
    return Document(path, parsed.title, parsed.markdown, kind, label, version, _known(changed_at), link=link)


def _known(instant: int | None) -> int | None:
    """An instant, unless it lies beyond all calendars: file systems and commits may say any time at all."""
    return instant if instant is not None and _FIRST <= instant <= _LAST else None


def fingerprint(spec: SourceSpec) -> str:
    """Changes with the readers, and with what the declaration says of the source's documents."""
    places = {"folder": {"path"}, "checkout": {"path"}, "tickets": {"path", "comments_path"}}
    unsaid = {"stale_after": True} | ({"tickets": True} if spec.tickets is None else {})
    said = spec.model_dump_json(exclude={**places, **unsaid})
    return hashlib.sha256(f"{reading.fingerprint()}\n{said}".encode()).hexdigest()[:16]


class DeclaredFiles:
    """Files as a source declares them; where they lie is for its kinds to say.

    Args:
        spec: the source as it is declared.
    """

    def __init__(self, spec: SourceSpec) -> None:
        self._spec = spec

    @property
    def name(self) -> str:
        """Names it within its copilot."""
        return self._spec.name

    def fingerprint(self) -> str:
        """Changes with the readers, and with what the declaration says of the files."""
        return fingerprint(self._spec)
