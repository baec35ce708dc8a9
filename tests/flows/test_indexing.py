"""What the records say is in the copilots' indexes: at once after a push, soon after a poll, and an alert where not."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from automations.alerts import alert
from automations.engine import Engine, evaluate
from flows.duties import Collections, Turn
from flows.duties import House as Duties
from flows.guarded import StepFailed
from flows.indexing import copilots_of, is_due, sync_copilot
from flows.installation import Installation
from flows.reindex import reindex_copilots
from flows.retelling import Retelling
from rag.copilot import Copilot
from rag.embedders.hashing import HashingEmbedder
from rag.ledger import rag_chunk, rag_document
from rag.models import install_model
from rag.sync import SyncReport
from substrate.catalog import verticals
from substrate.clock import HOUR, MINUTE, SECOND
from substrate.database import Database
from substrate.errors import PlumblineError
from substrate.facts import Facts
from substrate.freshness import collection_name, watermarks
from substrate.leadership import Lease, acquire
from tests.flows.house import House
from tests.flows.pushing import NOW, Pushed, patient, result
from verticals.hospital import vertical

EMBEDDER = HashingEmbedder()


def note(key: str, text: str, status: str = "current", **said: Any) -> dict[str, Any]:
    content = [{"attachment": {"contentType": "text/plain", "data": base64.b64encode(text.encode()).decode()}}]
    about = {"type": {"text": "Note"}, "subject": {"reference": "Patient/p1"}, "date": "2026-03-01T08:00:00Z"}
    return {"resourceType": "DocumentReference", "id": key, "status": status, "content": content, **about, **said}


class Ward:
    """A hospital that is pushed to, and its copilot."""

    def __init__(self, home: Path, database: Database) -> None:
        self.pushed = Pushed(home, database)
        self.opened = Installation(self.pushed.settings, database, self.pushed.clock)
        self.changed = 0
        self.retelling = Retelling(self.opened, lambda: {"hospital": self.copilot}, lambda: EMBEDDER, self._hear)

    @property
    def copilot(self) -> Copilot:
        """The one that comes with the hospital."""
        return copilots_of(self.opened)["hospital"]

    def push(self, *documents: Any) -> None:
        """Take events in."""
        self.pushed.push(*documents)
        self.pushed.loop.drain()

    def sync(self) -> SyncReport:
        """Bring the whole index up to date."""
        return sync_copilot(self.opened, self.copilot, EMBEDDER)

    def said(self, kind: str) -> str:
        """All that the index has of a kind of document, one after the other."""
        here = select(rag_document.c.title, rag_chunk.c.text).join(rag_chunk, rag_chunk.c.document == rag_document.c.id)
        there = (rag_document.c.kind == kind, rag_document.c.gone_at.is_(None), rag_chunk.c.gone_at.is_(None))
        with self.opened.database.read() as connection:
            rows = connection.execute(here.where(*there).order_by(rag_chunk.c.id))
            return "\n".join(f"{row.title}: {row.text}" for row in rows)

    def _hear(self) -> None:
        self.changed += 1


@pytest.fixture
def ward(tmp_path: Path, database: Database) -> Ward:
    return Ward(tmp_path / "home", database)


def test_what_a_push_changed_is_told_again_and_nothing_else(ward: Ward) -> None:
    ward.push(patient(), patient("p2", name=[{"family": "Roe"}]), result())
    assert ward.retelling.look() == 0
    assert ward.sync().documents == 2
    ward.push(result("r2", flag="N", minutes_ago=5))
    assert ward.retelling.look() == 1
    assert (ward.retelling.look(), ward.changed) == (0, 1)
    assert "released Mon 2 Mar 2026 09:55" in ward.said("patient")
    again = ward.sync()
    assert (again.read, again.embedded, again.unchanged) == (0, 0, 2)


def test_a_superseded_note_leaves_at_once(ward: Ward) -> None:
    ward.push(patient(), note("n1", "Stable."), note("n2", "Better."), note("n3", "Wrong.", "entered-in-error"))
    ward.retelling.look()
    ward.sync()
    assert "Stable." in ward.said("note")
    ward.push(note("n1", "Stable.", "superseded"))
    ward.retelling.look()
    said = ward.said("note")
    assert "Better." in said
    assert "Stable." not in said
    assert "Wrong." not in said


def test_a_note_that_another_replaces_leaves_though_nobody_says_so(ward: Ward) -> None:
    ward.push(patient(), note("n1", "Stable."))
    ward.retelling.look()
    ward.sync()
    relates = [{"code": "replaces", "target": {"reference": "DocumentReference/n1"}}]
    ward.push(note("n2", "Better.", relatesTo=relates))
    ward.retelling.look()
    said = ward.said("note")
    assert ("Better." in said, "Stable." in said) == (True, False)


def test_a_copilot_whose_template_is_wrong_keeps_no_other_from_being_told(ward: Ward, tmp_path: Path) -> None:
    ward.push(patient())
    ward.sync()
    records = {"name": "records", "records": {"templates": ["gone"]}}
    wrong = Copilot.model_validate({"name": "wrong", "vertical": "hospital", "sources": [records]})
    both = {"wrong": wrong, "hospital": ward.copilot}
    retelling = Retelling(ward.opened, lambda: both, lambda: EMBEDDER, lambda: None)
    retelling.look()
    ward.push(patient(name=[{"family": "Poe"}]))
    with pytest.raises(PlumblineError, match="gone"):
        retelling.look()
    assert "Poe" in ward.said("patient")


def test_its_thread_needs_nobody(ward: Ward) -> None:
    ward.push(patient())
    ward.sync()
    ward.retelling.start()
    try:
        ward.push(patient(name=[{"family": "Poe"}]))
        end = time.monotonic() + 20
        while "Poe" not in ward.said("patient"):
            assert time.monotonic() < end, "it was not told in time"
            time.sleep(0.02)
    finally:
        assert ward.retelling.stop(10)


def test_without_an_index_it_does_nothing(ward: Ward) -> None:
    ward.retelling.look()
    ward.push(patient())
    assert ward.retelling.look() == 0
    assert ward.said("patient") == ""


def test_a_copilot_is_due_when_its_time_has_come(ward: Ward) -> None:
    name = collection_name("hospital")
    assert is_due(ward.copilot, {}, NOW)
    assert not is_due(ward.copilot, {name: NOW - 10 * MINUTE}, NOW)
    assert is_due(ward.copilot, {name: NOW - 15 * MINUTE}, NOW)
    often = ward.copilot.model_copy(update={"every": "2m"})
    assert not is_due(often, {name: NOW - 130 * SECOND}, NOW)
    assert is_due(often, {name: NOW - 4 * MINUTE}, NOW)


def turn(database: Database, at: int) -> Turn:
    with database.write() as connection:
        lease = acquire(connection, "clock", "hand", 0, HOUR) or Lease("clock", "hand", 1, 0)
    return Turn(at, lease, 100.0)


def test_an_index_older_than_promised_is_an_alert_until_it_is_fresh(ward: Ward) -> None:
    ward.push(patient())
    ward.sync()
    house = Duties(ward.pushed.settings, ward.opened.database, [vertical])
    duty = Collections(ward.pushed.settings, house, lambda: None)
    first = turn(ward.opened.database, NOW + 3 * HOUR)
    duty.act(first)
    assert stale_alerts(ward) == []
    duty.act(Turn(NOW + 5 * HOUR, first.lease, 100.0))
    evaluate(Engine(ward.opened.database, "hospital", Facts(vertical.records, vertical.views)), NOW + 5 * HOUR)
    assert stale_alerts(ward) == ["firing"]
    ward.pushed.clock.move(5 * HOUR)
    ward.sync()
    duty.act(Turn(NOW + 5 * HOUR, first.lease, 100.0))
    assert stale_alerts(ward) == ["resolved"]


def stale_alerts(ward: Ward) -> list[str]:
    rule = alert.c.rule_id == "plumbline-data-stale"
    with ward.opened.database.read() as connection:
        rows = connection.execute(select(alert.c.labels, alert.c.state).where(rule)).all()
    return [row.state for row in rows if "collection:hospital" in str(row.labels)]


def test_what_could_not_be_read_whole_is_no_news_of_freshness(ward: Ward) -> None:
    (ward.opened.settings.home / "copilots.yaml").write_text(
        "copilots:\n- name: hospital\n  vertical: hospital\n  sources:\n  - {name: records, records: {}}\n"
        "  - {name: files, folder: {path: nowhere}}\n",
        "utf-8",
    )
    ward.push(patient())
    report = ward.sync()
    assert (report.documents, list(report.failed)) == (1, ["files"])
    with ward.opened.database.read() as connection:
        assert collection_name("hospital") not in watermarks(connection)


def test_every_vertical_brings_a_copilot_that_can_be_indexed(ward: Ward) -> None:
    found = copilots_of(ward.opened)
    assert {found[name].vertical for name in verticals()} == set(verticals())


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_under_prefect_a_missing_model_is_said_and_stops_nothing(
    conducted: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_MODELS_DIR", str(tmp_path / "none"))
    assert reindex_copilots("hospital") == {"skipped": 1}
    assert conducted.alerts() == []


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_under_prefect_one_copilot_that_fails_stops_no_other(
    conducted: House, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_model(models := tmp_path_factory.mktemp("models"))
    monkeypatch.setenv("PLUMBLINE_MODELS_DIR", str(models))
    (conducted.home / "documents/hospital").mkdir(parents=True)
    (conducted.home / "documents/hospital/broken.md").write_text("---\nentity: nobody\ntitle: x\n---\n", "utf-8")
    (conducted.home / "copilots.yaml").write_text(COPILOTS, "utf-8")
    with pytest.raises(StepFailed, match="2 copilots failed: hospital, bad"):
        reindex_copilots("hospital")
    with conducted.opened() as opened, opened.database.read() as connection:
        assert [name for name in watermarks(connection) if name.startswith("collection:")] == ["collection:good"]
    (conducted.home / "documents/hospital/broken.md").write_text("---\nentity: patient\ntitle: x\n---\n", "utf-8")
    assert reindex_copilots("hospital", copilot="bad") == {"bad": 0}


COPILOTS = """
copilots:
- {name: good, vertical: hospital, sources: [{name: records, records: {templates: [ward]}}]}
- {name: bad, vertical: hospital, sources: [{name: records, records: {templates: [broken]}}]}
"""
