"""What belongs together: one word that goes with a pushed event until the message that it set off is delivered.

The word is a trace id in the sense of W3C Trace Context, 32 hexadecimal digits, so that logs, alerts, messages and
traces say the same one. It travels in a context variable within a process, and in rows between processes.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import blake2b
from types import MappingProxyType

_BYTES = 16
_HEX = re.compile(r"[0-9a-f]{32}")
_TRACE_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")
_NOTHING = "0" * 2 * _BYTES

_current: ContextVar[str | None] = ContextVar("correlation", default=None)
_by_entity: ContextVar[Mapping[int, str]] = ContextVar("correlation_by_entity", default=MappingProxyType({}))


def new_correlation() -> str:
    """A word that was never used before."""
    return secrets.token_hex(_BYTES)


def correlation_of(trace_parent: str | None) -> str:
    """The word of whoever calls us, from their `traceparent` header; a new one, where they have none."""
    found = _TRACE_PARENT.fullmatch((trace_parent or "").strip())
    return found[1] if found and found[1] != _NOTHING else new_correlation()


def correlation() -> str | None:
    """The word that goes with what is being done; None: nothing pushed it."""
    return _current.get()


@contextmanager
def correlated(word: str | None) -> Iterator[None]:
    """Do what the block does under a word; None: leave it as it is."""
    if word is None:
        yield
        return
    before = _current.set(word)
    try:
        yield
    finally:
        _current.reset(before)


def correlation_about(entity_id: int) -> str | None:
    """The word that goes with what is decided about an entity: its own within a batch, else the one of it all."""
    return _by_entity.get().get(entity_id) or correlation()


@contextmanager
def correlated_each(words: Mapping[int, str]) -> Iterator[None]:
    """Do what the block does for several events at once, each about entities of its own, by their ids."""
    before = _by_entity.set(words)
    try:
        yield
    finally:
        _by_entity.reset(before)


def trace_id(word: str) -> int:
    """The number under which traces know a word; one that is no trace id is hashed to one."""
    if _HEX.fullmatch(word) and word != _NOTHING:
        return int(word, 16)
    return int.from_bytes(blake2b(word.encode(), digest_size=_BYTES).digest()) or 1
