"""A folder of Ed-Fi interchange files (XML), as a source: rows as an ODS/API would give them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from substrate.sources.blocks import TornError, blocks
from substrate.sources.edfi.elements import Element, ElementError, elements
from substrate.sources.edfi.keys import NATURAL_KEYS, leaves
from substrate.sources.edfi.plain_json import plain_json, references, resource_of
from substrate.sources.file_rows import MIXED
from substrate.sources.folder import FolderOptions, FolderSource
from substrate.sources.pickup import Picked
from substrate.sources.source import PAGE_ROWS, Fault, Row


class EdfiXmlOptions(BaseModel):
    """How to read a folder of interchange files. Every option but `path` has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Field(description="The folder. It is only read, never written to.")
    mode: Literal["delta", "bulk"] = Field(
        "delta", description="bulk: the folder always holds everything, so a record that is absent is gone."
    )
    kinds: tuple[str, ...] | None = Field(None, description="Read only these resources, by their names in the API.")
    order: tuple[str, ...] = Field((), description="Files to read first, by their names.")
    settle_seconds: float = Field(0, ge=0, description="Leave a file alone until it is this old.")
    require_done: bool = Field(
        False, description="Take a file only beside <name>.done, or in a folder with _SUCCESS or .done."
    )
    max_element_bytes: int = Field(4 << 20, gt=0, description="A larger element is a faulty row.")
    page_rows: int = Field(PAGE_ROWS, gt=0, description="Rows a page; ingest commits once a page.")

    @property
    def place(self) -> str:
        """Where it reads, for people."""
        return str(self.path)


class XmlReader:
    """Turns interchange files into rows, one for each element under the root."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    def rows(self, file: Picked) -> Iterator[Row]:
        """Every row from the first on; references by `ref` are those to elements of the same file.

        Raises:
            OSError: the file cannot be opened or read.
        """
        known = dict(self._identities(file)) if _refers(file) else {}
        try:
            for element in elements(blocks(file.path), self._max_bytes):
                yield _row(element, known, file.place)
        except TornError as torn:
            yield Row(file.kind, file.place, 1, b"", None, Fault.TRUNCATED, str(torn))
        except ElementError as error:
            fault = Fault.TRUNCATED if error.torn else Fault.UNREADABLE
            yield Row(file.kind, file.place, error.line, b"", None, fault, error.detail)

    def first_type(self, file: Picked) -> str:
        """An interchange file holds several types of resource."""
        return MIXED

    def _identities(self, file: Picked) -> Iterator[tuple[str, dict[str, str]]]:
        """The natural keys of elements that others refer to by id; what is broken is told when the rows are read."""
        try:
            for element in elements(blocks(file.path), self._max_bytes):
                if element.id and element.tree is not None:
                    found = leaves(plain_json(element.tree))
                    names = NATURAL_KEYS.get(resource_of(element.name), ())
                    yield element.id, {name: found[name] for name in names if name in found}
        except (TornError, ElementError):
            return


@contextmanager
def opened_interchange(name: str, options: EdfiXmlOptions) -> Iterator[FolderSource]:
    """A source on a folder of interchange files, which is a folder but for its files' format."""
    given = ("path", "mode", "kinds", "order", "settle_seconds", "require_done", "page_rows")
    folder = FolderOptions(**{field: getattr(options, field) for field in given})
    yield FolderSource(name, folder, XmlReader(options.max_element_bytes), {".xml": "xml"})


def _refers(file: Picked) -> bool:
    tail = b""
    try:
        for block in blocks(file.path):
            if b" ref=" in tail + block:
                return True
            tail = block[-5:]
    except TornError:
        return False
    return False


def _row(element: Element, known: dict[str, dict[str, str]], place: str) -> Row:
    kind = resource_of(element.name)
    if element.tree is None:
        return Row(kind, place, element.line, element.raw, None, Fault.TOO_LARGE, "the element is too large")
    payload = plain_json(element.tree)
    for name, reference in references(payload):
        target = known.get(str(reference.get("ref")))
        if target is None:
            detail = f"{name} points at no element of the file"
            return Row(kind, place, element.line, element.raw, None, Fault.BAD_REFERENCE, detail)
        reference.update(target)
    return Row(kind, place, element.line, element.raw, payload)
