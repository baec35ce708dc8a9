"""Records of each vertical's sample told as text: complete, in words, and as protected as what they say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from rag.document import Document
from rag.told.opened import records_source
from rag.told.source import RecordsSource
from substrate.batches import current_batch
from substrate.catalog import SampleOrder, Vertical, vertical, verticals
from substrate.clock import parse_instant
from substrate.columns import Sensitivity
from substrate.database import Database, open_database
from substrate.ingest import ingest
from substrate.migrate import upgrade
from substrate.records import table_of
from substrate.settings import Settings
from substrate.sources.configured import folder_entry, opened
from substrate.sources.folder import FolderOptions, FolderSource

NOW = parse_instant("2026-03-02T10:00:00Z")
SHOUTED = re.compile(r"\b(?:None|True|False|Undefined|entered-in-error)\b|\{\{|\{%|1 January 1970")
LEVELS = {
    "hospital": {"patient": "PHI", "stay": "PHI", "note": "PHI", "ward": "INTERNAL"},
    "school": {"student": "PII", "term": "PII", "class": "PII", "incident": "PHI"},
    "logistics": dict.fromkeys(("shipment", "order", "lane", "item"), "INTERNAL"),
}


class Telling:
    """A vertical's sample in a database, and its documents."""

    def __init__(self, of: Vertical, folder: Path) -> None:
        assert of.sample is not None
        self.vertical = of
        of.sample(folder / "feed", SampleOrder(people=40, days=30, until=NOW), lambda _done, _all: None)
        self.database = open_database(f"sqlite:///{folder / 'it.sqlite'}")
        upgrade(self.database, [of])
        with opened(folder_entry(of.name, folder / "feed"), of) as source:
            ingest(self.database, of, source, NOW)
        self.source: RecordsSource = records_source(Settings(home=folder), self.database, of)
        self.documents = told(self.database, self.source)


def told(database: Database, source: RecordsSource) -> list[Document]:
    with database.read() as connection:
        return [entry.read() for entry in list(source.entries(connection))]


@pytest.fixture(scope="module", params=sorted(verticals()))
def telling(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telling]:
    if request.param not in LEVELS:
        pytest.skip(f"{request.param} is no vertical of ours")
    made = Telling(vertical(request.param), tmp_path_factory.mktemp(request.param))
    yield made
    made.database.close()


def test_every_document_is_as_protected_as_it_should_be(telling: Telling) -> None:
    found = {(one.kind, one.label.sensitivity.name) for one in telling.documents}
    assert found == set(LEVELS[telling.vertical.name].items())


def test_people_can_read_it(telling: Telling) -> None:
    for one in telling.documents:
        assert one.text.strip()
        assert one.title.strip()
        if one.kind != "note":
            assert not SHOUTED.search(f"{one.title}\n{one.text}"), one.text
            assert not re.search(r"\n\n\n| ,|\.\.|^- *$", one.text, re.MULTILINE), one.text


def test_it_is_the_same_whenever_it_is_told(telling: Telling) -> None:
    assert told(telling.database, telling.source) == telling.documents


def test_a_change_of_one_child_touches_the_documents_that_list_it_and_no_others(telling: Telling) -> None:
    kind, many = {"hospital": ("result", 3), "school": ("attendance", 1), "logistics": ("tracking_event", 1)}[
        telling.vertical.name
    ]
    table = table_of(telling.vertical.kinds[kind])
    with telling.database.write() as connection:
        last = current_batch(connection)
        one = connection.exec_driver_sql(f"SELECT id FROM {table.name} ORDER BY id LIMIT 1").scalar()
        connection.execute(update(table).where(table.c.id == one).values(batch=last + 1))
        touched = telling.source.touched(connection, last + 1)
    assert 1 <= len(touched) <= many < len(telling.documents)


def test_notes_of_a_real_export_that_were_superseded_are_not_told(shared_data: Path, tmp_path: Path) -> None:
    hospital = vertical("hospital")
    database = open_database(f"sqlite:///{tmp_path / 'it.sqlite'}")
    upgrade(database, [hospital])
    kinds = ("Patient", "Practitioner", "Encounter", "DocumentReference")
    options = FolderOptions(path=shared_data / "hospital/synthea_bulk10", kinds=kinds)
    report = ingest(database, hospital, FolderSource("epr", options), NOW)
    source = records_source(Settings(home=tmp_path), database, hospital, templates=["note"])
    documents = told(database, source)
    database.close()
    assert report.records["note"] == 1_215
    assert len({one.entity for one in documents}) == len(documents) == 13
    assert all(one.label.sensitivity is Sensitivity.PHI and one.label.site for one in documents)
    assert all("# Chief Complaint" in one.text for one in documents)
    assert Counter(one.kind for one in documents) == {"note": 13}
