"""One wing of a hospital while it is made: its people, its rows so far, and what was planted in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from substrate.clock import DAY
from verticals.hospital.sample.dice import Dice
from verticals.hospital.sample.people import Person, draw_person, instant

FAR = 1 << 62
"""The end of a span that has none yet."""
FUTURE_DAYS = 14
PRACTITIONERS = 24


@dataclass(frozen=True, slots=True)
class Flaw:
    """One planted defect, and what becomes of its row."""

    kind: str
    resource: str
    id: str | None
    """The id in the row; None where the row has none."""
    expect: str
    """`quarantined`, `accepted` or `unchanged`."""
    reason: str


Row: TypeAlias = tuple[int, bytes, Flaw | None]
"""When it takes its place in the file (micros), the line with its newline, and the flaw it carries."""


@dataclass(frozen=True, slots=True)
class Case:
    """One planted incident, or a near miss of it."""

    kind: str
    fires: bool
    """What a correct rule does at the feed's "now"."""
    resource: str
    id: str
    at: int
    """When the condition becomes true, or would have, in micros."""
    why: str
    about: dict[str, str]
    """Ids of the other resources concerned, by resource type."""

    def told(self) -> dict[str, Any]:
        """As it stands in `planted.json`."""
        expect = "fires" if self.fires else "quiet"
        return {
            "kind": self.kind,
            "expect": expect,
            "resource": self.resource,
            "id": self.id,
            "at": instant(self.at),
            "why": self.why,
            "about": self.about,
        }


class Wing:
    """The wing's state. Rows are kept with the time of their last change, so that files come out in that order."""

    def __init__(self, number: int, dice: Dice, start: int, now: int) -> None:
        self.number = number
        self.dice = dice
        self.start = start
        self.now = now
        self.organization = f"Organization/org-{number // 10}"
        self.people: list[Person] = []
        self.rows: defaultdict[str, list[Row]] = defaultdict(list)
        self.cases: list[Case] = []
        self.repeated: set[int] = set()
        """Which observations, by place, a planted duplicate, correction or stale row repeats."""
        self._ids: Counter[str] = Counter()

    def new_id(self, prefix: str) -> str:
        """The next id of this prefix; unlike any other in the feed."""
        self._ids[prefix] = serial = self._ids[prefix] + 1
        return f"{prefix}-{self.number}-{serial}"

    def new_person(self) -> Person:
        """A further patient of this wing."""
        ident = self.new_id("pat")
        number = self.number * 1000 + len(self.people)
        person = draw_person(self.dice, ident, number, self.practitioner(), self.start)
        self.people.append(person)
        return person

    def practitioner(self) -> str:
        """A reference to one of the wing's staff."""
        return f"Practitioner/prac-{self.number}-{self.dice.below(PRACTITIONERS) + 1}"

    def emit(self, kind: str, ident: str, updated: int, body: dict[str, Any]) -> None:
        """Keep one resource; nothing is updated after the feed's "now"."""
        updated = min(updated, self.now)
        meta = {"versionId": "1", "lastUpdated": instant(updated)}
        row = {"resourceType": kind, "id": ident, "meta": meta, **body}
        # The sum is a copy of just the right size; what `dumps` gives keeps its generous buffer.
        self.rows[kind].append((updated, orjson.dumps(row) + b"\n", None))

    def plant(self, case: Case) -> None:
        """Write down what a correct rule must say about a case."""
        self.cases.append(case)

    @property
    def future(self) -> int:
        """The end of the days for which appointments are booked, in micros."""
        return (self.now // DAY + FUTURE_DAYS + 1) * DAY
