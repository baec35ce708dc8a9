"""The front matter of a Markdown file: what stands above its text, for programs."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

import yaml

_LONGEST = 20_000  # characters; what is longer is a text that happens to begin with a rule


def _yaml(head: str) -> Any:
    """YAML without repetitions: a few of them that stand within one another fill any memory."""
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(head, yaml.SafeLoader)):
        return {}
    return yaml.safe_load(head)


_FENCES: dict[str, Callable[[str], Any]] = {"---": _yaml, "+++": tomllib.loads}


def front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The keys above a text, and the text below them; no keys where there is no front matter."""
    first, _, rest = text.partition("\n")
    parse = _FENCES.get(first.rstrip())
    head, end, body = rest.partition(f"\n{first.rstrip()}")
    if parse is None or not end or len(head) > _LONGEST or body.partition("\n")[0].strip():
        return {}, text
    try:
        found = parse(head)
    except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError, RecursionError):
        return {}, text
    return (found, body.partition("\n")[2]) if isinstance(found, dict) else ({}, text)
