"""The elements under a document's root, one after another, without holding the document. Document types are refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from xml.parsers import expat

_TORN = frozenset({expat.errors.codes[text] for text in (
    expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN, expat.errors.XML_ERROR_PARTIAL_CHAR,
    expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
)})  # fmt: skip
_KEPT = 1 << 16
"""How much is kept of an element that is too large."""
_DEEPEST = 100


class ElementError(Exception):
    """The document cannot be read any further; every element given before is good."""

    def __init__(self, detail: str, line: int, *, torn: bool = False) -> None:
        super().__init__(detail)
        self.detail, self.line, self.torn = detail, line, torn


@dataclass(slots=True)
class Tree:
    """An element: its name without namespace, its text, its children, and the id that it points at."""

    name: str
    ref: str = ""
    text: str = ""
    children: list[Tree] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Element:
    """One element under the root; without tree if it is too large to be held."""

    name: str
    id: str
    line: int
    raw: bytes
    tree: Tree | None


def elements(blocks: Iterable[bytes], max_bytes: int) -> Iterator[Element]:
    """Every element under the root.

    Raises:
        ElementError: the document is not well-formed, ends too early, or declares a document type, in which entities
            could be made to grow without bound.
        TornError: as `blocks` raises it.
    """
    reading = _Reading(max_bytes)
    broken: ElementError | None = None
    for block in chain(blocks, (None,)):
        try:
            reading.feed(block)
        except ElementError as error:
            broken = error
        yield from reading.taken()
        if broken is not None:
            raise broken


class _Reading:
    """A parser under way, with the bytes of the element that it is in."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse
        parser.buffer_text = True
        self._bytes, self._base = b"", 0
        self._open: list[Tree] = []
        self._depth = 0
        self._begin, self._line, self._id = 0, 0, ""
        self._head: bytes | None = None
        """The beginning of an element that is too large to be held."""
        self._ready: list[Element] = []

    def feed(self, block: bytes | None) -> None:
        """Parse some more bytes; None: there are no more.

        Raises:
            ElementError: see `elements`.
        """
        self._bytes += block or b""
        try:
            self._parser.Parse(block or b"", block is None)
        except expat.ExpatError as error:
            torn = block is None and (error.code in _TORN or self._depth > 0)
            detail = "the document ends too early" if torn else f"not well-formed: {expat.ErrorString(error.code)}"
            raise ElementError(detail, error.lineno, torn=torn) from None
        self._trim()

    def taken(self) -> list[Element]:
        """The elements that have ended."""
        ready, self._ready = self._ready, []
        return ready

    def _trim(self) -> None:
        """Keep no more bytes than those of the element that is open."""
        end = self._base + len(self._bytes)
        begin = end if self._depth < 2 or self._head is not None else self._begin
        self._bytes, self._base = self._bytes[begin - self._base :], begin
        if len(self._bytes) > self._max_bytes:
            self._head, self._bytes, self._base = self._bytes[:_KEPT], b"", end
            self._open.clear()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ElementError("elements lie too deep in each other", self._parser.CurrentLineNumber)
        if self._depth == 2:
            self._begin, self._line = self._parser.CurrentByteIndex, self._parser.CurrentLineNumber
            self._id = attributes.get("id", "")
        if self._depth >= 2 and self._head is None:
            tree = Tree(_local(name), attributes.get("ref", ""))
            if self._open:
                self._open[-1].children.append(tree)
            self._open.append(tree)

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._depth >= 2 and self._head is None:
            self._open.pop()
        if self._depth != 1:
            return
        tree = self._open.pop() if self._head is None else None
        self._ready.append(Element(_local(name), self._id, self._line, self._raw(), tree))
        self._head = None

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1].text += text

    def _refuse(self, *_declared: object) -> None:
        raise ElementError("it declares a document type; such files are refused", self._parser.CurrentLineNumber)

    def _raw(self) -> bytes:
        if self._head is not None:
            return self._head
        closed = self._bytes.find(b">", self._parser.CurrentByteIndex - self._base)
        return self._bytes[self._begin - self._base : closed + 1]


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
