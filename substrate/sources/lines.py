"""Lines of bounded length out of blocks, with what could not be given whole told apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from substrate.sources.blocks import TornError
from substrate.sources.source import Fault

KEPT_BYTES = 65_536
"""How much is kept of a line that is too long."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A line that is not whole: too long, torn, or without its newline at the file's end (fault None)."""

    raw: bytes
    fault: Fault | None
    detail: str = ""


Line: TypeAlias = bytes | Cut


def split_lines(blocks: Iterable[bytes], max_bytes: int) -> Iterator[Line]:
    """Every line without its newline; after a tear, one last `Cut` that says so."""
    rest, dropped = b"", 0
    kept = min(KEPT_BYTES, max_bytes)
    try:
        for block in blocks:
            *whole, rest = (rest + block).split(b"\n")
            for line in whole:
                yield line if not dropped and len(line) <= max_bytes else _too_long(line, dropped, max_bytes)
                dropped = 0
            if len(rest) > max_bytes:
                dropped += len(rest) - kept
                rest = rest[:kept]
    except TornError as torn:
        yield Cut(rest, Fault.TRUNCATED, str(torn))
        return
    if dropped:
        yield _too_long(rest, dropped, max_bytes)
    elif rest:
        yield Cut(rest, None)


def _too_long(line: bytes, dropped: int, max_bytes: int) -> Cut:
    detail = f"{len(line) + dropped} bytes in one line, the limit is {max_bytes}"
    return Cut(line[:KEPT_BYTES], Fault.TOO_LARGE, detail)
