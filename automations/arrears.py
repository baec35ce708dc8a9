"""A chore of Plumbline's own that is behind: what is watched, and how far behind it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Chore(StrEnum):
    """What is watched."""

    MESSAGES = "messages"
    LEASES = "leases"
    RULES = "rules"
    EVENTS = "events"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Arrears:
    """A chore that is behind.

    Attributes:
        chore: what is behind.
        count: how many of it, 1,000 at most.
        oldest: since when the oldest waits, in microseconds since 1970 UTC.
        said: the same for people.
    """

    chore: Chore
    count: int
    oldest: int
    said: str
