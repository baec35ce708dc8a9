"""A vertical tried on its own sample, in a database of its own: what must be so whatever the vertical is about.

A vertical without a sample has nothing to be tried on, and nothing is found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from pydantic import SecretStr

from flows.steps import begin, read, refresh_view, sweep
from flows.workbench import Workbench, workbench
from rag.document import UnreadableError
from rag.told.opened import records_source
from substrate.catalog import SampleOrder, Vertical
from substrate.clock import ManualClock, parse_instant
from substrate.database import open_database
from substrate.features.refresh import Mode, refresh
from substrate.ingest import ingest
from substrate.migrate import upgrade
from substrate.settings import Settings
from substrate.sources.configured import SourceEntry, folder_entry, opened
from substrate.sources.source import Cursor, Page, Row

NOW = parse_instant("2026-03-02T10:00:00Z")
_ORDER = SampleOrder(people=12, days=21, seed=1, defects=0, until=NOW)


def same_bytes(vertical: Vertical, folder: Path) -> Iterator[str]:
    """Write the sample twice, and compare."""
    if vertical.sample is None:
        return
    first, second = (_digests(_sample(vertical, folder / name)) for name in ("first", "second"))
    yield from (
        f"{name} differs, though the order was the same" for name in sorted(first) if first[name] != second.get(name)
    )


def rows(vertical: Vertical, folder: Path) -> Iterator[str]:
    """Read the sample twice: each row is accounted for, none that is sound is refused, and again nothing changes."""
    if vertical.sample is None:
        return
    with _bench(vertical, folder) as bench:
        entry = folder_entry(vertical.name, _sample(vertical, folder / "feed"))
        first, second = read(bench, entry), read(bench, entry)
    if first.rows_in != first.accepted + first.unchanged + first.quarantined:
        yield f"{first.rows_in} rows came, and {first.accepted + first.unchanged + first.quarantined} are accounted for"
    if not first.accepted:
        yield "no row of the sample became a record"
    for reason, count in first.reasons.items():
        yield f"{count} rows of a sample without defects are refused as {reason}"
    if second.accepted:
        yield f"{second.accepted} rows changed something when they were read again"


def evaluated(vertical: Vertical, folder: Path) -> Iterator[str]:
    """Run the whole cycle but for the messages, twice."""
    if vertical.sample is None:
        return
    with _bench(vertical, folder) as bench:
        moment = begin(bench)
        read(bench, folder_entry(vertical.name, _sample(vertical, folder / "feed")))
        for view in vertical.views:
            refresh_view(bench, view, moment)
        first, second = sweep(bench, moment), sweep(bench, moment)
    yield from (f"rule {run.rule_id} failed: {run.error}" for run in first.runs if run.error)
    if second.opened or second.resolved:
        yield "rules found something new where nothing had changed"


def told(vertical: Vertical, folder: Path) -> Iterator[str]:
    """Tell every record of the sample as text, and again: no template stumbles, and the text is the same."""
    if vertical.sample is None or vertical.documents is None:
        return
    with _bench(vertical, folder) as bench:
        read(bench, folder_entry(vertical.name, _sample(vertical, folder / "feed")))
        source = records_source(bench.settings, bench.database, vertical)
        found = Counter[str]()
        with bench.database.read() as connection:
            first, second = (list(source.entries(connection)) for _ in range(2))
        for entry, again in zip(first, second, strict=True):
            try:
                if entry.read() != again.read():
                    found[f"documents: {entry.key.partition('/')[0]} reads otherwise the second time"] += 1
            except UnreadableError as error:
                found[f"documents: {error.detail}"] += 1
    yield from (f"{message} ({count} records)" for message, count in found.items())


def increments(vertical: Vertical, folder: Path) -> Iterator[str]:
    """Read half of the sample, compute; read the rest, bring up to date; compute anew: nothing differs."""
    if vertical.sample is None or not vertical.views:
        return
    with _bench(vertical, folder) as bench:
        entry = folder_entry(vertical.name, _sample(vertical, folder / "feed"))
        given = _rows(vertical, entry)
        for part, mode in ((given[::2], Mode.FULL), (given[1::2], Mode.INCREMENTAL)):
            ingest(bench.database, vertical, _Part(vertical.name, part), NOW)
            for view in vertical.views:
                with bench.database.write() as connection:
                    refresh(connection, view, NOW, mode=mode)
        for view in vertical.views:
            with bench.database.write() as connection:
                anew = refresh(connection, view, NOW, mode=Mode.FULL)
            if anew.changed:
                yield f"the features of {anew.changed} {view.entity.kind}s differ when they are computed anew"


class _Part:
    """Some rows of a source, as a source."""

    completes = False
    kinds = None

    def __init__(self, name: str, rows: Sequence[Row]) -> None:
        self.name = name
        self._rows = rows

    def estimate(self, cursor: Cursor | None) -> int | None:
        """How many rows there are."""
        return len(self._rows)

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """All of them."""
        yield Page(tuple(self._rows), {}, ended=True)


def _rows(vertical: Vertical, entry: SourceEntry) -> list[Row]:
    with opened(entry, vertical) as source:
        return [row for page in source.read(None, NOW) for row in page.rows]


@contextmanager
def _bench(vertical: Vertical, folder: Path) -> Iterator[Workbench]:
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    database = open_database(f"sqlite:///{home / 'rehearsal.sqlite'}")
    try:
        upgrade(database, [vertical])
        settings = Settings(home=home, signing_key=SecretStr("rehearsal"))
        yield workbench(settings, database, ManualClock(NOW), vertical)
    finally:
        database.close()


def _sample(vertical: Vertical, folder: Path) -> Path:
    if vertical.sample is not None:
        vertical.sample(folder, _ORDER, lambda _done, _total: None)
    return folder


def _digests(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in files}
