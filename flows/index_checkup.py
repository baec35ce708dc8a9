"""Are the copilots in order? The embedder's model, each copilot's index, how old it is, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import Connection

from flows.checkup_finding import Finding
from rag.copilot import Copilot
from rag.copilot_files import load_copilots
from rag.embedders.kept_model import INSTALL, read_model
from rag.generations import generations, live_generation, size
from rag.held import held_documents
from rag.ledger import State
from rag.lock import holder_of
from substrate.catalog import Vertical
from substrate.clock import duration_text, parse_duration
from substrate.database import Database
from substrate.errors import ConfigurationError, PlumblineError
from substrate.freshness import collection_name, watermarks
from substrate.settings import Settings


def examine_copilots(
    settings: Settings, database: Database, verticals: Iterable[Vertical], now: int
) -> Iterator[Finding]:
    """Look at what copilots answer from; where nothing was ever indexed, nothing is missing."""
    try:
        copilots = load_copilots(settings, {vertical.name: vertical for vertical in verticals})
    except PlumblineError as error:
        yield Finding("copilots", False, error.message, error.hint)
        return
    with database.read() as connection:
        used = bool(generations(connection))
        yield _model(settings, used=used)
        known = watermarks(connection)
        yield from (_index(connection, one, known, now) for one in copilots.values())
        yield from (_undeclared(connection, name) for name in sorted(_indexed(connection) - copilots.keys()))
    yield _owner(settings, used=used)


def _model(settings: Settings, *, used: bool) -> Finding:
    if settings.embedder != "minilm":
        return Finding("embedder", True, f"{settings.embedder}: {settings.embed_model or 'no model is set'}")
    try:
        folder = read_model(settings.resolved_models_dir).folder
    except ConfigurationError as error:
        return Finding("embedder", not used, error.message, f"{INSTALL}")
    return Finding("embedder", True, f"{folder.name} is whole")


def _index(connection: Connection, copilot: Copilot, known: Mapping[str, int], now: int) -> Finding:
    subject, step = f"copilot {copilot.name}", f"plumbline index sync --copilot {copilot.name}"
    live, at = live_generation(connection, copilot.name), known.get(collection_name(copilot.name))
    if live is None:
        return Finding(subject, True, "nothing is indexed yet", step)
    waits = [each for each in generations(connection, copilot.name) if each.state is State.FAILED]
    if waits and waits[0].id > live.id:
        return Finding(subject, False, f"generation {waits[0].id} did not pass its gates", "plumbline index status")
    if at is None or now - at > parse_duration(copilot.stale_after):
        age = "it is not known since when" if at is None else f"up to date {duration_text(now - at)} ago"
        return Finding(subject, False, f"older than promised: {age}", step)
    held = len(held_documents(connection, live.id))
    said = f"{size(connection, live.id)[1]} chunks, up to date {duration_text(now - at)} ago"
    return Finding(subject, True, f"{said}, {held} documents held", "plumbline index status" if held else "")


def _indexed(connection: Connection) -> set[str]:
    return {each.copilot for each in generations(connection) if each.state is not State.RETIRED}


def _undeclared(connection: Connection, name: str) -> Finding:
    live = live_generation(connection, name)
    kept = 0 if live is None else size(connection, live.id)[1]
    return Finding(f"copilot {name}", False, f"no longer declared, and {kept} chunks of text are kept",
                   f"plumbline index forget {name}, or declare it again")  # fmt: skip


def _owner(settings: Settings, *, used: bool) -> Finding:
    holder = holder_of(settings.resolved_index_dir)
    if holder is None:
        step = "plumbline up serves copilots" if used else ""
        return Finding("index", True, "no process has it open", step)
    return Finding("index", True, f"open in process {holder.pid} on {holder.host}")
