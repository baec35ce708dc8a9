"""What plain rows of gradebook and bursary leave to be worked out: states nobody typed, and since when they hold."""

from __future__ import annotations

from typing import Any

from substrate.mapping import Reader
from verticals.school.sources.cells import Cells, instant, until

_MARKED = ("graded", "returned")


def submission(reader: Reader, row: Cells, values: dict[str, Any]) -> None:
    """A state follows from what is there; a score without a time counts from when the work was handed in."""
    since = values["since"]
    if since is None:
        since = instant(reader, row, "assigned_at") or 0
    handed_in = values["submitted_at"]
    own = values["own_due_at"]
    values["own_due_at"] = until(reader, row, "due_at") if own is None else own
    settle(values, since, handed_in)


def settle(values: dict[str, Any], since: int, handed_in: int | None) -> None:
    """Set what a submission's state is and from when on it holds, from its instants and its score."""
    told = values["score"] is not None or values["percent"] is not None
    if told and values["scored_at"] is None:
        values["scored_at"] = handed_in if handed_in is not None else since
    if values["status"] is None:
        values["status"] = "graded" if told else "submitted" if handed_in is not None else "assigned"
    if values["exempt"] is None:
        values["exempt"] = values["status"] in ("exempt", "banked")
    known = (values["scored_at"] if values["status"] in _MARKED else None, handed_in, since)
    values["since"] = since
    values["status_at"] = next(at for at in known if at is not None)


def fee_invoice(reader: Reader, row: Cells, values: dict[str, Any]) -> None:
    """Nothing is paid unless somebody says so; what is settled without a date was settled when the row last changed."""
    if values["outstanding"] is None:
        values["outstanding"] = values["total"] if values["paid_at"] is None else 0.0
    if values["issued_at"] is None:
        values["issued_at"] = 0
    settled = values["outstanding"] is not None and values["outstanding"] <= 0
    if settled and values["paid_at"] is None:
        changed = instant(reader, row, "changed_at")
        values["paid_at"] = values["issued_at"] if changed is None else changed
