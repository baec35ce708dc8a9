"""Markdown as it is written in the wild, as plain Markdown: front matter, comments, HTML and MDX taken out of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from markdown_it.token import Token

from rag.outline import blocks
from rag.readers.admonitions import without_boxes
from rag.readers.front_matter import front_matter
from rag.readers.html import to_markdown
from rag.readers.inline import plain_inline
from rag.readers.parsed import Parsed, title_of

_CODE = {"fence", "code_block"}
_HTML = "html_block"
_MODULE = re.compile(r"^(?:import\s.+\sfrom\s|import\s+['\"]|export\s+(?:default|const|function|let)\b)")
_INCLUDED = re.compile(r"^\s*(?:!INCLUDE\s|--8<--|\[\[toc\]\]|\[TOC\])", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
_ANCHOR = re.compile(r"\s*\{\s*[#:.][^}]*\}\s*$")


def read_markdown(text: str, name: str) -> Parsed:
    """A Markdown or MDX file, called what its front matter or its first top heading says."""
    keys, body = front_matter(text)
    lines = without_boxes(body.replace("\t", "    ") if "\n\t" in body else body).split("\n")
    tokens = blocks("\n".join(lines))
    is_mdx = name.lower().endswith(".mdx")
    parts = [_converted(form, lines[first:last], is_mdx) for form, first, last in _parts(lines, tokens)]
    text = "\n".join(part for part in parts if part).strip("\n")
    title = keys.get("title")
    said = " ".join(title.split()) if isinstance(title, str) else ""
    return Parsed(said or _top_heading(tokens) or title_of(name), text)


def _parts(lines: Sequence[str], tokens: Sequence[Token]) -> Iterator[tuple[str, int, int]]:
    """The lines as code, HTML and prose, in order: what each is, its first line and the one after its last."""
    at = 0
    for token in tokens:
        first, last = token.map or (0, 0)
        if first < at or not (token.type in _CODE or (token.type == _HTML and token.level == 0)):
            continue
        last = _table_end(lines, first, last) if token.type == _HTML else last
        yield "prose", at, first
        yield token.type, first, last
        at = last
    yield "prose", at, len(lines)


def _table_end(lines: Sequence[str], first: int, last: int) -> int:
    """Where a block of HTML really ends: Markdown ends it at a blank line, even within a table."""
    text = "\n".join(lines[first:last]).lower()
    if text.count("<table") <= text.count("</table"):
        return last
    return next((at + 1 for at in range(last, len(lines)) if "</table" in lines[at].lower()), last)


def _converted(form: str, lines: Sequence[str], is_mdx: bool) -> str:
    if form in _CODE:
        return "\n".join(lines)
    if form == _HTML:
        # Markdown may go on behind it, which a heading or a list of its own must not swallow.
        return f"\n{plain_inline(to_markdown(chr(10).join(lines)), is_mdx)}\n"
    kept = [_ANCHOR.sub("", line) for line in lines if not _INCLUDED.match(line)]
    if is_mdx:
        kept = [line for line in kept if not _MODULE.match(line)]
    return _BLANK_LINES.sub("\n\n", plain_inline("\n".join(kept), is_mdx))


def _top_heading(tokens: Sequence[Token]) -> str:
    for token, inner in pairwise(tokens):
        if token.type == "heading_open" and token.tag == "h1" and token.level == 0:
            return " ".join(_ANCHOR.sub("", plain_inline(inner.content, is_mdx=False)).replace("`", "").split())
    return ""
