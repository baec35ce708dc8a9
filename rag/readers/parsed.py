"""What every reader makes of a file: a title and Markdown; and what a title is where the file has none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

_UNSAID = {"index", "readme", "_index", "default"}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file that was read.

    Attributes:
        title: what people call it.
        markdown: what it says.
    """

    title: str
    markdown: str


def title_of(name: str) -> str:
    """A title from a file's path: its name in words; of `index` and `readme` the folder's."""
    path = PurePosixPath(name)
    stem = path.stem if path.stem.lower() not in _UNSAID or not path.parent.name else path.parent.name
    return " ".join(re.sub(r"^\d+[-_. ]+", "", stem).replace("_", " ").replace("-", " ").split()) or path.name


def as_prose(text: str) -> str:
    """Text that is no Markdown, so that no line of it is taken for a heading, a code block or a rule."""
    return "\n".join(_plain_line(line.strip()) for line in text.split("\n"))


def _plain_line(line: str) -> str:
    return f"\\{line}" if re.match(r"#{1,6}(\s|$)|`{3}|~{3}|=+$|-+$|[*_]{3,}$|[>|]", line) else line
