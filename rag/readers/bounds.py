"""What is refused or taken out before a parser sees it, since it would take the parser for ever."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rag.document import UnreadableError

_DEEPEST = 400
_MOST_EXPANSIONS = 5_000
_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)[^<>]{0,2000}>", re.IGNORECASE)
# Never closed, or closed by what follows: they add no depth.
_ROWS = "p li dt dd tr td th option thead tbody tfoot"
_VOID = "area base br col hr img input link meta param source track wbr"
_FLAT = frozenset([*_ROWS.split(), *_VOID.split()])
_OPENING = re.compile(r"<(?=[!?])")
_SUBSTITUTION = re.compile(r"^[ \t]*\.\.[ \t]+\|([^|\n]{1,100})\|[ \t]+replace::(.*)$", re.MULTILINE)
_REFERENCE = re.compile(r"\|([^|\s][^|\n]{0,99})\|")


def without(text: str, opening: str, closing: str) -> str:
    """The text without what stands from each opening to the next closing; an opening without one is text."""
    parts: list[str] = []
    at = 0
    while (start := text.find(opening, at)) >= 0 and (end := text.find(closing, start + len(opening))) >= 0:
        parts.append(text[at:start])
        at = end + len(closing)
    return "".join([*parts, text[at:]])


def bounded_html(html: str) -> str:
    """HTML without comments and declarations.

    Raises:
        UnreadableError: its elements lie too deep within one another.
    """
    depth = 0
    for tag in _TAG.finditer(html):
        if tag[2].lower() not in _FLAT and not tag[0].endswith("/>"):
            depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > _DEEPEST:
            raise UnreadableError("too_deep", f"more than {_DEEPEST} elements lie within one another")
    plain = without(without(html, "<!--", "-->"), "<!", ">")
    return _OPENING.sub("&lt;", plain)


def check_substitutions(text: str) -> None:
    """Refuse reStructuredText whose substitutions stand within one another until they fill the memory.

    Raises:
        UnreadableError: they do.
    """
    found = _SUBSTITUTION.findall(text.lower())
    meant = {name: _REFERENCE.findall(said) for name, said in found}
    known: dict[str, int] = {}
    if max((_expansions(name, meant, known, 0) for name in meant), default=0) > _MOST_EXPANSIONS:
        raise UnreadableError("too_large", "its substitutions stand within one another too often")


def _expansions(name: str, meant: Mapping[str, list[str]], known: dict[str, int], depth: int) -> int:
    if name not in known:
        if depth > _DEEPEST:
            return _MOST_EXPANSIONS + 1
        known[name] = 1  # one that stands within itself is docutils' to refuse
        known[name] += sum(_expansions(one, meant, known, depth + 1) for one in meant.get(name, []))
    return known[name]
