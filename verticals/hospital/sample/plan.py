"""What a sample feed shall be, and what came out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from substrate.clock import DAY, to_micros

_WING_PATIENTS = 500
_WING_PATIENT_DAYS = 45_000
_LEAST_WING = 200
_ROWS_PER_PATIENT = 6.0
_ROWS_PER_PATIENT_DAY = 0.365
DEFAULT_UNTIL = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""A Monday morning: clinics are open and the wards' rounds are done."""


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """Size, seed and span of a feed; the same plan gives the same bytes."""

    patients: int = 500
    days: int = 90
    """Days of history before `until`."""
    seed: int = 1
    defects: float = 0.01
    """Share of rows that are planted defects, 0 to 0.5."""
    until: datetime = DEFAULT_UNTIL
    """The feed's "now", with a zone; nothing is updated later than this."""
    events: int | None = None
    """About how many resources to make; overrides `patients`."""
    compress: bool = False
    """Write `.ndjson.gz` instead of `.ndjson`."""

    def __post_init__(self) -> None:
        if self.until.tzinfo is None:
            raise ValueError("the plan's until has no time zone; give an aware datetime")
        for name, value, least in (("patients", self.patients, 1), ("days", self.days, 1)):
            if value < least:
                raise ValueError(f"the plan's {name} is {value}; give at least {least}")
        if not 0 <= self.defects <= 0.5:
            raise ValueError(f"the plan's defects is {self.defects}; give a share from 0 to 0.5")
        if self.events is not None and self.events < 1:
            raise ValueError(f"the plan's events is {self.events}; give at least 1")

    @property
    def now(self) -> int:
        """The feed's "now" in micros, on a whole minute."""
        return to_micros(self.until.replace(second=0, microsecond=0))

    @property
    def first_midnight(self) -> int:
        """Where the history begins, in micros: midnight UTC, `days` before the day of `until`."""
        return (self.now // DAY - self.days) * DAY

    def wings(self) -> list[int]:
        """Patients of each wing; a wing is made whole in memory, so its size does not grow with the feed."""
        wanted = self.patients
        if self.events is not None:
            wanted = max(1, round(self.events / (_ROWS_PER_PATIENT + _ROWS_PER_PATIENT_DAY * self.days)))
        size = max(_LEAST_WING, min(_WING_PATIENTS, _WING_PATIENT_DAYS // self.days))
        count = -(-wanted // size)
        return [wanted // count + (number < wanted % count) for number in range(count)]


@dataclass(slots=True)
class SampleReport:
    """What was written: rows by resource type, planted defects and incidents by kind, bytes and seconds."""

    resources: dict[str, int] = field(default_factory=dict)
    """Rows by resource type, defects included."""
    defects: dict[str, int] = field(default_factory=dict)
    incidents: dict[str, int] = field(default_factory=dict)
    """Planted cases by kind, those where a rule must stay quiet included."""
    bytes: int = 0
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        """All rows of all files."""
        return sum(self.resources.values())
