"""Whatever the order, the page breaks and the interruptions: nothing is lost, and the sum of the rows is the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from substrate.database import Database, open_database
from substrate.ingest import ingest
from substrate.migrate import upgrade
from substrate.quarantine import held_rows
from substrate.records import history_of, table_of
from substrate.sources.source import Cursor, Page, Row
from tests.substrate.clinic import CLINIC, ListSource, Step, Visit, row

KEYS = ("a", "b", "c")
Step_ = dict[str, Any]

visits = st.fixed_dictionaries(
    {"id": st.sampled_from(KEYS)},
    optional={
        "fee": st.integers(0, 3),
        "changed": st.integers(1, 4),
        "steps": st.lists(st.sampled_from("xyz"), unique=True, max_size=3),
        "start": st.sampled_from(["1971-01-01T09:00:00Z", "soon"]),
    },
)
deeds = st.one_of(visits, st.sampled_from(KEYS))
pages = st.lists(st.lists(deeds, max_size=6), max_size=5)


class Torn(Exception):
    """The process died here."""


class Tearing(ListSource):
    """Dies before the page that it is told to."""

    def __init__(self, *pages: Sequence[Row], at: int | None) -> None:
        super().__init__(*pages)
        self._at = at

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        for page in super().read(cursor, now):
            if page.cursor["page"] == self._at and not page.ended:
                raise Torn
            yield page


def as_row(deed: dict[str, Any] | str) -> Row:
    return row("Visit", None, deleted_key=deed) if isinstance(deed, str) else row("Visit", deed)


def model(deeds: Sequence[dict[str, Any] | str]) -> dict[str, tuple[Any, ...]]:
    """What must be stored in the end, said as plainly as possible."""
    stored: dict[str, Step_] = {}
    dates: dict[str, int | None] = {}
    for deed in deeds:
        if isinstance(deed, str):
            stored.pop(deed, None)
            continue
        if deed.get("start") == "soon":
            continue
        key, said = deed["id"], deed.get("changed")
        content = {name: value for name, value in deed.items() if name not in ("changed", "steps")}
        now = stored.get(key)
        same = now is not None and {k: v for k, v in now.items() if k != "steps"} == content
        older = said is not None and dates.get(key) is not None and said < (dates[key] or 0)
        if same:
            stored[key]["steps"] = sorted(deed.get("steps", ()))
        elif not older:
            stored[key] = {**content, "steps": sorted(deed.get("steps", ()))}
            dates[key] = said
    return {key: (each.get("fee"), each.get("start"), each["steps"]) for key, each in stored.items()}


def found(database: Database) -> dict[str, tuple[Any, ...]]:
    visit, step = table_of(Visit), table_of(Step)
    with database.read() as connection:
        rows = connection.execute(select(visit).where(visit.c.gone_at.is_(None))).all()
        parts = connection.execute(select(step.c.visit_id, step.c.what).where(step.c.gone_at.is_(None))).all()
    steps = {each.id: sorted(what for owner, what in parts if owner == each.id) for each in rows}
    return {each.source_key: (each.fee, each.start and "1971-01-01T09:00:00Z", steps[each.id]) for each in rows}


@settings(max_examples=60, deadline=None)
@given(pages=pages, tear=st.integers(0, 6), batch=st.integers(1, 4))
def test_any_order_any_tear_the_same_end(pages: list[list[Any]], tear: int, batch: int) -> None:
    with TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'x.sqlite'}")
        try:
            _check(database, pages, tear, batch)
        finally:
            database.close()


def _check(database: Database, pages: list[list[Any]], tear: int, batch: int) -> None:
    upgrade(database, [CLINIC])
    source = [[as_row(deed) for deed in page] for page in pages]
    rows_in = 0
    for attempt in (tear, None):
        try:
            report = ingest(database, CLINIC, Tearing(*source, at=attempt), 400, batch_rows=batch)
        except Torn:
            continue
        assert report.rows_in == report.accepted + report.unchanged + report.quarantined
        rows_in = report.rows_in
    assert rows_in <= sum(len(page) for page in pages)
    assert found(database) == model([deed for page in pages for deed in page])
    _every_version_once(database)


def _every_version_once(database: Database) -> None:
    history, live = history_of(Visit), table_of(Visit)
    with database.read() as connection:
        past = connection.execute(select(history.c.id, history.c.batch, history.c.superseded_batch)).all()
        alive = dict(connection.execute(select(live.c.id, live.c.batch)).tuples().all())
        assert all(each.superseded_batch <= alive[each.id] for each in past)
        assert all(each.state == "held" for each in held_rows(connection))
