"""A Markdown text as sections: each with the headings above it, and its tables and code blocks told apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

_LONGEST_HEADING = 200  # characters; what is longer is a paragraph that somebody has marked as a heading
_MOST_COLUMNS = 500  # a row with more would take the parser for ever
_MARKUP = re.compile(r"\{\s*[#:.][^}]*\}\s*$|\*\*|__|`")
_LINK = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")


class Form(Enum):
    """What a block is, as far as cutting it is concerned."""

    TEXT = "text"
    TABLE = "table"
    CODE = "code"


_HEADING = "heading_open"
_FORMS = {"fence": Form.CODE, "table_open": Form.TABLE}


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines of a section that belong together."""

    form: Form
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """What stands below one heading, up to the next one.

    Attributes:
        path: the headings above it with its own, outermost first; empty before the first heading.
        mark: its heading as it is written.
        blocks: its text, never blank.
    """

    path: tuple[str, ...]
    mark: str
    blocks: tuple[Block, ...]

    @property
    def body(self) -> str:
        """Its text without its heading."""
        return "\n\n".join(block.text for block in self.blocks)


def sections(text: str) -> list[Section]:
    """The sections of a Markdown text, in order; a heading that only stands above other headings has none."""
    found = list(_sections(normalised(text)))
    return [one for one, after in zip(found, [*found[1:], None], strict=True) if _says_something(one, after)]


def normalised(text: str) -> str:
    """The text with one kind of line end, and without the zero bytes that no parser agrees on."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def blocks(text: str) -> list[Token]:
    """The blocks of a Markdown text with their lines; what stands within them is left unread."""
    parser = MarkdownIt("commonmark")
    if max((line.count("|") for line in text.split("\n")), default=0) <= _MOST_COLUMNS:
        parser.enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser.parse(text)


def _says_something(section: Section, after: Section | None) -> bool:
    return bool(section.blocks) or (bool(section.path) and not _stands_above(section, after))


def _stands_above(section: Section, after: Section | None) -> bool:
    return after is not None and len(after.path) > len(section.path) and after.path[: len(section.path)] == section.path


def _sections(text: str) -> Iterator[Section]:
    lines = text.split("\n")
    path: list[tuple[int, str]] = []
    found: list[Block] = []
    mark, at = "", 0
    for token, words in _landmarks(text):
        first, last = token.map or (0, 0)
        found.append(_block(Form.TEXT, lines[at:first]))
        at = last
        if token.type != _HEADING:
            found.append(_block(_FORMS[token.type], lines[first:last]))
            continue
        yield _section(path, mark, found)
        level = int(token.tag[1:])
        path = [*((above, name) for above, name in path if above < level), (level, words)]
        mark, found = "\n".join(lines[first:last]).strip(), []
    yield _section(path, mark, [*found, _block(Form.TEXT, lines[at:])])


def _landmarks(text: str) -> Iterator[tuple[Token, str]]:
    """The headings, with their words, and the tables and code blocks; what lies between them is text."""
    for token, inner in pairwise([*blocks(text), Token("end", "", 0)]):
        if token.level:
            continue
        words = _words(inner.content) if token.type == _HEADING and len(inner.content) <= _LONGEST_HEADING else ""
        if words or token.type in _FORMS:
            yield token, words


def _block(form: Form, lines: Sequence[str]) -> Block:
    return Block(form, "\n".join(lines).strip("\n"))


def _section(path: Sequence[tuple[int, str]], mark: str, blocks: Sequence[Block]) -> Section:
    return Section(tuple(name for _, name in path), mark, tuple(block for block in blocks if block.text.strip()))


def _words(heading: str) -> str:
    """A heading as people say it: without anchors, emphasis and the places that links lead to."""
    return " ".join(_MARKUP.sub("", _LINK.sub(r"\1", heading)).split())
