"""reStructuredText as Markdown: docutils reads it, what only Sphinx knows is taken for text, and no file is opened."""

from __future__ import annotations

import re
from threading import Lock
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree, publish_from_doctree
from docutils.parsers.rst import directives, roles
from docutils.utils import Reporter

from rag.document import UnreadableError
from rag.readers.bounds import check_substitutions
from rag.readers.html import read_html
from rag.readers.parsed import Parsed, as_prose, title_of
from rag.readers.sphinx import ADMONITIONS, DROPPED, SILENT, directive_for, is_strange_role, shown

_LONGEST_LINE = 10_000  # docutils reads no document with a longer one, and lets no substitution grow beyond it
_LONGEST_BLOCK = 10_000  # characters without a blank line between; docutils' time grows with their square
_LONGEST = 1_000_000  # characters; docutils reads some 100,000 a second
_BLANK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_DIRECTIVE = re.compile(r"^[ \t]*\.\.[ \t]+(?:\|[^|\n]{1,100}\|[ \t]+)?([\w:+.-]{1,60})::", re.MULTILINE)
_ROLE = re.compile(r":([\w:+.-]{1,60}):`|`:([\w:+.-]{1,60}):")
_UNRESOLVED = re.compile(r"^[|`]+|[|`]*_{0,2}$")
_QUIET: dict[str, Any] = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "halt_level": Reporter.SEVERE_LEVEL + 1,
    "report_level": Reporter.SEVERE_LEVEL + 1,
    "warning_stream": False,
    "line_length_limit": _LONGEST_LINE,
    "doctitle_xform": False,
    "syntax_highlight": "none",
    "math_output": "LaTeX",
    "embed_stylesheet": False,
    "stylesheet_path": "",
    "stylesheet": "",
    "initial_header_level": 1,
    "smart_quotes": False,
}
# docutils keeps its directives, and the language of the document that it reads, in variables of its modules.
_ONE_AT_A_TIME = Lock()


def read_rst(text: str, name: str) -> Parsed:
    """A reStructuredText file, called what its first heading says.

    Raises:
        UnreadableError: it is longer than docutils can bear.
    """
    if max(map(len, text.split("\n")), default=0) > _LONGEST_LINE or _longest_block(text) > _LONGEST_BLOCK:
        return Parsed(title_of(name), as_prose(text))
    if len(text) > _LONGEST:
        raise UnreadableError(
            "too_large", f"it has {len(text):,} characters; of reStructuredText {_LONGEST:,} are read"
        )
    check_substitutions(text)
    with _ONE_AT_A_TIME:
        _know(text)
        tree = publish_doctree(text, settings_overrides=_QUIET)
        _repair(tree)
        page = publish_from_doctree(tree, writer="html5", settings_overrides=_QUIET)
    title = next((_words(node) for node in tree.findall(nodes.title)), "")
    return Parsed(title or title_of(name), read_html(page.decode("utf-8"), name).markdown)


def _longest_block(text: str) -> int:
    return max(map(len, _BLANK.split(text)), default=0)


def _know(text: str) -> None:
    """Every directive and role of a text that docutils does not know, or would open something for, becomes its text."""
    for name in {*_DIRECTIVE.findall(text), *ADMONITIONS, *DROPPED, *SILENT}:
        found = directive_for(name.lower())
        if found is not None:
            directives.register_directive(name.lower(), found)
    for name in {name.lower() for pair in _ROLE.findall(text) for name in pair if name}:
        if is_strange_role(name):
            roles.register_local_role(name, shown)


def _repair(tree: nodes.document) -> None:
    """What docutils could not make sense of, as the text that it is; complaints go."""
    for message in list(tree.findall(nodes.system_message)):
        blocks = list(message.findall(nodes.literal_block))
        message.parent.replace(message, blocks)
    for problem in list(tree.findall(nodes.problematic)):
        problem.parent.replace(problem, nodes.Text(_UNRESOLVED.sub("", problem.astext())))
    tree.parse_messages.clear()
    tree.transform_messages.clear()


def _words(node: nodes.Node) -> str:
    return " ".join(node.astext().split())
