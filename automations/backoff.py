"""When a message that could not be delivered is tried again, and when it no longer is."""

from __future__ import annotations

from automations.channels.channel import Failure
from substrate.clock import DAY, MINUTE, SECOND

MAX_ATTEMPTS = 8

_FIRST = 5 * SECOND
_LONGEST = 15 * MINUTE
# Eight attempts then span an outage of about half an hour, as the outage of a mail server lasts.
_GROWTH = 3
_SHORTEST = SECOND
_PATIENCE = DAY


def ceiling(attempts: int) -> int:
    """The longest wait after so many attempts, in microseconds: 5 s, 15 s, 45 s … 15 min."""
    return int(min(_LONGEST, _FIRST * _GROWTH ** min(attempts - 1, MAX_ATTEMPTS)))


def next_try(attempts: int, now: int, expires_at: int | None, after: int | None, chance: float) -> int | Failure:
    """When to try again, or why not.

    Args:
        attempts: how often it was tried, at least once.
        now: the instant, in microseconds since 1970 UTC.
        expires_at: from when on it is not worth sending.
        after: the wait that the provider asked for, in microseconds; obeyed up to a day.
        chance: a random number in [0, 1); spreads those that failed together.
    """
    if attempts >= MAX_ATTEMPTS:
        return Failure.EXHAUSTED
    asked = 0 if after is None else min(max(after, 0), _PATIENCE)
    spread = _FIRST if after is not None else ceiling(attempts)
    due = now + max(_SHORTEST, asked + int(chance * spread))
    return Failure.EXPIRED if expires_at is not None and due >= expires_at else due
