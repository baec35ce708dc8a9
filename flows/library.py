"""How the shelf of an installation is opened: the embedder that is set, and the index as this process owns it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from rag.copilot_files import load_copilots
from rag.embedder import Embedder
from rag.embedders.chosen import open_embedder
from rag.evals.promotion import GoldenGate
from rag.index import Index, IndexOptions
from rag.opening import open_index
from substrate.catalog import verticals
from substrate.clock import Clock
from substrate.database import Database
from substrate.settings import Settings


@dataclass(frozen=True)
class Library:
    """Embedder and index of an installation, opened.

    Attributes:
        embedder: turns questions into vectors.
        index: as this process owns it.
    """

    embedder: Embedder
    index: Index

    def opened(self) -> Library:
        """Itself: it is open."""
        return self


def open_library(
    settings: Settings,
    database: Database,
    clock: Clock,
    *,
    address: str | None = None,
    apart: bool = False,
    embedder: Embedder | None = None,
) -> Library:
    """Open embedder and index; the index is in step with the ledger then, and no generation answers unjudged.

    Args:
        settings: which embedder, and where the index lies.
        database: where the ledger is.
        clock: says what time it is.
        address: base address at which this process answers others; None: it answers nobody.
        apart: searches and changes of the index go on side by side.
        embedder: one that is open already.

    Raises:
        ConfigurationError: the embedder's model is not there.
        ConflictError: another process owns the index.
    """
    opened = embedder or open_embedder(settings)
    gate = _gate(settings, database, clock, lambda: opened)
    options = IndexOptions(address=address, quality=gate, apart=apart)
    return Library(opened, open_index(settings, database, clock, options))


def open_owned_index(settings: Settings, database: Database, clock: Clock) -> Index:
    """Open the index alone, for work that embeds nothing; it is in step with the ledger then.

    Raises:
        ConflictError: another process owns it.
    """
    gate = _gate(settings, database, clock, cache(partial(open_embedder, settings)))
    return open_index(settings, database, clock, IndexOptions(quality=gate))


def _gate(settings: Settings, database: Database, clock: Clock, embedder: Callable[[], Embedder]) -> GoldenGate:
    """The golden questions' gate: whoever owns the index lets no generation answer that finds less."""
    return GoldenGate(database, embedder, lambda: load_copilots(settings, verticals()), clock)
