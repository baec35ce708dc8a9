"""Raw values as text: what a CSV file, a database and a JSON document call the same."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from substrate.mapping import Reader
from substrate.quality import Reason, RowRefused

Read = Callable[[Any, Reader], Any]
"""From a raw value to one of ours; None where there is none. It raises RowRefused, naming the column, never a value."""


def text_reading(what: str, blank: Collection[str]) -> Read:
    """Read text without the space around it; nothing but space, and what stands for no value, is none."""
    none = frozenset(("", *blank))

    def read(raw: Any, _reader: Reader) -> str | None:
        text = raw.strip() if type(raw) is str else as_text(raw, what)
        return None if text is None or text in none else text

    return read


def as_text(raw: Any, what: str) -> str | None:
    """A raw value as text: numbers as they are written, yes and no as `true` and `false`.

    Raises:
        RowRefused: it is a list or an object.
    """
    if raw is None:
        return None
    if isinstance(raw, str):
        return raw.strip()
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float):
        return str(raw)
    raise RowRefused(Reason.WRONG_TYPE, f"column {what} holds a list or an object, no single value")


def yes_or_no(what: str, blank: Collection[str], yes: Collection[str], no: Collection[str]) -> Read:
    """Read true or false, from a yes or no or from texts that mean it, whatever their case."""
    known = {text.lower(): False for text in no or ("false", "f", "no", "n", "0")}
    known |= {text.lower(): True for text in yes or ("true", "t", "yes", "y", "1")}
    text_of = text_reading(what, blank)

    def read(raw: Any, reader: Reader) -> bool | None:
        if type(raw) is bool:
            return raw
        text = text_of(raw, reader)
        if text is None:
            return None
        found = known.get(text.lower())
        if found is None:
            raise RowRefused(Reason.WRONG_TYPE, f"column {what} says neither yes nor no")
        return found

    return read
