"""Times as people read them on the wall while they look at one alert, and sentences that name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from substrate.clock import DAY, local_text
from substrate.expressions.literals import say_duration, say_timestamp

_LONG = 2 * 365
"""Beyond so many days people count in years."""


@dataclass(frozen=True, slots=True)
class Wall:
    """The wall of one zone, read at one moment.

    Attributes:
        zone: IANA zone.
        now: the moment of reading, from which ages count; in microseconds since 1970 UTC.
    """

    zone: str
    now: int

    def time(self, instant: int) -> str:
        """An instant: `Sat 21 Nov 08:58`, with the year only where it is another one."""
        said = local_text(instant, self.zone)
        year = local_text(self.now, self.zone).split()[-2:-1]
        words = said.split()
        return " ".join([*words[:-2], words[-1]]) if words[-2:-1] == year else said

    def away(self, instant: int) -> str:
        """How far an instant is from now: `1 h 15 min ago`, `in 20 min`, `just now`."""
        if instant == self.now:
            return "just now"
        days = abs(self.now - instant) // DAY
        distance = f"{days // 365} years" if days > _LONG else say_duration(abs(self.now - instant))
        return f"{distance} ago" if instant < self.now else f"in {distance}"

    def both(self, instant: int) -> str:
        """An instant, and how far it is from now."""
        return f"{self.time(instant)} ({self.away(instant)})"

    def sentence(self, part: Mapping[str, Any]) -> str:
        """A sentence of the evidence with its instants as they stand on this wall."""
        text = str(part["text"])
        for instant in part.get("times", ()):
            text = text.replace(say_timestamp(instant), self.time(instant))
        return opened(text)


def opened(text: str) -> str:
    """A sentence with a capital, unless its first word is spelt in a way of its own: `pH`."""
    return text if text[1:2].isupper() else text[:1].upper() + text[1:]
