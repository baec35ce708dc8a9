"""The vertical's side of `plumbline sample`: from the common order to a school's plan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from substrate.catalog import SampleOrder, SampleReceipt
from substrate.clock import from_micros
from verticals.school.sample.plan import SamplePlan
from verticals.school.sample.schools import generate


def sample(out: Path, order: SampleOrder, progress: Callable[[int, int], None]) -> SampleReceipt:
    """Write the feed that is ordered."""
    plan = SamplePlan(
        students=order.people,
        days=order.days,
        seed=order.seed,
        defects=order.defects,
        until=from_micros(order.until),
        events=order.events,
        compress=order.compress,
    )
    made = generate(out, plan, progress)
    return SampleReceipt(made.resources, made.incidents, made.defects, made.bytes, made.seconds)
