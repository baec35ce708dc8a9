"""A document cut into chunks along its own structure: by headings, and within long sections by a library's splitter.

Each section is cut by itself, so that an edit changes the chunks of its own section and no others; each chunk carries
its title and headings, so that it says what it is about without its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from semantic_text_splitter import MarkdownSplitter

from rag.chunk import Chunk
from rag.counting import CountTokens, TokenCounter
from rag.document import Document
from rag.outline import Block, Form, Section, sections
from rag.recipe import Recipe

_CONTEXT_SHARE = 3  # title and headings get a third of a chunk at most
_BEARABLE = 20_000  # characters; sections of real documents seldom have more
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")


@dataclass(frozen=True, slots=True)
class _Group:
    """Neighbouring sections that are cut together, below the headings that they share."""

    path: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What the sections say; a heading that they do not share stands in it as text."""
        return tuple(
            block
            for section in self.sections
            for block in (*((Block(Form.TEXT, section.mark),) if section.path != self.path else ()), *section.blocks)
        )

    @staticmethod
    def of(section: Section) -> _Group:
        """A section by itself; a heading with nothing below it is all that there is to say."""
        return _Group(section.path if section.blocks else section.path[:-1], (section,))

    def with_next(self, section: Section) -> _Group:
        """The group with another section."""
        return _Group(_shared(self.path, section.path), (*self.sections, section))


def split(document: Document, count: CountTokens, recipe: Recipe) -> list[Chunk]:
    """The chunks of a document, in order; the same document, tokenizer and recipe give the same chunks.

    No chunk exceeds the recipe's tokens. A table or code block is cut only if it fits into no chunk, at its lines, and
    its head is repeated. Everything but blank lines stands in some chunk, in its text or among its headings; a document
    of headings alone says nothing, and has no chunks.
    """
    found: list[Chunk] = []
    count = TokenCounter(count)
    parts = sections(document.text)
    if not any(section.blocks for section in parts):
        return []
    for group in _grouped(parts, count, recipe):
        headings = group.path[1:] if group.path[:1] == (document.title,) else group.path
        context = _context(document.title, headings, count, recipe.tokens // _CONTEXT_SHARE)
        room = recipe.tokens - count([context])[0]
        for text in _pieces(group.blocks, room, count, recipe):
            found.append(Chunk(len(found), headings, text, f"{context}\n\n{text}" if context else text))
    return found


def _grouped(parts: Iterable[Section], count: CountTokens, recipe: Recipe) -> Iterator[_Group]:
    """Sections, those joined that say too little by themselves."""
    group: _Group | None = None
    for section in parts:
        joined = group.with_next(section) if group is not None else None
        if group is not None and joined is not None and _belong_together(group, joined, count, recipe):
            group = joined
            continue
        if group is not None:
            yield group
        group = _Group.of(section)
    if group is not None:
        yield group


def _belong_together(group: _Group, joined: _Group, count: CountTokens, recipe: Recipe) -> bool:
    section = joined.sections[-1]
    # Else a heading between them and what they share would stand nowhere.
    if any(len(one.path) - 1 > len(joined.path) for one in joined.sections):
        return False
    before, after = count([_text(group.blocks), _text(joined.blocks)])
    small = before < recipe.least or not section.blocks
    return small and after <= recipe.tokens - recipe.tokens // _CONTEXT_SHARE


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    depth = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:depth]


def _context(title: str, headings: Sequence[str], count: CountTokens, room: int) -> str:
    """Title and headings; where they are too long, the innermost headings that fit."""
    names = [name for name in (title, *headings) if name.strip()]
    while names and count([": ".join(names)])[0] > room:
        # The title goes last but one: without it, an innermost heading says little.
        names.pop(1 if len(names) > 2 else 0)
    return ": ".join(names)


def _pieces(blocks: Sequence[Block], room: int, count: CountTokens, recipe: Recipe) -> Iterator[str]:
    whole = _text(blocks)
    if count([whole])[0] <= room:
        yield whole
        return
    run: list[Block] = []
    sizes = count([block.text for block in blocks])
    for block, size in zip(blocks, sizes, strict=True):
        if block.form is Form.TEXT or size <= room:
            run.append(block)
            continue
        yield from _cut(_text(run), room, count, recipe)
        yield from _rows(block, room, count, recipe)
        run = []
    yield from _cut(_text(run), room, count, recipe)


def _cut(text: str, room: int, count: CountTokens, recipe: Recipe) -> Iterator[str]:
    if not text.strip():
        return
    overlap = min(recipe.overlap, room // 2)
    splitter = MarkdownSplitter.from_callback(lambda part: count([part])[0], room, overlap)
    for part in _handed(text):
        yield from (piece for piece in splitter.chunks(part) if piece.strip())


def _handed(text: str) -> Iterator[str]:
    """A text as the splitter can bear it: it takes a time that grows with the square of the length."""
    at = 0
    while len(text) - at > _BEARABLE:
        found = (text.rfind(mark, at + _BEARABLE // 2, at + _BEARABLE) for mark in ("\n\n", "\n", " "))
        end = next((place for place in found if place > 0), at + _BEARABLE)
        yield text[at:end]
        at = end
    yield text[at:]


def _rows(block: Block, room: int, count: CountTokens, recipe: Recipe) -> Iterator[str]:
    """A table or code block that fits into no chunk, cut at its lines, its head above each part."""
    head, body, foot = _framed(block)
    if sum(count([*head, *foot])) > room // 2:
        yield from _cut(block.text, room, count, recipe)
        return
    inner = room - sum(count([*head, *foot]))
    for part in _packed(body, inner, count):
        framed = "\n".join([*head, *part, *foot])
        # A line that is too long by itself, and tokens that arise where lines meet, leave it to the splitter.
        yield from [framed] if count([framed])[0] <= room else _cut("\n".join(part), room, count, recipe)


def _framed(block: Block) -> tuple[list[str], list[str], list[str]]:
    """The lines of a block that each part of it needs above, those that are shared out, and those needed below."""
    lines = block.text.split("\n")
    if block.form is Form.TABLE:
        return lines[:2], lines[2:], []
    fence = _FENCE.match(lines[0])
    mark = fence[0].strip() if fence else ""
    closed = len(lines) > 1 and lines[-1].strip().startswith(mark)
    return lines[:1], lines[1 : -1 if closed else None], [mark]


def _packed(lines: Sequence[str], room: int, count: CountTokens) -> Iterator[list[str]]:
    """Neighbouring lines, as many at a time as fit."""
    part: list[str] = []
    left = room
    for line, size in zip(lines, count(lines), strict=True):
        if part and size > left:
            yield part
            part, left = [], room
        part.append(line)
        left -= size
    if any(line.strip() for line in part):
        yield part


def _text(blocks: Iterable[Block]) -> str:
    return "\n\n".join(block.text for block in blocks)
