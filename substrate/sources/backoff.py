"""How long to wait before a request is tried again: full jitter, unless the server itself says when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from substrate.clock import MICROS, to_micros

RETRIED = frozenset({408, 429, 502, 503, 504})
"""Statuses that say: later, perhaps."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often and how patiently to try."""

    attempts: int = 6
    base_seconds: float = 0.5
    cap_seconds: float = 60.0
    patience_seconds: float = 600.0
    """The longest `Retry-After` that is obeyed; a server that asks for more has refused."""

    def wait(self, tried: int, asked: float | None, chance: Callable[[], float]) -> float | None:
        """Seconds to wait after `tried` failures, or None to give up. `chance` gives numbers in [0, 1)."""
        if tried >= self.attempts:
            return None
        if asked is not None:
            return asked + chance() * self.base_seconds if asked <= self.patience_seconds else None
        return chance() * min(self.cap_seconds, self.base_seconds * 2.0**tried)


def retry_after(header: str | None, now: int) -> float | None:
    """The seconds that a `Retry-After` header asks for, written as seconds or as an HTTP date; None if neither."""
    text = (header or "").strip()
    if text.replace(".", "", 1).isdigit():
        return float(text)
    when = http_date(text)
    return None if when is None else max((when - now) / MICROS, 0.0)


def http_date(text: str | None) -> int | None:
    """An HTTP date as an instant; None if it is none."""
    try:
        moment = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return None if moment.tzinfo is None else to_micros(moment)
