"""How often one caller may ask: a bucket of tokens for each, that fills again as time goes by."""

from __future__ import annotations

from dataclasses import dataclass

from substrate.clock import MINUTE

_MOST = 10_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at: int


class Pace:
    """Counts questions; a burst may be as large as what is allowed in a minute.

    Args:
        per_minute: questions that a caller may ask in a minute.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, name: str, now: int) -> int:
        """Count a question; how long its caller must wait before it is answered, in microseconds, 0: not at all."""
        if len(self._buckets) >= _MOST:
            self._buckets.clear()
        bucket = self._buckets.setdefault(name, _Bucket(self._per_minute, now))
        filled = max(now - bucket.at, 0) * self._per_minute / MINUTE
        bucket.left, bucket.at = min(bucket.left + filled, self._per_minute), now
        if bucket.left >= 1:
            bucket.left -= 1
            return 0
        return round((1 - bucket.left) * MINUTE / self._per_minute)
