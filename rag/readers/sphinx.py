"""What Sphinx adds to reStructuredText, taken for the text in it: its directives and its roles."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive

_CHANGES = {"versionadded": "Added", "versionchanged": "Changed", "deprecated": "Deprecated"}
_BOXES = "attention caution danger error hint important note tip warning seealso todo"
ADMONITIONS = frozenset([*_BOXES.split(), *_CHANGES, "admonition"])
"""Boxes: their name, then what stands in them."""

_ELSEWHERE = "toctree include literalinclude contents index highlight raw image date meta sectnum currentmodule module"
_MADE = "autoclass automodule autofunction automethod plantuml graphviz mermaid tabularcolumns"
DROPPED = frozenset([*_ELSEWHERE.split(), *_MADE.split()])
"""What leads elsewhere, opens a file, or draws a picture; of a picture its words are kept."""

_FRAMES = "figure rst-class glossary only container tabs tab-set grid"
SILENT = frozenset(_FRAMES.split())
"""What stands in them is text, without a name."""

_OWN = "table list-table csv-table math replace unicode class role default-role parsed-literal topic sidebar rubric"
_MORE = "epigraph highlights pull-quote compound line-block title header footer target-notes"
_DOCUTILS_OWN = frozenset([*_OWN.split(), *_MORE.split()])
_ROLES = "emphasis strong literal code math subscript sub superscript sup title-reference title abbreviation"
_STANDARD_ROLES = frozenset(_ROLES.split())
_BY_LABEL = frozenset({"ref", "doc", "numref"})
_NAMED_TARGET = re.compile(r"^(.*\S)\s*<[^<>]+>$", re.DOTALL)


class _AnyOption(dict[str, Callable[[str | None], Any]]):
    """Takes every option of a directive as it is."""

    def __missing__(self, name: str) -> Callable[[str | None], Any]:
        return lambda argument: argument


class _Tolerant(Directive):
    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[Any] = _AnyOption(name=str)

    def paragraphs(self, name: str = "") -> list[nodes.Node]:
        """Its name and argument in bold, if it has them, and what stands in it."""
        found: list[nodes.Node] = []
        heading = ": ".join(part for part in (name, *self.arguments) if part)
        if heading:
            words, complaints = self.state.inline_text(heading, self.lineno)
            found += [nodes.paragraph("", "", nodes.strong("", "", *words)), *complaints]
        inner = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, inner)
        return [*found, *inner.children]


class _Box(_Tolerant):
    optional_arguments = 0

    def run(self) -> list[nodes.Node]:
        """A box with a name: the name, and what stands in it."""
        return self.paragraphs(self.name.capitalize())


class _Change(_Tolerant):
    def run(self) -> list[nodes.Node]:
        """A box on a change: which, in which version, and what stands in it."""
        return self.paragraphs(_CHANGES[self.name])


class _Other(_Tolerant):
    def run(self) -> list[nodes.Node]:
        """A directive that nobody here knows: its argument, and what stands in it."""
        return self.paragraphs()


class _Within(_Tolerant):
    def run(self) -> list[nodes.Node]:
        """What stands in a directive; of a figure without a caption, the picture's words."""
        alt = str(self.options.get("alt") or "") if self.name == "figure" and not self.content else ""
        self.arguments = []
        return self.paragraphs() or ([nodes.paragraph("", alt)] if alt else [])


class _Code(_Tolerant):
    def run(self) -> list[nodes.Node]:
        """A block of code in a language."""
        text = "\n".join(self.content)
        return [nodes.literal_block(text, text, classes=["code", *self.arguments[:1]])] if text.strip() else []


class _Picture(_Tolerant):
    def run(self) -> list[nodes.Node]:
        """The words of a picture, or nothing."""
        alt = str(self.options.get("alt") or "") if self.name == "image" else ""
        return [nodes.inline("", alt)] if alt else []


_FIXED: dict[str, type[Directive]] = {"code-block": _Code, "sourcecode": _Code, "code": _Code}


def directive_for(name: str) -> type[Directive] | None:
    """What stands for a directive; None: docutils has its own, which does no harm."""
    if name in _FIXED:
        return _FIXED[name]
    if name in DROPPED:
        return _Picture
    if name in SILENT:
        return _Within
    if name in _CHANGES:
        return _Change
    if name in ADMONITIONS:
        return _Box if name != "admonition" else _Other
    return None if name in _DOCUTILS_OWN else _Other


def shown(name: str, rawtext: str, text: str, *_: Any) -> tuple[list[Any], list[Any]]:
    """A role that only Sphinx knows, as the text that it shows."""
    whole = nodes.unescape(text)
    named = _NAMED_TARGET.match(whole)
    words = named[1] if named else whole.lstrip("~!")
    if named is None and name in _BY_LABEL:
        words = words.rsplit("/", 1)[-1].replace("_", " ").replace("-", " ")
    return [nodes.inline(rawtext, words)], []


def is_strange_role(name: str) -> bool:
    """Whether docutils does not know a role, or must not follow it."""
    return name not in _STANDARD_ROLES
