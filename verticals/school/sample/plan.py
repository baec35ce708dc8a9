"""What a sample feed shall be, and what came out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from substrate.clock import DAY, to_micros

_SCHOOL_STUDENTS = 600
_LEAST = 80
_ROWS_PER_STUDENT = 8.0
_ROWS_PER_STUDENT_DAY = 1.34
DEFAULT_UNTIL = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""A Monday morning: the registers of the day are taken."""


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """Size, seed and span of a feed; the same plan gives the same bytes."""

    students: int = 500
    days: int = 90
    """Days of history before `until`."""
    seed: int = 1
    defects: float = 0.01
    """Share of rows that are planted defects, 0 to 0.5."""
    until: datetime = DEFAULT_UNTIL
    """The feed's "now", with a zone; nothing is written later than this."""
    events: int | None = None
    """About how many rows to make; overrides `students`."""
    compress: bool = False
    """Write `.csv.gz` instead of `.csv`."""

    def __post_init__(self) -> None:
        if self.until.tzinfo is None:
            raise ValueError("the plan's until has no time zone; give an aware datetime")
        for name, value in (("students", self.students), ("days", self.days)):
            if value < 1:
                raise ValueError(f"the plan's {name} is {value}; give at least 1")
        if not 0 <= self.defects <= 0.5:
            raise ValueError(f"the plan's defects is {self.defects}; give a share from 0 to 0.5")
        if self.events is not None and self.events < 1:
            raise ValueError(f"the plan's events is {self.events}; give at least 1")

    @property
    def now(self) -> int:
        """The feed's "now" in micros, on a whole minute."""
        return to_micros(self.until.replace(second=0, microsecond=0))

    @property
    def today(self) -> int:
        """Midnight UTC of the day of `until`, in micros."""
        return self.now // DAY * DAY

    def schools(self) -> list[int]:
        """Students of each school; a school is made whole in memory, so its size does not grow with the feed."""
        wanted = self.students
        if self.events is not None:
            wanted = round(self.events / (_ROWS_PER_STUDENT + _ROWS_PER_STUDENT_DAY * self.days))
        wanted = max(_LEAST, wanted)
        count = -(-wanted // _SCHOOL_STUDENTS)
        return [wanted // count + (number < wanted % count) for number in range(count)]


@dataclass(slots=True)
class SampleReport:
    """What was written: rows by file, planted defects and incidents by kind, bytes and seconds."""

    resources: dict[str, int] = field(default_factory=dict)
    """Rows by file, defects included, headers not."""
    defects: dict[str, int] = field(default_factory=dict)
    incidents: dict[str, int] = field(default_factory=dict)
    """Planted cases by kind, those where a rule must stay quiet included."""
    bytes: int = 0
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        """All rows of all files."""
        return sum(self.resources.values())
