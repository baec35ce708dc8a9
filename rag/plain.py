"""Text that leads nowhere: Markdown without images, links and HTML.

An image in an answer is fetched by whatever shows it, and its address can carry away what the answer knows; so no
answer holds one, nor an address that we did not make.
"""

from __future__ import annotations

import html
import re
import unicodedata

_ROUNDS = 5
"""What is nested deeper than anybody writes is broken up by the last rule of all."""

_IMAGE = re.compile(r"!\[([^\]]*)\](?:\([^)]*\)?|\[[^\]]*\])?")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)?")
_REFERENCE = re.compile(r"\[([^\]]*)\]\[(?![\d,\s-]+\])[^\]]*\]")
_DEFINITION = re.compile(r"^\s*\[[^\]]+\]:\s*\S+.*$", re.MULTILINE)
_TAG = re.compile(
    r"</?(?:a|abbr|b|br|center|code|div|em|embed|font|form|h[1-6]|hr|i|iframe|img|input|kbd|li|link|meta|object|ol|p|pre"
    r"|script|small|source|span|strong|style|sub|sup|svg|table|tbody|td|th|thead|tr|u|ul|video)\b[^>]*>|<!--.*?-->",
    re.IGNORECASE | re.DOTALL,
)
_BRACKET = re.compile(r"<(?=[a-z!/?])", re.IGNORECASE)
_GAPS = re.compile(r"\s{3,}")
_ADDRESS = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,20}:)?//[^\s<>]+|\b(?:mailto|data|javascript|vbscript|file|tel|sms):[^\s<>]+"
    r"|\bwww\.[^\s<>]+",
    re.IGNORECASE,
)
_UNSEEN = ("Cc", "Cf", "Co", "Cs")
_LEFT_OUT = "(address left out)"


def plain(text: str, *, addresses: bool = False) -> str:
    """A text without images, links and HTML; what they say remains.

    Args:
        text: Markdown.
        addresses: leave addresses that stand in it as words, as a document's own; a model's are taken out.
    """
    text = _GAPS.sub(_gap, visible(html.unescape(text)))
    for _ in range(_ROUNDS):
        before = text
        text = _DEFINITION.sub("", _IMAGE.sub(r"\1", text))
        text = _REFERENCE.sub(r"\1", _LINK.sub(r"\1", text))
        text = _TAG.sub("", text)
        if text == before:
            break
    if not addresses:
        text = _ADDRESS.sub(_LEFT_OUT, text)
    # Whatever tag is left is one no more; `<name>` in a manual stays readable.
    return _BRACKET.sub("‹", text).replace("](", "] (").replace("![", "! [")


def _gap(found: re.Match[str]) -> str:
    """What is left of many blanks; a new line stays one, since what is indented below it may be an item of a list."""
    return "\n" * min(found[0].count("\n"), 2) or " "


def visible(text: str) -> str:
    """Without signs that nobody sees: they hide addresses from us, and not from a browser."""
    return "".join(each for each in text if each in "\n\t" or unicodedata.category(each) not in _UNSEEN)
