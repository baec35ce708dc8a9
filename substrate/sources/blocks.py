"""The bytes of a file, plain or gzip, in bounded blocks, with a tear in them told apart from their end."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path

BLOCK = 1 << 18
_GZIP = 31  # window bits that make zlib expect a gzip header and check its checksum


class TornError(Exception):
    """The file ended or broke in the middle; every block given before it is good."""


def digest(path: Path) -> str:
    """The SHA-256 of the file as it lies there (compressed, if it is)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def blocks(path: Path) -> Iterator[bytes]:
    """The content of a file in blocks, decompressed when its name ends in `.gz`.

    Raises:
        TornError: after the last good block, if a gzip stream is cut short or damaged.
    """
    with path.open("rb") as file:
        chunks = iter(lambda: file.read(BLOCK), b"")
        if path.suffix == ".gz":
            yield from _inflate(chunks)
        else:
            yield from chunks


def ends_with_newline(path: Path) -> bool:
    """Whether the text of a file ends where a line ends (in UTF-16 too)."""
    last = b""
    try:
        for block in blocks(path):
            last = (last + block)[-2:]
    except TornError:
        return False
    return b"\n" in last


def _inflate(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress gzip members one after another, never more than a block of output at a time."""
    inflater = zlib.decompressobj(_GZIP)
    fed = False
    for chunk in chunks:
        data = chunk
        while data:
            if inflater.eof:
                data, inflater = data.lstrip(b"\0"), zlib.decompressobj(_GZIP)
                fed = bool(data)
                continue
            fed = True
            out = _step(inflater, data)
            data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            if out:
                yield out
    if fed and not inflater.eof:
        raise TornError("the gzip stream ends too early")


def _step(inflater: zlib._Decompress, data: bytes) -> bytes:
    try:
        return inflater.decompress(data, BLOCK)
    except zlib.error as error:
        raise TornError("the gzip stream is damaged") from error
