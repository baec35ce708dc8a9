"""Patterns of paths as people write them in lists of files: `**/*.md`, `hr/**`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_PARTS = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
_MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def matches(path: str, pattern: str) -> bool:
    """Whether a path with `/` between its parts fits a pattern.

    `*` and `?` stand for anything within one part, `**` for any number of parts; every other sign stands for itself.
    """
    return _compiled(pattern).fullmatch(path) is not None


def matches_any(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path fits one of some patterns."""
    return any(matches(path, pattern) for pattern in patterns)


@lru_cache(maxsize=1_024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_MEANING.get(part) or re.escape(part) for part in _PARTS.findall(pattern)), re.DOTALL)
