"""What a sample feed shall be, and what came out."""

from __future__ import annotations

from dataclasses import dataclass, field

from substrate.clock import DAY, MINUTE, parse_instant

DEFAULT_UNTIL = parse_instant("2026-03-02T10:00:00Z")
"""A Monday morning: the trucks are on the road."""
_CUSTOMERS = 500
_ROWS_OF_A_DEPOT = 200.0
_ROWS_PER_DEPOT_DAY = 205.0
_ROWS_PER_CUSTOMER_DAY = 0.13


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """Size, seed and span of a feed; the same plan gives the same bytes.

    Attributes:
        customers: how many customers; a depot serves 500 at most.
        days: days of history before `until`.
        seed: another seed gives another feed.
        defects: share of rows that are planted defects, 0 to 0.5.
        until: the feed's "now", in micros; nothing is known later than this.
        events: about how many rows to make; overrides `customers`.
        compress: write `.gz`.
    """

    customers: int = 500
    days: int = 90
    seed: int = 1
    defects: float = 0.01
    until: int = DEFAULT_UNTIL
    events: int | None = None
    compress: bool = False

    def __post_init__(self) -> None:
        for name, value in (
            ("customers", self.customers),
            ("days", self.days),
            ("events", 1 if self.events is None else self.events),
        ):
            if value < 1:
                raise ValueError(f"the plan's {name} is {value}; give at least 1")
        if not 0 <= self.defects <= 0.5:
            raise ValueError(f"the plan's defects is {self.defects}; give a share from 0 to 0.5")

    @property
    def now(self) -> int:
        """The feed's "now" in micros, on a whole minute."""
        return self.until // MINUTE * MINUTE

    @property
    def first_midnight(self) -> int:
        """Where the history begins, in micros: midnight UTC, `days` before the day of `until`."""
        return (self.now // DAY - self.days) * DAY

    def depots(self) -> list[int]:
        """Customers of each depot; a depot is made whole in memory, so its size does not grow with the feed."""
        wanted = self.customers
        if self.events is not None:
            of_one = _ROWS_OF_A_DEPOT + self.days * (_ROWS_PER_DEPOT_DAY + _CUSTOMERS * _ROWS_PER_CUSTOMER_DAY)
            wanted = max(1, round(self.events / of_one * _CUSTOMERS))
        count = -(-wanted // _CUSTOMERS)
        return [wanted // count + (number < wanted % count) for number in range(count)]


@dataclass(slots=True)
class SampleReport:
    """What was written: rows by kind, planted defects and incidents by kind, bytes and seconds."""

    resources: dict[str, int] = field(default_factory=dict)
    """Rows by kind, defects included."""
    defects: dict[str, int] = field(default_factory=dict)
    incidents: dict[str, int] = field(default_factory=dict)
    """Planted cases by kind, those where a rule must stay quiet included."""
    bytes: int = 0
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        """All rows of all files."""
        return sum(self.resources.values())
