"""EPCIS documents over the capture interface: kept first, then taken in, and their jobs tell what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from console.web.app import create_app
from console.web.parts import Parts
from substrate.clock import DAY
from substrate.database import Database
from substrate.records import table_of
from tests.flows.pushing import Pushed
from tests.substrate.sources.epcis_samples import AGGREGATION, OBJECT, XML_OBJECT, document, xml_document
from verticals.logistics import vertical
from verticals.logistics.records import TrackingEvent

KEY, OTHER = "key-of-the-warehouse", "key-of-the-carrier"
PUSH = f"{{api_key: {KEY}, format: epcis, max_bytes: 200000}}"
SOURCES = f"sources: [{{name: wms, vertical: logistics, push: {PUSH}}}]"
TWO = f"""
sources:
  - {{name: wms, vertical: logistics, push: {PUSH}}}
  - {{name: port, vertical: logistics, push: {{api_key: {OTHER}, format: epcis}}}}
"""
HELD = {"authorization": f"Bearer {KEY}", "content-type": "application/ld+json"}
BAD = {**OBJECT, "eventID": "urn:uuid:2", "action": "CREATE"}
RESOURCES = "logistics/openepcis_resources/core/src/main/resources"


def yard(tmp_path: Path, database: Database, sources: str = SOURCES) -> Pushed:
    """A logistics house that is pushed to."""
    pushed = Pushed(tmp_path / "home", database, sources, [vertical])
    pushed.clock.move(300 * DAY)  # after the last event of the examples
    return pushed


def speaking(pushed: Pushed) -> TestClient:
    """Speaks to its application."""
    return TestClient(create_app(pushed.settings, pushed.database, [vertical], pushed.clock, Parts(live=pushed.loop)))


@pytest.fixture
def pushed(tmp_path: Path, database: Database) -> Pushed:
    return yard(tmp_path, database)


@pytest.fixture
def client(pushed: Pushed) -> Iterator[TestClient]:
    with speaking(pushed) as client:
        yield client


def capture(client: TestClient, body: Any, path: str = "/capture", **headers: str) -> Any:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return client.post(path, content=content, headers={**HELD, **headers})


def job(client: TestClient, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = client.get(answer.headers["location"], headers=HELD).json()
    return told


def known(pushed: Pushed) -> list[str]:
    return sorted(row.source_key for row in pushed.rows(table_of(TrackingEvent)))


def test_a_document_is_kept_and_its_job_follows_it(client: TestClient, pushed: Pushed) -> None:
    answer = capture(client, document(OBJECT))
    before = job(client, answer)
    pushed.loop.drain()
    after = job(client, answer)
    assert (before["running"], before["success"], "finishedAt" in before) == (True, True, False)
    assert (after["running"], after["success"], after["errors"], "finishedAt" in after) == (False, True, [], True)
    assert known(pushed) == [OBJECT["eventID"]]


@pytest.mark.parametrize("content_type", ["application/xml", "text/xml; charset=utf-8"])
def test_xml_is_captured(client: TestClient, pushed: Pushed, content_type: str) -> None:
    answer = capture(client, xml_document(XML_OBJECT), **{"content-type": content_type})
    pushed.loop.drain()
    assert (job(client, answer)["success"], known(pushed)) == (True, [OBJECT["eventID"]])


@pytest.mark.parametrize("header", ["GS1-Capture-Error-Behaviour", "GS1-EPCIS-Capture-Error-Behaviour"])
@pytest.mark.parametrize(("behaviour", "kept"), [("rollback", 0), ("proceed", 1)])
def test_one_bad_event_takes_the_others_along_or_not(
    client: TestClient, pushed: Pushed, header: str, behaviour: str, kept: int
) -> None:
    answer = capture(client, document(OBJECT, BAD), **{header: behaviour})
    pushed.loop.drain()
    told = job(client, answer)
    assert (told["success"], told["captureErrorBehaviour"], len(known(pushed))) == (False, behaviour, kept)
    details = [error["detail"] for error in told["errors"]]
    assert details == ["event 2: action is not OBSERVE, ADD or DELETE (unknown_code)"]


def test_all_or_nothing_is_what_goes_without_saying(client: TestClient, pushed: Pushed) -> None:
    told = capture(client, document(OBJECT, BAD))
    pushed.loop.drain()
    assert (job(client, told)["captureErrorBehaviour"], known(pushed)) == ("rollback", [])


def test_the_same_document_twice_is_one_job(client: TestClient) -> None:
    first, second = capture(client, document(OBJECT)), capture(client, document(OBJECT))
    assert first.headers["location"] == second.headers["location"]


@pytest.mark.parametrize("key", ["a/b?c", "käse", "x" * 200])
def test_a_job_of_any_key_is_found(client: TestClient, key: str) -> None:
    if key.isascii():
        assert job(client, capture(client, document(OBJECT), **{"x-event-id": key}))["running"]
    assert client.get(f"/capture/{key}", headers=HELD).status_code == 404


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"authorization": "Bearer nobodys"}, b"{}", 401),
        ({"authorization": ""}, b"{}", 401),
        ({"content-type": "text/csv"}, b"a,b", 415),
        ({}, b"{", 400),
        ({"gs1-epcis-version": "3.0"}, b"{}", 406),
        ({"gs1-capture-error-behaviour": "hope"}, b"{}", 400),
        ({}, b" " * 200_001, 413),
    ],
)
def test_what_cannot_be_captured_is_refused_as_a_problem(
    client: TestClient, pushed: Pushed, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = capture(client, body, **headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (answer.json()["type"].startswith("epcisException:"), answer.json()["status"]) == (True, status)
    assert pushed.events() == []


@pytest.mark.parametrize("path", ["/capture", "/capture/abc", "/epcis/wms/capture", "/epcis/nowhere/capture"])
def test_strangers_learn_nothing_of_jobs(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == client.get(path, headers={"x-api-key": "nobodys"}).status_code == 401


def test_jobs_are_listed_page_by_page_the_newest_first(client: TestClient) -> None:
    made = [capture(client, document({**OBJECT, "eventID": f"urn:uuid:{n}"})).headers["location"] for n in range(5)]
    first = client.get("/capture?perPage=3", headers=HELD)
    more = first.links["next"]["url"]
    second = client.get(more, headers=HELD)
    found = [f"/capture/{one['captureID']}" for one in [*first.json(), *second.json()]]
    assert (found, "next" in second.links) == (made[::-1], False)
    assert client.get("/capture?perPage=x", headers=HELD).status_code == 400


def test_what_is_spoken_is_told(client: TestClient) -> None:
    told = client.options("/capture")
    assert (told.status_code, told.headers["gs1-epcis-version"]) == (204, "2.0.0")
    assert told.headers["gs1-capture-error-behaviour"] == "rollback"


def test_of_several_sources_the_path_or_the_key_tells_which(tmp_path: Path, database: Database) -> None:
    pushed = yard(tmp_path, database, TWO)
    with speaking(pushed) as client:
        carrier = {"authorization": f"Bearer {OTHER}"}
        assert capture(client, document(OBJECT)).status_code == 202
        assert capture(client, document(AGGREGATION), **carrier).status_code == 202
        assert capture(client, document(OBJECT), "/epcis/port/capture").status_code == 401
        answer = capture(client, document(OBJECT), "/epcis/port/capture", **carrier)
        assert answer.headers["location"].startswith("/epcis/port/capture/")
    pushed.loop.drain()
    assert sorted(row.source for row in pushed.rows(table_of(TrackingEvent))) == ["port", "port", "wms"]


def test_every_document_of_openepcis_is_captured_or_its_job_says_why_not(
    client: TestClient, pushed: Pushed, shared_data: Path
) -> None:
    folder, wrong = shared_data / RESOURCES, []
    for path in sorted([*folder.rglob("*.json"), *folder.rglob("*.xml")]):
        kind = "application/json" if path.suffix == ".json" else "application/xml"
        answer = capture(client, path.read_bytes(), **{"content-type": kind})
        pushed.loop.drain()
        told, invalid = job(client, answer), "Invalid" in path.parts or "Queries" in path.parts
        if told["success"] is invalid or bool(told["errors"]) is told["success"]:
            wrong.append((path.name, told["errors"]))
    assert [name for name, _ in wrong] == ["ObjectEvent_with_wrong_element_order.xml"]
    assert {state for state, _ in pushed.events()} == {"done"}
