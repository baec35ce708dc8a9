"""The context call: features of a patient and eight passages in one answer, in process and over HTTP.

It is part of `python -m benchmarks.searching`. The server of the HTTP call and its client are threads of the process
that owns the index, as the product's web process does; they share its interpreter and the machine's cores.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx
import uvicorn
import yaml
from sqlalchemy import select

from benchmarks.library import questions
from console.web.app import create_app
from console.web.parts import Parts
from rag.context import context
from rag.copilot import Copilot
from rag.embedder import Embedder
from rag.ground import Ground
from rag.hit import Query
from rag.index import Index
from substrate.access import Caller
from substrate.catalog import SampleOrder, vertical
from substrate.clock import ManualClock, parse_instant
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.features.refresh import refresh
from substrate.ingest import ingest
from substrate.keys import new_key
from substrate.migrate import upgrade
from substrate.records import table_of
from substrate.settings import Settings
from substrate.sources.folder import FolderOptions, FolderSource

HOSPITAL = vertical("hospital")
NOW = parse_instant("2026-03-02T10:00:00Z")
_EVENTS = 20_000
_K = 8
_WARM_UP = 20
_DOCTOR = Caller("bench", "doctor", Sensitivity.PHI)


@dataclass(frozen=True, slots=True)
class Opened:
    """The index of this process, as the web application wants it."""

    embedder: Embedder
    index: Index
    trouble: str | None = None

    def opened(self) -> Opened:
        """As `flows.shelf.Shelf.opened`."""
        return self


def admit(database: Database, folder: Path) -> list[str]:
    """Patients of the sample hospital with their features; their ids."""
    assert HOSPITAL.sample is not None
    HOSPITAL.sample(folder, SampleOrder(defects=0, until=NOW, events=_EVENTS), lambda _done, _all: None)
    upgrade(database, [HOSPITAL])
    order = tuple(mapper.resource for mapper in HOSPITAL.mappers)
    ingest(database, HOSPITAL, FolderSource("sample", FolderOptions(path=folder, order=order)), NOW)
    for view in HOSPITAL.views:
        with database.write() as connection:
            refresh(connection, view, NOW)
    with database.read() as connection:
        ids = connection.execute(select(table_of(HOSPITAL.kinds["patient"]).c.id).limit(500)).scalars()
        return [str(number) for number in ids]


def in_process(database: Database, opened: Opened, copilot: Copilot, patients: list[str], count: int) -> list[float]:
    """Seconds of context calls, one after the other."""
    ground = Ground(database, opened.index, opened.embedder, copilot, HOSPITAL)

    def call(ask: str, patient: str) -> None:
        context(ground, _DOCTOR, Query(ask, k=_K), ("patient", patient), NOW)

    return _times(call, patients, count)


def over_http(
    home: Path, database: Database, opened: Opened, copilot: Copilot, patients: list[str], count: int
) -> list[float]:
    """The same over one connection to a server in this process."""
    declared = copilot.model_dump(mode="json", exclude_defaults=True)
    (home / "copilots.yaml").write_text(yaml.safe_dump({"copilots": [declared]}))
    settings = Settings(home=home, asks_per_minute=1_000_000, _env_file=None)
    with database.write() as connection:
        _, secret = new_key(connection, _DOCTOR, NOW, "cli:bench")
    app = create_app(settings, database, [HOSPITAL], ManualClock(NOW), Parts(shelf=opened))
    headers = {"Authorization": f"Bearer {secret.get_secret_value()}"}
    with _served(app) as address, httpx.Client(base_url=address, headers=headers, timeout=60) as client:

        def call(ask: str, patient: str) -> None:
            told = {"question": ask, "k": _K, "entity": {"kind": "patient", "key": patient}}
            client.post(f"/copilots/{copilot.name}/context", json=told).raise_for_status()

        return _times(call, patients, count)


@contextmanager
def _served(app: Callable[..., Any]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.05)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _times(call: Callable[[str, str], None], patients: list[str], count: int) -> list[float]:
    times = []
    for ask, patient in islice(zip(cycle(questions()), cycle(patients), strict=False), _WARM_UP + count):
        began = time.perf_counter()
        call(ask, patient)
        times.append(time.perf_counter() - began)
    return times[_WARM_UP:]
