"""One school while it is made: its people, what they do, its rows so far, and what was planted in it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

from substrate.clock import DAY, from_micros
from verticals.school.sample.plan import SamplePlan
from verticals.school.sample.sheets import line

TERM_AHEAD = 60
"""Days of the term that are still to come."""
_HOLIDAY = range(24, 31)
"""Days ago on which a long enough feed has a holiday."""
_WEEKEND = 5


@dataclass(frozen=True, slots=True)
class Flaw:
    """One planted defect, and what becomes of its row."""

    kind: str
    resource: str
    expect: str
    """`quarantined`, `accepted` or `unchanged`."""
    reason: str


Line: TypeAlias = tuple[str | bytes, Flaw | None]


@dataclass(frozen=True, slots=True)
class Case:
    """One planted incident, or a near miss of it."""

    kind: str
    fires: bool
    """What a correct rule does at the feed's "now"."""
    record: str
    id: str
    why: str

    def told(self) -> dict[str, Any]:
        """As it stands in `planted.json`."""
        expect = "fires" if self.fires else "quiet"
        return {"kind": self.kind, "expect": expect, "record": self.record, "id": self.id, "why": self.why}


@dataclass(slots=True)
class Mark:
    """One day of a student."""

    day: int
    code: str
    marked_at: int
    corrected_at: int | None = None
    by: str = ""


@dataclass(slots=True)
class Work:
    """One piece of work of a student."""

    item: str
    due_at: int
    own_due_at: int | None
    submitted_at: int | None
    status: str
    percent: float | None = None
    scored_at: int | None = None


@dataclass(slots=True)
class Pupil:
    """A student, and all that a rule may look at."""

    id: str
    name: tuple[str, str]
    form: int
    guardian: str
    story: str = ""
    """What is planted with the student; empty: nothing."""
    left_at: int | None = None
    may_contact: bool = True
    excused_until: int | None = None
    marks: list[Mark] = field(default_factory=list)
    work: list[Work] = field(default_factory=list)
    incidents: list[tuple[int, bool]] = field(default_factory=list)
    """When, and whether it was taken back."""


class School:
    """A school: ids, days, and the rows of its files."""

    def __init__(self, plan: SamplePlan, number: int) -> None:
        self.plan, self.number = plan, number
        self.id = f"sch{number}"
        self.term = f"term{number}"
        self.dice = Random(f"{plan.seed}/{number}")
        self.now, self.today = plan.now, plan.today
        self.first = self.today - plan.days * DAY
        self.term_end = self.today + TERM_AHEAD * DAY
        self.days = [day for day in range(self.first, self.today + DAY, DAY) if self.opens(day)]
        self.planned = sum(self.opens(day) for day in range(self.first, self.term_end, DAY))
        self.pupils: list[Pupil] = []
        self.rows: defaultdict[str, list[Line]] = defaultdict(list)
        self.cases: list[Case] = []
        self._numbers: defaultdict[str, int] = defaultdict(int)

    def opens(self, day: int) -> bool:
        """Whether there is school; the feed's own day counts as open, whatever its weekday."""
        if day == self.today:
            return True
        ago = (self.today - day) // DAY
        holiday = ago in _HOLIDAY and self.plan.days > 2 * max(_HOLIDAY)
        return not holiday and from_micros(day).weekday() < _WEEKEND

    def new_id(self, prefix: str) -> str:
        """An id that is used once in the feed."""
        self._numbers[prefix] += 1
        return f"{prefix}{self.number}-{self._numbers[prefix]}"

    def write(self, sheet: str, *cells: object) -> None:
        """Add a row to a file."""
        self.rows[sheet].append((line(cells), None))

    def case(self, kind: str, *, fires: bool, record: str, key: str, why: str) -> None:
        """Write down what a correct rule does."""
        self.cases.append(Case(kind, fires, record, key, why))
