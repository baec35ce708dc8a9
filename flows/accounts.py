"""What a step did, as tables and Markdown for people who look into Prefect: counts and codes, never a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from automations.delivery import DeliveryReport
from automations.engine import RuleReport
from rag.held import HeldDocument
from rag.sync import SyncReport
from substrate.clock import duration_text
from substrate.features.refresh import RefreshReport
from substrate.freshness import Stale
from substrate.ingest import IngestReport
from substrate.quarantine import Lying
from substrate.series.refresh import SeriesReport

Line = dict[str, Any]
_SHOWN = 50


def rows_of(report: IngestReport) -> dict[str, int]:
    """The account of a read: rows in = accepted + unchanged + quarantined."""
    return {name: getattr(report, name) for name in ("rows_in", "accepted", "unchanged", "quarantined")}


def ingest_lines(report: IngestReport) -> list[Line]:
    """A table of the account, then what was written, dropped and held back."""
    lines = [_line("rows", name, count) for name, count in rows_of(report).items()]
    for what, counts in (
        ("quarantined because", report.reasons),
        ("records written", report.records),
        ("records gone", report.gone),
        ("deletes held for a person", report.held_deletes),
        ("values dropped", report.discarded),
    ):
        lines += [_line(what, name, count) for name, count in sorted(counts.items()) if count]
    return lines


def refresh_lines(reports: Iterable[RefreshReport]) -> list[Line]:
    """A table of what was computed, a line a view."""
    return [
        {"view": one.view, "mode": str(one.mode), "entities": one.entities, "changed": one.changed,
         "seconds": round(one.seconds, 2)}
        for one in reports
    ]  # fmt: skip


def series_lines(reports: Iterable[SeriesReport]) -> list[Line]:
    """A table of what was computed, a line a series."""
    return [
        {"series": one.series, "mode": str(one.mode), "computed": one.points, "points": one.stored,
         "seconds": round(one.seconds, 2)}
        for one in reports
    ]  # fmt: skip


def alerts_of(report: RuleReport) -> dict[str, int]:
    """What the rules said, in numbers."""
    return {
        "evaluated": report.evaluated,
        "held_still": len(report.stale),
        "failed": len(report.errors),
        "opened": sum(report.opened.values()),
        "resolved": report.resolved,
        "pending": report.pending,
        "enqueued": report.enqueued,
    }


def sent_of(report: DeliveryReport) -> dict[str, int]:
    """What became of the messages, in numbers."""
    counts = {name: getattr(report, name) for name in ("sent", "retried", "postponed", "dead")}
    return {**counts, "suppressed": report.suppressed.total()}


def number_lines(what: str, counts: Mapping[str, int]) -> list[Line]:
    """A table of named numbers."""
    return [_line(what, name, count) for name, count in counts.items()]


def stale_lines(old: Iterable[Stale]) -> list[Line]:
    """A table of data older than promised."""
    return [
        {"data": one.name, "age": "never read" if one.age is None else duration_text(one.age),
         "promised": duration_text(one.budget)}
        for one in old
    ]  # fmt: skip


def sync_lines(reports: Iterable[SyncReport]) -> list[Line]:
    """A table of what became of each copilot's index."""
    return [
        {"copilot": one.copilot, "documents": one.documents, "chunks": one.chunks, "read": one.read,
         "embedded": one.embedded, "deleted": one.deleted, "held": sum(one.held.values()),
         "failed": ", ".join(sorted(one.failed)), "generation": f"{one.generation} {one.state}",
         "seconds": round(one.seconds, 2)}
        for one in reports
    ]  # fmt: skip


def held_text(held: Mapping[str, Sequence[HeldDocument]]) -> str:
    """A page on the documents that are held, by copilot: which, and why."""
    parts = ["# Documents that are held"]
    for name, documents in held.items():
        parts.append(f"## {name}\n\n{len(documents):,} documents are held." if documents else f"## {name}\n\nNone.")
        rows = [[one.source, one.key or "the whole source", one.reason, one.detail] for one in documents[:_SHOWN]]
        if rows:
            parts.append(_markdown(["source", "document", "reason", "detail"], rows))
        if len(documents) > _SHOWN:
            parts.append(f"The first {_SHOWN} are shown; `plumbline index status` shows more.")
    return "\n\n".join(parts)


def quality_text(vertical: str, lying: Sequence[Lying], stale: Sequence[Line]) -> str:
    """A page on what lies in quarantine and on data older than promised."""
    held = sum(one.held for one in lying)
    parts = [f"# Quality of {vertical}", f"{held:,} rows are held in quarantine."]
    if lying:
        rows = [[one.source, one.resource, one.reason, f"{one.held:,}", f"{one.fresh:,}"] for one in lying]
        parts.append(_markdown(["source", "resource", "reason", "held", "new in a day"], rows))
        parts.append("`plumbline quarantine list` shows the rows, `plumbline quarantine replay` sends them again.")
    parts.append(f"{len(stale)} watermarks are older than promised." if stale else "All data is as fresh as promised.")
    if stale:
        parts.append(_markdown(list(stale[0]), [[str(value) for value in line.values()] for line in stale]))
    return "\n\n".join(parts)


def _line(what: str, name: str, count: int) -> Line:
    return {"what": what, "which": name, "count": count}


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    cells = ([cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
