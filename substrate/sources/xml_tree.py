"""An XML document as a tree of plain nodes, read so that no document can do harm.

No document type, no entity of its own, nothing fetched from anywhere, and bounds on depth and size: what an interface
between firms needs of XML, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from substrate.sources.source import Fault

_SEPARATOR = "\x1f"


class BadXmlError(ValueError):
    """Bytes that are no XML that we read.

    Args:
        fault: why.
        detail: where, without a value.
    """

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault
        self.detail = detail


@dataclass(slots=True)
class Name:
    """The name of an element or attribute."""

    local: str
    space: str = ""
    """The namespace's URI; empty: none."""
    prefix: str = ""

    @classmethod
    def read(cls, told: str) -> Name:
        """A name as expat tells it: `uri local prefix`, `uri local` or `local`."""
        parts = told.split(_SEPARATOR)
        if len(parts) == 1:
            return cls(told)
        return cls(parts[1], parts[0], parts[2] if len(parts) > 2 else "")


@dataclass(slots=True)
class Node:
    """One element."""

    name: Name
    attributes: list[tuple[Name, str]] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text directly in it, without the space around it."""
        return "".join(self.words).strip()

    def attribute(self, local: str) -> str | None:
        """The value of an attribute without a namespace."""
        return next((value for name, value in self.attributes if name.local == local and not name.space), None)

    def named(self, local: str) -> Iterator[Node]:
        """The children of a local name, whatever their namespace."""
        return (child for child in self.children if child.name.local == local)

    def first(self, *path: str) -> Node | None:
        """The node that a path of local names leads to, the first of each name; None: there is none."""
        node: Node | None = self
        for local in path:
            node = next(node.named(local), None) if node is not None else None
        return node


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """How much a document may be."""

    depth: int = 64
    nodes: int = 1_000_000


def read_tree(body: bytes, limits: XmlLimits | None = None) -> Node:
    """The root of a document.

    Raises:
        BadXmlError: it is not well formed, brings a document type, or is deeper or larger than allowed.
    """
    builder = _Builder(limits or XmlLimits())
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.namespace_prefixes = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.said
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.EntityDeclHandler = builder.refuse
    parser.ExternalEntityRefHandler = builder.refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        detail = f"{expat.ErrorString(error.code)} in line {error.lineno}"
        raise BadXmlError(Fault.UNREADABLE, f"not XML: {detail}") from None
    except ValueError as error:  # an encoding that nobody knows
        raise error if isinstance(error, BadXmlError) else BadXmlError(Fault.BAD_ENCODING, "unknown encoding") from None
    except LookupError:
        raise BadXmlError(Fault.BAD_ENCODING, "unknown encoding") from None
    return builder.root.children[0]


class _Builder:
    """What expat tells, as a tree."""

    def __init__(self, limits: XmlLimits) -> None:
        self.root = Node(Name(""))
        self._open = [self.root]
        self._limits = limits
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._count += 1
        if len(self._open) > self._limits.depth:
            raise BadXmlError(Fault.TOO_LARGE, f"elements within elements, deeper than {self._limits.depth}")
        if self._count > self._limits.nodes:
            raise BadXmlError(Fault.TOO_LARGE, f"more than {self._limits.nodes} elements")
        node = Node(Name.read(name), [(Name.read(each), value) for each, value in attributes.items()])
        self._open[-1].children.append(node)
        self._open.append(node)

    def end(self, _name: str) -> None:
        """It ends."""
        self._open.pop()

    def said(self, words: str) -> None:
        """Text."""
        self._open[-1].words.append(words)

    def refuse(self, *_told: object) -> int:
        """A document type, or an entity of the document's own."""
        raise BadXmlError(Fault.UNREADABLE, "a document type or entity, which is not read")
