"""The rows of one JSON document however large it is: a list, or an object that keeps its list under a key."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator

import orjson

from substrate.sources.blocks import TornError
from substrate.sources.ndjson import bad_json, row_of
from substrate.sources.source import Row

_MOST = 16 << 20
"""Bytes of one row; also the most that is held at once."""
_SCANNER = json.JSONDecoder(strict=False)
_BLANK = " \t\r\n"


class BrokenError(Exception):
    """The document is no JSON from some place on, so nobody can tell what should have followed.

    Args:
        detail: what is wrong, for people.
    """


def read_document(blocks: Iterable[bytes], place: str, lists: Collection[str]) -> Iterator[Row]:
    """A row for each element of the list; a document without one is a single row.

    Args:
        blocks: its bytes, in UTF-8.
        place: the file, as its rows name it.
        lists: the keys under which it may keep its list; the first list counts.

    Raises:
        BrokenError: it ends too early, or is no JSON.
    """
    text = _Text(blocks)
    if text.peek() == "[":
        found = text.elements()
    elif text.peek() == "{":
        found = _within(text, lists)
    else:
        raise BrokenError("it holds neither a list nor an object")
    for number, raw in enumerate(found, 1):
        yield _row(raw, place, number)


def _row(raw: bytes, place: str, number: int) -> Row:
    try:
        return row_of(orjson.loads(raw), raw, place, "ticket", number)
    except orjson.JSONDecodeError:
        return bad_json(raw, place, "ticket", number)


def _within(text: _Text, lists: Collection[str]) -> Iterator[bytes]:
    """The elements of the list in an object; of an object without one, the object."""
    kept: list[bytes] = []
    text.skip("{")
    while text.peek() == '"':
        key = text.value()
        text.skip(":")
        if text.peek() == "[" and orjson.loads(key) in lists:
            yield from text.elements()
            return
        kept.append(key + b":" + text.value())
        if text.peek() == ",":
            text.skip(",")
    text.skip("}")
    yield b"{" + b",".join(kept) + b"}"


class _Text:
    """The text of a document from where it was read to; each character stands for a byte, so that nothing is lost."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._text = ""
        self._at = 0

    def peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def skip(self, mark: str) -> None:
        """Go past a sign that must stand here."""
        if (found := self.peek()) != mark:
            raise BrokenError(f"{mark} is missing" if found else "it ends in the middle")
        self._at += 1

    def elements(self) -> Iterator[bytes]:
        """The elements of the list that begins here."""
        self.skip("[")
        while self.peek() != "]":
            yield self.value()
            if self.peek() != "]":
                self.skip(",")
        self.skip("]")

    def value(self) -> bytes:
        """The bytes of the value that begins here."""
        self.peek()
        while True:
            try:
                _, end = _SCANNER.raw_decode(self._text, self._at)
            except (json.JSONDecodeError, RecursionError):
                end = len(self._text)
            # A number at the end of what was read may go on.
            if end < len(self._text):
                break
            if not self._more():
                raise BrokenError("it ends in the middle")
            if len(self._text) - self._at > _MOST:
                raise BrokenError(f"a row is no JSON, or has more than {_MOST:,} bytes")
        found = self._text[self._at : end].encode("latin-1")
        self._at = end
        return found

    def _more(self) -> bool:
        """Read as much again as is left over; whether there was more."""
        left = self._text[self._at :]
        parts, size = [left], 0
        try:
            for block in self._blocks:
                parts.append(block.decode("latin-1"))
                size += len(block)
                if size >= len(left):
                    break
        except TornError as torn:
            raise BrokenError(str(torn)) from None
        self._text, self._at = "".join(parts), 0
        return size > 0
