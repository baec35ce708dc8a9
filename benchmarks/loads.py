"""One load of a feed into one empty database, by Plumbline or by dlt, in a process of its own: rows, seconds, memory.

`load` starts the process; `python -m benchmarks.loads plumbline|dlt-append|dlt-merge FEED ADDRESS` is what runs in it.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from substrate.catalog import Vertical, vertical
from substrate.database import open_database
from substrate.ingest import ingest
from substrate.migrate import upgrade
from substrate.sources.folder import FolderOptions, FolderSource
from verticals.hospital.sample import SamplePlan

LOADERS = ("plumbline", "dlt-append", "dlt-merge")
_CHUNK = 5_000
_QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL", "LOAD__RAISE_ON_MAX_RETRIES": "1"}
# SQLite has one writer; dlt's parallel ones would lock each other out and try again.
_ONE_WRITER = {"LOAD__WORKERS": "1"}


@dataclass(frozen=True, slots=True)
class Load:
    """What one load took.

    Attributes:
        rows: rows of the feed's files.
        seconds: by the wall clock.
        cpu: seconds of our processor time, children's included, a database server's not.
        peak: the most memory that the process held, in MB.
    """

    rows: int
    seconds: float
    cpu: float
    peak: float


def load(loader: str, feed: Path, address: str) -> Load:
    """Load a feed in a new process.

    Raises:
        CalledProcessError: the load failed; its words are on stderr.
    """
    command = [sys.executable, "-m", "benchmarks.loads", loader, str(feed), address]
    with TemporaryDirectory() as folder:
        more = {**_QUIET, **(_ONE_WRITER if address.startswith("sqlite") else {}), "DLT_DATA_DIR": folder}
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, **more})
    return Load(**orjson.loads(done.stdout.splitlines()[-1]))


def _with_plumbline(hospital: Vertical, feed: Path, address: str) -> int:
    database = open_database(address)
    upgrade(database, [hospital])
    order = tuple(mapper.resource for mapper in hospital.mappers)
    source = FolderSource("sample", FolderOptions(path=feed, order=order))
    report = ingest(database, hospital, source, SamplePlan().now)
    database.close()
    return report.rows_in


def _with_dlt(dlt: Any, disposition: str, feed: Path, address: str) -> int:
    """Flat tables, whose lists stay JSON: less than dlt does by itself, which is a table for each list."""
    with TemporaryDirectory() as folder:
        is_sqlite = address.startswith("sqlite")
        destination = dlt.destinations.sqlalchemy(address) if is_sqlite else dlt.destinations.postgres(address)
        pipeline = dlt.pipeline("sample", pipelines_dir=folder, destination=destination, dataset_name="sample")
        strategy = "delete-insert" if is_sqlite else "upsert"
        how = {"disposition": "merge", "strategy": strategy} if disposition == "merge" else "append"
        key = "id" if disposition == "merge" else None
        resources = [
            dlt.resource(_chunks, path.stem.lower(), primary_key=key, write_disposition=how, max_table_nesting=0)(path)
            for path in sorted(feed.glob("*.ndjson"))
        ]
        pipeline.run(resources).raise_on_failed_jobs()
        counts = pipeline.last_trace.last_normalize_info.row_counts
    return sum(rows for table, rows in counts.items() if not table.startswith("_dlt"))


def _chunks(path: Path) -> Iterator[list[Any]]:
    with path.open("rb") as lines:
        chunk = []
        for line in lines:
            chunk.append(orjson.loads(line))
            if len(chunk) == _CHUNK:
                yield chunk
                chunk = []
        yield chunk


def _main(loader: str, feed: str, address: str) -> None:
    """Load, and print what it took as the last line; what is imported or looked up before is not part of it."""
    if loader == "plumbline":
        work = partial(_with_plumbline, vertical("hospital"))
    else:
        import dlt

        work = partial(_with_dlt, dlt, loader.removeprefix("dlt-"))
    began, used = time.perf_counter(), _processor()
    rows = work(Path(feed), address)
    taken = time.perf_counter() - began, _processor() - used
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(orjson.dumps(asdict(Load(rows, *taken, peak / 1024))).decode())


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    _main(*sys.argv[1:])
