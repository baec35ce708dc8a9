"""Single values of an export of tickets: texts, numbers, times, yes and no, and what names another ticket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_LONGEST_ID = 200  # characters
_YES = frozenset({"true", "yes", "y", "t", "1", "on"})
_NO = frozenset({"false", "no", "n", "f", "0", "off", "", "null", "none"})


def number_of(value: Any) -> str:
    """The number of a ticket; empty: it is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if len(text) <= _LONGEST_ID and text.isprintable() else ""


def plain(value: Any) -> str:
    """A value as text; of an object its name."""
    if isinstance(value, dict):
        value = value.get("name")
    if isinstance(value, str):
        return clean(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def time_of(value: Any) -> str | int | float:
    """A time as it is written, in words or as a number of seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return plain(value)


def clean(text: str) -> str:
    """A text without blanks around it and without the zero bytes that no database takes."""
    return text.replace("\0", "").strip()


def says_yes(value: Any) -> bool:
    """Whether a value plainly says yes."""
    return value is True or (isinstance(value, str | int) and str(value).strip().casefold() in _YES)


def says_no(value: Any) -> bool:
    """Whether a value plainly says no, or says nothing."""
    return value is None or (isinstance(value, str | int) and str(value).strip().casefold() in _NO)


def names_any(value: Any, words: frozenset[str]) -> bool:
    """Whether a text, or one of a list of texts, is one of some words."""
    texts: Sequence[Any] = value if isinstance(value, list) else [value]
    return any(isinstance(one, str) and one.strip().casefold() in words for one in texts)


def replaces(value: Any, ticket: str) -> bool:
    """Whether a value names another ticket, or a list of relations says that the ticket duplicates another."""
    if isinstance(value, list):
        return any(_duplicates(one, ticket) for one in value)
    if isinstance(value, dict):
        value = value.get("id")
    named = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return named.casefold() not in _NO and named != ticket


def _duplicates(relation: Any, ticket: str) -> bool:
    if not isinstance(relation, dict) or relation.get("relation_type") != "duplicates":
        return False
    return str(relation.get("issue_id")) == ticket
