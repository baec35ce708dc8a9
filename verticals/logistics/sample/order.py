"""The vertical's side of `plumbline sample`: from the common order to a logistics firm's plan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from substrate.catalog import SampleOrder, SampleReceipt
from verticals.logistics.sample.feed import generate
from verticals.logistics.sample.plan import SamplePlan


def sample(out: Path, order: SampleOrder, progress: Callable[[int, int], None]) -> SampleReceipt:
    """Write the feed that is ordered."""
    plan = SamplePlan(
        customers=order.people,
        days=order.days,
        seed=order.seed,
        defects=order.defects,
        until=order.until,
        events=order.events,
        compress=order.compress,
    )
    made = generate(out, plan, progress)
    return SampleReceipt(made.resources, made.incidents, made.defects, made.bytes, made.seconds)
