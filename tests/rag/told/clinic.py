"""A clinic whose doctors, visits and places are told as text."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent

from rag.document import Document
from rag.told.source import RecordsSource
from rag.told.story import Story
from rag.told.telling import read_sheet
from substrate.database import Database
from substrate.ingest import ingest
from substrate.migrate import upgrade
from substrate.records import record_id
from substrate.sources.source import Cursor, Page, Row
from tests.substrate.clinic import CLINIC, ListSource

DOCTOR = """
    ---
    entity: doctor
    title: "Doctor {{ doctor.name }}"
    lists:
      visits: {kind: visit, by: doctor_id, order: -start, most: 2}
    ---
    {{ doctor.name }} saw {{ visits_count }}:
    {% for visit in visits %}
    - {{ visit.start }}, {{ visit.fee }}.
    {% endfor %}
    """
VISIT = """
    ---
    entity: visit
    title: "Visit"
    only: {paid: [true, null]}
    lists:
      steps: {kind: step, by: visit_id, order: what}
    ---
    By {{ visit.doctor.name or 'nobody' }}.
    {% for step in steps %}
    - {{ step.what }} by {{ step.doctor.name }}.
    {% endfor %}
    """


def story(text: str, name: str = "it", zone: str = "UTC") -> Story:
    """A template of the clinic, written with the indentation of a test."""
    return Story(read_sheet(dedent(text).lstrip(), f"{name}.md"), CLINIC.kinds, zone)


def told(database: Database, **texts: str) -> RecordsSource:
    """A source of these templates, by name."""
    return RecordsSource(database, {name: story(text, name) for name, text in texts.items()})


class Anew(ListSource):
    """Gives its rows whatever was read before."""

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """All of it."""
        return super().read(None, now)


def feed(database: Database, *rows: Row) -> None:
    """Take rows in, in a batch of their own."""
    upgrade(database, [CLINIC])
    ingest(database, CLINIC, Anew(rows), 1_000_000)


def documents(database: Database, source: RecordsSource) -> dict[str, tuple[str, Document]]:
    """All documents of a source, by key, with their stamps."""
    with database.read() as connection:
        entries = list(source.entries(connection))
    return {entry.key: (entry.stamp, entry.read()) for entry in entries}


def key_of(name: str, kind: str, key: str) -> str:
    """The key of a document."""
    return f"{name}/{record_id('erp', kind, key)}"
