"""Texts with columns in braces, such as `{order}/{line}`; a text without braces is the name of one column."""

from __future__ import annotations

import re
from collections.abc import Sequence

from substrate.mapping import Reader
from substrate.mappings.columns import Columns, Payload, Value
from substrate.mappings.fault import MappingFault

_PART = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")


def split(text: str, place: str) -> list[tuple[str, bool]]:
    """The pieces of a template, each with whether it is a column.

    Raises:
        MappingFault: a brace is not closed.
    """
    if "{" not in text and "}" not in text:
        return [(text, True)]
    pieces: list[tuple[str, bool]] = []
    at = 0
    for found in _PART.finditer(text):
        pieces.append((text[at : found.start()], False))
        if found.group() in "{}":
            raise MappingFault(place, f"a brace in {text!r} has no partner", "Write a brace itself twice: {{ or }}.")
        pieces.append((found.group(1).strip(), True) if found.group(1) else (found.group()[0], False))
        at = found.end()
    pieces.append((text[at:], False))
    return [piece for piece in pieces if piece[0]]


def prefix_of(text: str, place: str) -> str:
    """What every key made by a template begins with, where a column comes after it."""
    pieces = split(text, place)
    return pieces[0][0] if pieces[1:] and not pieces[0][1] else ""


def key_template(text: str, columns: Columns, place: str, *, without: str = "") -> Value:
    """A text that is none as soon as one of its columns is blank.

    Args:
        text: the template.
        columns: of the resource.
        place: where the file says it.
        without: what it begins with, and what is left away.

    Raises:
        MappingFault: a brace is not closed.
    """
    pieces = split(text, place)
    parts = _parts(pieces[1:] if without else pieces, columns)
    if len(parts) == 1 and not isinstance(parts[0], str):
        return parts[0]

    def read(payload: Payload, reader: Reader) -> str | None:
        said = ""
        for part in parts:
            piece = part if isinstance(part, str) else part(payload, reader)
            if piece is None:
                return None
            said += piece
        return said

    return read


def text_template(text: str, columns: Columns, place: str) -> Value:
    """A text in which blank columns are left out; none where all are blank.

    Raises:
        MappingFault: a brace is not closed.
    """
    parts = _parts(split(text, place), columns)

    def read(payload: Payload, reader: Reader) -> str | None:
        said = [part if isinstance(part, str) else part(payload, reader) for part in parts]
        known = any(piece is not None and not isinstance(part, str) for piece, part in zip(said, parts, strict=True))
        return " ".join("".join(piece or "" for piece in said).split()) if known else None

    return read


def _parts(pieces: Sequence[tuple[str, bool]], columns: Columns) -> list[str | Value]:
    return [columns.text(piece) if is_column else piece for piece, is_column in pieces]
