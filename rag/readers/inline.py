"""What stands within the lines of Markdown: pictures, links, tags and comments become their words; code stays.

Every pattern is bounded, so that no text takes longer than in proportion to its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rag.readers.bounds import without

_TAGS = (
    "a abbr article aside b big blockquote body br button caption center cite code col colgroup dd del details dfn div"
    " dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 head header hr html i iframe img ins kbd label li link"
    " main mark meta nav ol p picture pre q s samp section small source span strike strong sub summary sup table tbody"
    " td tfoot th thead title tr tt u ul var video"
)
_CODE = re.compile(r"(?<!`)(`{1,3})(?!`)([^`\n]{1,500}(?:`(?!\1)[^`\n]{1,200})?)\1(?!`)")
# An address with at most one pair of brackets in it, and what some generators write behind it: `{: width=200 }`.
_REST = r"[^()\n]{0,1000}(?:\([^()\n]{0,200}\)[^()\n]{0,200})?\)(?:\{[^{}\n]{0,200}\})?"
_IMAGE = re.compile(rf"!\[([^\[\]]{{0,500}})\](?:\({_REST}|\[[^\[\]\n]{{0,200}}\])")
_LINK = re.compile(rf"(?<!!)\[([^\[\]]{{1,500}})\]\((?!https?://){_REST}")
# What follows a tag's name: values may hold what would else end the tag.
_ATTRIBUTES = r"(?:\s(?:[^<>{}\"']|\"[^\"]{0,1000}\"|'[^']{0,1000}'|\{[^{}]{0,1000}\}){0,1000})?/?>"
_TAG = re.compile(rf"</?(?:{'|'.join(_TAGS.split())}){_ATTRIBUTES}", re.IGNORECASE)
_COMPONENT = re.compile(rf"</?[A-Z][\w.]*{_ATTRIBUTES}")
_TITLE = re.compile(r"\btitle=[\"{']+([^\"'{}]{1,200})")
_ALT = re.compile(r"\balt=[\"']([^\"']{1,500})", re.IGNORECASE)
_BREAK = re.compile(r"<br\s{0,5}/?>", re.IGNORECASE)
_MACRO = re.compile(r"\{%-?[^%{}]{0,500}-?%\}")
_RULE = re.compile(r"-{4,}")
_HOLD, _END = "\ue000", "\ue001"
_HELD = re.compile(f"{_HOLD}(\\d+){_END}")


def plain_inline(text: str, is_mdx: bool) -> str:
    """Markdown without pictures, tags, comments, macros and links that lead nowhere from an answer.

    Args:
        text: prose, without blocks of code.
        is_mdx: whether tags with a capital letter are components.
    """
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(found[0])
        return f"{_HOLD}{len(held) - 1}{_END}"

    text = _CODE.sub(hold, text.replace(_HOLD, "").replace(_END, ""))
    for change in (_without_comments, *_CHANGES, *([_without_components] if is_mdx else [])):
        text = change(text)
    return _HELD.sub(lambda found: held[int(found[1])], text)


def _without_comments(text: str) -> str:
    return without(without(text, "<!--", "-->"), "{/*", "*/}")


def _without_images(text: str) -> str:
    return _IMAGE.sub(r"\1", text)


def _without_near_links(text: str) -> str:
    return _LINK.sub(r"\1", text)


def _without_tags(text: str) -> str:
    return _TAG.sub(lambda tag: _alt(tag[0]), _BREAK.sub(" ", text))


def _alt(tag: str) -> str:
    found = _ALT.search(tag) if tag[:4].lower() == "<img" else None
    return found[1] if found else ""


def _without_components(text: str) -> str:
    return _COMPONENT.sub(lambda tag: f"**{found[1]}** " if (found := _TITLE.search(tag[0])) else "", text)


def _without_macros(text: str) -> str:
    return _MACRO.sub("", text)


def _short_rules(text: str) -> str:
    """A table's rule as long as it must be: its dashes cost tokens, and say nothing."""
    return "\n".join(_RULE.sub("---", line) if "|" in line else line for line in text.split("\n"))


_CHANGES: tuple[Callable[[str], str], ...] = (
    _without_images,
    _without_near_links,
    _without_tags,
    _without_macros,
    _short_rules,
)
