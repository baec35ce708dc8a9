"""The sources of a copilot, opened as they are declared."""

from __future__ import annotations

from collections.abc import Callable

from rag.copilot import Copilot, SourceSpec
from rag.document import DocumentSource
from rag.sources.checkout import CheckoutFiles
from rag.sources.folder import FolderFiles
from rag.sources.tickets import TicketExport
from substrate.clock import Clock
from substrate.errors import ConfigurationError

Tell = Callable[[SourceSpec], DocumentSource]
"""Makes the source of a declaration with `records`: the records of the copilot's vertical, told as text."""


def document_sources(
    copilot: Copilot, clock: Clock, tell: Tell | None = None, zone: str = "UTC"
) -> list[DocumentSource]:
    """The sources of a copilot, in the order in which they are declared; nothing is read yet.

    Args:
        copilot: the copilot.
        clock: by which a fresh file is told from a settled one.
        tell: opens its records; None: there is no database to tell from.
        zone: the house's IANA zone, for times of tickets that name none.

    Raises:
        ConfigurationError: the copilot tells records, and there is nobody to tell them.
    """
    return [_opened(copilot, spec, clock, tell, zone) for spec in copilot.sources]


def _opened(copilot: Copilot, spec: SourceSpec, clock: Clock, tell: Tell | None, zone: str) -> DocumentSource:
    if spec.folder is not None:
        return FolderFiles(spec, clock)
    if spec.checkout is not None:
        return CheckoutFiles(spec)
    if spec.tickets is not None:
        return TicketExport(spec, zone)
    if tell is None:
        fault = f"copilot {copilot.name!r}: source {spec.name!r} tells records, and the vertical has no templates"
        raise ConfigurationError(fault, hint="Give its vertical a folder of documents, or take the source out.")
    return tell(spec)
