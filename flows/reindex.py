"""The flow that keeps copilots' indexes up to date: only what changed is read and embedded; one that fails stops none.

Where the embedder's model is not installed nothing is done, and the run says which command brings it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from prefect import flow, get_run_logger, tags, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows.accounts import held_text, sync_lines
from flows.guarded import TRIED, StepFailed, discreet
from flows.hooks import HOOKS
from flows.indexing import copilots_of, next_copilots, sync_copilot
from flows.installation import Installation, installation
from flows.timetable import TIME_LIMITS, slug
from rag.copilot import Copilot
from rag.embedders.chosen import open_embedder
from rag.held import HeldDocument, held_documents
from rag.sync import SyncReport
from substrate.background import go_last
from substrate.errors import ConfigurationError
from substrate.freshness import watermarks

_OWN_PROCESS = "PREFECT__FLOW_RUN_ID"
"""Prefect sets it for a process that it starts for one run, and that ends with it."""


@flow(
    flow_run_name="reindex copilots {vertical}",
    timeout_seconds=TIME_LIMITS["reindex-copilots"],
    **HOOKS,
)
def reindex_copilots(
    vertical: str | None = None, copilot: str | None = None, allow_mass_delete: bool = False
) -> dict[str, int]:
    """Bring the indexes of a vertical's copilots up to date.

    Args:
        vertical: Whose copilots, such as hospital; none: those of no vertical.
        copilot: Only this one, whether or not its turn has come; none: all that are due.
        allow_mass_delete: A person has looked, and any number of documents may go, this once.
    """
    with discreet(), installation() as opened:
        missing = _missing_model(opened)
        chosen = [] if missing else _chosen(opened, vertical, copilot)
    if missing:
        get_run_logger().warning("copilots are left as they are: %s", missing)
        return {"skipped": 1}
    done, failed = _synced(chosen, allow_mass_delete)
    _report(slug(vertical or "house"), done)
    if failed:
        raise StepFailed(f"{len(failed)} copilots failed: {', '.join(failed)}", hint="Their own tasks say why.")
    return {name: report.documents for name, report in done.items()}


@task(task_run_name="index of {name}", **TRIED)
def sync_one(name: str, allow_mass_delete: bool) -> SyncReport:
    """Bring one index up to date; what is committed stays, and another try goes on from there."""
    if _OWN_PROCESS in os.environ:
        go_last()
    with discreet(), installation() as opened:
        embedder = open_embedder(opened.settings)
        return sync_copilot(opened, copilots_of(opened)[name], embedder, allow_mass_delete=allow_mass_delete)


def _missing_model(opened: Installation) -> str:
    """Why there is nothing to embed with; empty: there is."""
    try:
        open_embedder(opened.settings)
    except ConfigurationError as error:
        return f"{error.message}. {error.hint}".strip()
    return ""


def _chosen(opened: Installation, vertical: str | None, only: str | None) -> list[Copilot]:
    with opened.database.read() as connection:
        known = watermarks(connection)
    return next_copilots(copilots_of(opened), known, opened.clock.now(), vertical, only)


def _synced(chosen: Sequence[Copilot], allow_mass_delete: bool) -> tuple[dict[str, SyncReport], list[str]]:
    done: dict[str, SyncReport] = {}
    failed = []
    for one in chosen:
        with tags("plumbline", "copilots", one.name):
            state = sync_one(one.name, allow_mass_delete, return_state=True)
        if state.is_completed():
            done[one.name] = state.result()
        else:
            failed.append(one.name)
    return done, failed


def _report(key: str, done: dict[str, SyncReport]) -> None:
    held: dict[str, list[HeldDocument]] = {}
    with discreet(), installation() as opened, opened.database.read() as connection:
        for name, report in done.items():
            held[name] = held_documents(connection, report.generation)
    create_table_artifact(sync_lines(done.values()), key=f"copilots-{key}", description="What each index holds.")
    create_markdown_artifact(held_text(held), key=f"held-{key}", description="Documents that are held, and why.")
