"""The flow that reads one source: only what is new, one run a source at a time."""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.assets import materialize

from flows import steps
from flows.accounts import ingest_lines, rows_of
from flows.guarded import TRIED, discreet
from flows.hooks import HOOKS
from flows.installation import installation
from flows.lineage import records_asset, source_asset
from flows.narration import Narration
from flows.timetable import TIME_LIMITS, slug
from flows.turnstile import one_at_a_time


@flow(
    flow_run_name="ingest {vertical}/{source}",
    timeout_seconds=TIME_LIMITS["ingest-source"],
    **HOOKS,
)
def ingest_source(vertical: str, source: str, allow_mass_delete: bool = False) -> dict[str, int]:
    """Read a source from where it was left to its end.

    Every row is accounted for: rows in = accepted + unchanged + quarantined.

    Args:
        vertical: Whose records they are, such as hospital.
        source: Its name in sources.yaml.
        allow_mass_delete: A person has looked, and the source may drop as many records as it likes, this once.
    """
    made = read_source.with_options(assets=[records_asset(vertical)], asset_deps=[source_asset(vertical, source)])
    with one_at_a_time(f"plumbline-source-{slug(source)}"):
        return made(vertical, source, allow_mass_delete)


@materialize(
    "plumbline://records",
    task_run_name="read {source}",
    **TRIED,
)
def read_source(vertical: str, source: str, allow_mass_delete: bool) -> dict[str, int]:
    """Read it; what is committed stays, and another try goes on from there."""
    with discreet(), installation() as opened:
        entry = opened.source(vertical, source)
        report = steps.read(opened.bench(vertical), entry, Narration(), allow_mass_delete=allow_mass_delete)
    create_table_artifact(
        ingest_lines(report),
        key=f"ingest-{slug(vertical, source)}",
        description=f"What became of every row of {source}. `plumbline quarantine list` shows those that were refused.",
    )
    return rows_of(report)
