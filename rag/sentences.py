"""Sentences: of a passage's Markdown, to be quoted, and of an answer that is still being written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.plain import plain

_CITED = r"(?:\s*\[\d[\d,\s-]*\])*"
_END = re.compile(rf"[.!?…]+[\"'”’)*_]*{_CITED}(?=\s+[^\sa-z]|\s*$)|{_CITED}\s*\n")
_ABBREVIATED = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|prof|st|e\.?g|i\.?e|etc|vs|no|nr|fig|approx|ca|z\.b)|\b[A-Z])\.$", re.I
)
_MARK = re.compile(r"^\s*(?:>\s?|[-*+]\s+|\d{1,3}[.)]\s+)+")
_MARK_OF_QUOTE = re.compile(r"^\s*(?:>\s?)+")
_RULE = re.compile(r"^[\s|:=_*+-]*$|^\s*#{1,6}\s")  # a heading says what follows is about, and nothing by itself
_FENCE = re.compile(r"^\s*(?:>\s?)*(?:`{3,}[^`]*|~{3,}.*)$")
# Of dialects of Markdown: classes of what stands before them, and icons.
_ATTRIBUTES = re.compile(r"(?<![\w'\"`{$])\{\s*[.#:][\w-][^{}]*\}|(?<!\S):[a-z]+(?:-[a-z0-9]+)+:(?!\w)")
_EMPHASIS = re.compile(r"(?<!\w)(\*\*|__|\*|`{1,2})(\S(?:.*?\S)?)\1(?!\w)")
_FEWEST_LETTERS = 12


def sentences(markdown: str) -> list[str]:
    """What a passage says, sentence by sentence, without marks; an item of a list and a row of a table are one each."""
    found = []
    for block in _blocks(plain(markdown, addresses=True)):
        # What defines a term stands behind a colon; the term before it may be in another block.
        parts = split(block.removeprefix(": "))
        found += [sentence for sentence in parts if sum(map(str.isalnum, sentence)) >= _FEWEST_LETTERS]
    return found


def split(text: str) -> list[str]:
    """A text cut after its sentences; citations behind a full stop belong to the sentence before."""
    found, began = list[str](), 0
    for match in _END.finditer(text):
        if not match[0].endswith("\n") and _ABBREVIATED.search(text[began : match.start() + 1]):
            continue
        found.append(text[began : match.end()])
        began = match.end()
    return [sentence.strip() for sentence in (*found, text[began:]) if sentence.strip()]


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs with their lines joined; each item, row and line of code by itself; headings are left out."""
    paragraph, code = list[str](), False
    for line in text.splitlines():
        fence = _FENCE.match(line) is not None
        if code and not fence:
            yield _MARK_OF_QUOTE.sub("", line).strip()
            continue
        if fence or _begins(line):
            yield " ".join(paragraph)
            paragraph = []
        code = code != fence
        paragraph.append("" if fence else _bare(line))
    yield " ".join(paragraph)


def _begins(line: str) -> bool:
    """Whether a line does not go on with the paragraph before it."""
    return bool(_RULE.match(line) or _MARK.match(line) or line.lstrip().startswith("|"))


def _bare(line: str) -> str:
    if _RULE.match(line):
        return ""
    text = _ATTRIBUTES.sub("", _MARK.sub("", line))
    if text.lstrip().startswith("|"):
        text = ", ".join(cell.strip() for cell in text.strip().strip("|").split("|") if cell.strip())
    return " ".join(_EMPHASIS.sub(r"\2", text).split())
