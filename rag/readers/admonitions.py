"""The boxes of documentation generators as plain paragraphs: notes and tabs of MkDocs, notes of Docusaurus and GitHub.

Read as plain Markdown, what stands in a box of MkDocs would be taken for code, since it is indented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_INDENTED = re.compile(r'(\s*)(?:!!!|\?\?\?\+?|===[!+]?)\s*([\w-]*)[ \w-]*?(?:\s+)?(?:"(.*)")?\s*$')
_COLONS = re.compile(r"\s*:::+\s*(?:([\w-]+)[ \t]*(?:\[(.*)\]|(.*)))?$")
_GITHUB = re.compile(r"\s*>\s*\[!(\w+)\]\s*$")
_STEP = 4


def without_boxes(text: str) -> str:
    """The text, each box as a line with its name in bold, and what stands in it."""
    return "\n".join(_unboxed(text.split("\n")))


def _unboxed(lines: list[str]) -> Iterator[str]:
    boxes: list[int] = []  # how far the boxes are indented that the line stands in
    fence = ""
    for line in lines:
        boxes = _still_open(boxes, line)
        inner = line[_STEP * len(boxes) :] if line.strip() else ""
        fence, is_code = _fenced(fence, inner)
        box = None if is_code else _INDENTED.fullmatch(inner)
        if box is not None and (box[2] or box[3]):
            boxes.append(len(line) - len(line.lstrip()) + _STEP)
            yield from ("", box[1] + _name(box[2], box[3]), "")
            continue
        yield inner if is_code else _colons(inner)


def _still_open(boxes: list[int], line: str) -> list[int]:
    if not line.strip():
        return boxes
    indent = len(line) - len(line.lstrip(" "))
    return [depth for depth in boxes if indent >= depth]


def _fenced(fence: str, line: str) -> tuple[str, bool]:
    """The fence that is open after a line, and whether the line belongs to a code block."""
    found = _FENCE.match(line)
    if fence:
        closes = found is not None and found[1].startswith(fence) and line.strip() == found[1]
        return ("" if closes else fence), True
    return (found[1], True) if found is not None else ("", False)


def _colons(line: str) -> str:
    if found := _GITHUB.fullmatch(line):
        return f"> {_name(found[1].lower(), None)}"
    found = _COLONS.fullmatch(line)
    if found is None:
        return line
    return f"\n{_name(found[1], found[2] or found[3])}\n" if found[1] else ""


def _name(kind: str | None, title: str | None) -> str:
    words = (kind or "").replace("-", " ").capitalize()
    return f"**{': '.join(part for part in (words, (title or '').strip()) if part)}**"
