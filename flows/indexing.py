"""Bringing the indexes of copilots up to date, as plain functions: the flow, the clock and the commands call them.

Each commits what it did before it returns, and is safe to do again after it was killed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from flows.installation import Installation
from flows.timetable import has_own_turns
from rag.copilot import Copilot, SourceSpec
from rag.copilot_files import load_copilots
from rag.document import DocumentSource
from rag.embedder import Embedder
from rag.ledger import HeldReason, State
from rag.sources.declared import document_sources
from rag.sync import Chosen, Progress, SyncOptions, SyncReport, sync, sync_some
from rag.told.opened import records_source
from rag.told.source import RecordsSource
from substrate.clock import MINUTE, parse_duration
from substrate.freshness import advance, collection_name
from substrate.sweep import Limits

MOST = 2_000
"""More touched documents than this are left to the next whole sync: to embed them takes minutes of a whole core."""


def copilots_of(opened: Installation) -> dict[str, Copilot]:
    """All copilots of an installation, by name.

    Raises:
        CopilotError: one of their files is wrong.
    """
    return load_copilots(opened.settings, opened.verticals)


def sources_of(opened: Installation, copilot: Copilot) -> list[DocumentSource]:
    """The sources of a copilot; nothing is read yet.

    Raises:
        PlumblineError: a template of its vertical is wrong.
    """

    def tell(spec: SourceSpec) -> DocumentSource:
        vertical = opened.verticals[copilot.vertical or ""]
        templates = spec.records.templates if spec.records is not None else ()
        return records_source(opened.settings, opened.database, vertical, name=spec.name, templates=templates)

    return document_sources(copilot, opened.clock, tell, opened.settings.time_zone)


def sync_copilot(
    opened: Installation,
    copilot: Copilot,
    embedder: Embedder,
    progress: Callable[[Progress], None] | None = None,
    *,
    allow_mass_delete: bool = False,
) -> SyncReport:
    """Bring one copilot's index up to date, and say how far it is known to be true.

    Args:
        opened: the installation.
        copilot: whose.
        embedder: what turns texts into vectors.
        progress: is told how far it is.
        allow_mass_delete: a person has looked, and any number of documents may go, this once.

    Raises:
        PlumblineError: the database or the embedder cannot be reached, or a template is wrong.
    """
    settings, began = opened.settings, opened.clock.now()
    limits = Limits(settings.mass_delete_share, settings.mass_delete_floor, allow_mass_delete)
    options = SyncOptions(limits=limits, progress=progress)
    report = sync(opened.database, copilot, sources_of(opened, copilot), embedder, opened.clock, options)
    if is_whole(report):
        with opened.database.write() as connection:
            advance(connection, [collection_name(copilot.name)], copilot.name, began)
    return report


def records_of(opened: Installation, copilot: Copilot) -> list[RecordsSource]:
    """Those of a copilot's sources that tell records.

    Raises:
        PlumblineError: a template of its vertical is wrong.
    """
    return [source for source in sources_of(opened, copilot) if isinstance(source, RecordsSource)]


def sync_touched(
    opened: Installation, copilot: Copilot, sources: Sequence[RecordsSource], embedder: Embedder, since: int
) -> SyncReport | None:
    """Tell again what batches of records from one on may have changed, and look at nothing else.

    Args:
        opened: the installation.
        copilot: whose.
        sources: its records.
        embedder: what turns texts into vectors.
        since: the first of the batches.

    Returns:
        what was done; None: nothing was touched, or more than `MOST` documents.
    """
    with opened.database.read() as connection:
        found = [Chosen(source, source.touched(connection, since)) for source in sources]
    chosen = [some for some in found if some.keys]
    if not chosen or sum(len(some.keys) for some in chosen) > MOST:
        return None
    return sync_some(opened.database, copilot, chosen, embedder, opened.clock)


def is_whole(report: SyncReport) -> bool:
    """Whether what answers is now all that the sources say: none failed, nothing waits for a person's word."""
    waits = str(HeldReason.MASS_DELETE) in report.held
    return report.state == str(State.LIVE) and not report.failed and not waits


def next_copilots(
    found: Mapping[str, Copilot], known: Mapping[str, int], now: int, vertical: str | None, only: str | None
) -> list[Copilot]:
    """Whose indexes a run brings up to date.

    Args:
        found: all copilots by name.
        known: watermarks by name.
        now: the instant of asking.
        vertical: whose copilots; None: those of no vertical.
        only: this one, whether or not it is due; None: all that are due.
    """
    if only is not None:
        return [found[only]] if only in found else []
    return [one for one in found.values() if one.vertical == vertical and is_due(one, known, now)]


def is_due(copilot: Copilot, known: Mapping[str, int], now: int) -> bool:
    """Whether a copilot's turn has come at a quarter; one that was never brought up to date is due.

    One that has turns of its own is due only where the last of them was missed.

    Args:
        copilot: whose.
        known: watermarks by name.
        now: the instant of asking.
    """
    last, every = known.get(collection_name(copilot.name)), parse_duration(copilot.every)
    # A run begins some seconds early or late.
    slack = min(every, 2 * MINUTE) if has_own_turns(copilot) else -MINUTE
    return last is None or now - last >= every + slack
