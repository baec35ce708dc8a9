"""Copilots over HTTP: asked with a key, answered with sources, and refused in the house's shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from console.local import local_key
from rag.generations import begin
from rag.ledger import Why
from rag.reply import Outcome
from substrate.clock import MINUTE
from substrate.database import open_database
from substrate.keyring import REREAD
from substrate.keys import revoke_key
from tests.console.web.asked import CLERK, NOW, NURSE, TRUCKER, Ward

QUESTION = {"question": "When is a patient discharged?"}
ANNA = {**QUESTION, "entity": {"kind": "patient", "key": "p-north"}}
BEN = {**QUESTION, "entity": {"kind": "patient", "key": "p-south"}}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    """A hospital, and a database that is closed after it."""
    database = open_database(f"sqlite:///{tmp_path / 'test.sqlite'}")
    yield Ward(tmp_path / "home", database)
    database.close()


@pytest.fixture
def nurse(ward: Ward) -> Iterator[TestClient]:
    """A client with a nurse's key."""
    with ward.served(NURSE) as client:
        yield client


def refusal(ward: Ward, path: str, body: Any = QUESTION, who: Any = NURSE, **said: Any) -> tuple[int, str]:
    """The status and words of a refusal."""
    with ward.served(who) as client:
        answer = client.post(path, json=body, **said)
    return answer.status_code, answer.json()["error"]


def test_a_search_tells_source_version_age_and_time_spent(nurse: TestClient) -> None:
    found = nurse.post("/copilots/ward/search", json={**QUESTION, "k": 2}).json()
    assert {hit["document"] for hit in found["hits"]} == {"discharge.md", "note/1"}
    hit = found["hits"][0]
    assert (hit["version"], hit["age_seconds"], hit["stale"]) == ("v1", 24 * 3600, False)
    assert found["short"] is None
    assert found["timings_ms"]["total"] > 0


def test_a_context_brings_features_and_passages(nurse: TestClient) -> None:
    found = nurse.post("/copilots/ward/context", json={**ANNA, "features": ["visits_365d"]}).json()
    assert found["features"]["features"]["visits_365d"]["value"] == 0
    assert found["features"]["withheld"] == {}
    assert found["passages"]["hits"]
    assert {"features", "search", "total"} <= found["timings_ms"].keys()


def test_what_a_clerk_is_not_cleared_for_is_refused_the_same_for_everybody(ward: Ward) -> None:
    told = {refusal(ward, "/copilots/ward/context", body, CLERK) for body in (ANNA, BEN)}
    assert [status for status, _ in told] == [403]


def test_an_answer_cites_what_it_says(nurse: TestClient) -> None:
    told = nurse.post("/copilots/ward/answer", json={"question": "When are beds freed?"}).json()
    assert told["outcome"] == Outcome.EXTRACT
    assert told["citations"][0]["document"] == "discharge.md"
    assert told["sentences"][0]["cited"]


def events(client: TestClient, **said: Any) -> list[tuple[str, Any]]:
    """The events of an answer that is streamed."""
    body = {"question": "When are beds freed?", **said.pop("json", {})}
    with client.stream("POST", "/copilots/ward/answer", json=body, **said) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        parts = "".join(answer.iter_text()).strip().split("\n\n")
    lines = (part.split("\n") for part in parts)
    return [(name.removeprefix("event: "), orjson.loads(data.removeprefix("data: "))) for name, data in lines]


def test_an_answer_is_streamed_if_it_is_wished(nurse: TestClient) -> None:
    asked = events(nurse, json={"stream": True})
    assert asked[-1][0] == "answer"
    assert [name for name, _ in asked[:-1]] == ["sentence"] * len(asked[-1][1]["sentences"])
    assert events(nurse, headers={"accept": "text/event-stream"})[-1][1]["outcome"] == "extract"


def test_a_stream_that_cannot_begin_has_a_status(ward: Ward) -> None:
    assert refusal(ward, "/copilots/nobody/answer", {**QUESTION, "stream": True})[0] == 404


def test_what_is_said_of_an_answer_is_kept(nurse: TestClient) -> None:
    said = {"question": "Where is Anna?", "helpful": False, "comment": "wrong", "chunks": ["0" * 32]}
    assert nurse.post("/copilots/ward/feedback", json=said).json() == {"id": 1}


def test_who_has_no_key_is_told_nothing(ward: Ward) -> None:
    for path in ("/copilots/ward/search", "/copilots/nobody/search", "/copilots/ward/feedback"):
        assert refusal(ward, path, {"no": "question"}, None) == (401, "not accepted")


def test_a_copilot_that_is_not_for_the_caller_is_as_if_it_were_not_there(ward: Ward) -> None:
    told = {refusal(ward, f"/copilots/{name}/search") for name in ("nobody", "doctors")}
    assert told == {(404, "there is no such copilot")}
    assert refusal(ward, "/copilots/ward/search", QUESTION, TRUCKER) == (404, "there is no such copilot")
    with ward.served(NURSE) as client:
        assert [one["name"] for one in client.get("/copilots").json()["copilots"]] == ["hospital", "ward"]


def test_a_patient_of_another_site_is_as_if_there_were_none(ward: Ward) -> None:
    nobody = {**QUESTION, "entity": {"kind": "patient", "key": "p-nobody"}}
    for what in ("search", "context", "answer"):
        assert len({refusal(ward, f"/copilots/ward/{what}", body) for body in (BEN, nobody)}) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "question"),
        ({"question": " "}, "question"),
        ({**QUESTION, "k": 0}, "k"),
        ({**QUESTION, "kk": "planted-4711"}, "kk"),
        ({**QUESTION, "changed_after": "planted-4711"}, "changed_after"),
        ([], "the body"),
    ],
)
def test_what_cannot_be_asked_is_named_without_its_value(ward: Ward, body: Any, field: str) -> None:
    status, said = refusal(ward, "/copilots/ward/search", body)
    assert status == 422
    assert said.startswith(f"{field}:")
    assert "planted-4711" not in said


def test_a_question_that_is_too_large_is_not_read(ward: Ward) -> None:
    assert refusal(ward, "/copilots/ward/search", {"question": "x" * 70_000})[0] == 413


def test_who_asks_too_often_is_told_when_to_come_again(ward: Ward) -> None:
    ward.settings = ward.settings.model_copy(update={"asks_per_minute": 2})
    with ward.served(NURSE) as client:
        asked = [client.post("/copilots/ward/search", json=QUESTION) for _ in range(3)]
        assert [answer.status_code for answer in asked] == [200, 200, 429]
        assert asked[-1].headers["retry-after"] == "30"
        ward.clock.move(MINUTE)
        assert client.post("/copilots/ward/search", json=QUESTION).status_code == 200


def test_until_the_index_is_open_callers_are_asked_to_come_later(ward: Ward) -> None:
    ward.shelf.trouble = "the model is not there. `plumbline models install` brings it"
    with ward.served(NURSE) as client:
        answer = client.post("/copilots/ward/search", json=QUESTION)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        ready = client.get("/readyz")
        assert "models install" in ready.json()["checks"]["copilots"]
        assert ready.json()["ready"] is True
        ward.shelf.trouble = None
        assert client.post("/copilots/ward/search", json=QUESTION).status_code == 200


def test_a_key_that_was_taken_back_is_refused_within_seconds(ward: Ward, nurse: TestClient) -> None:
    assert nurse.get("/copilots").status_code == 200
    with ward.database.write() as connection:
        revoke_key(connection, "nurse", NOW, "test")
    ward.clock.move(REREAD)
    assert nurse.get("/copilots").status_code == 401


def test_the_key_of_the_machine_opens_only_from_here(ward: Ward) -> None:
    key = {"authorization": f"Bearer {local_key(ward.settings).get_secret_value()}"}
    with ward.served(None, client=("127.0.0.1", 5000)) as client:
        assert client.get("/copilots", headers=key).status_code == 200
        assert client.get("/copilots", headers={**key, "x-forwarded-for": "10.0.0.1"}).status_code == 401
    with ward.served(None, client=("10.0.0.7", 5000)) as client:
        assert client.get("/copilots", headers=key).status_code == 401


def test_questions_are_counted_and_not_told(ward: Ward, nurse: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    nurse.post("/copilots/ward/search", json={"question": "planted-4711 of Anna Silva"})
    nurse.post("/copilots/planted-4711/search", json=QUESTION)
    token = (ward.settings.home / "metrics.token").read_text().strip()
    shown = nurse.get("/metrics", headers={"authorization": f"Bearer {token}"}).text
    assert 'plumbline_copilot_questions_total{copilot="ward",outcome="fewer_documents",what="search"} 1.0' in shown
    assert 'copilot="unknown",outcome="refused_404"' in shown
    assert "planted-4711 of" not in caplog.text
    assert "planted-4711" not in shown


def test_a_narrower_key_of_one_site_sees_that_site_alone(ward: Ward) -> None:
    south = replace(NURSE, name="south", sites=frozenset({"south"}))
    ward.keys["south"] = ward.key_of(south)
    with ward.served(south) as client:
        found = client.post("/copilots/ward/search", json=QUESTION).json()
    assert {hit["document"] for hit in found["hits"]} == {"discharge.md", "note/2"}


@pytest.mark.parametrize("generation", [0, 1 << 63, 10**30])
def test_a_generation_that_cannot_be_is_refused(nurse: TestClient, generation: int) -> None:
    said = {**QUESTION, "helpful": True, "generation": generation}
    assert nurse.post("/copilots/ward/feedback", json=said).status_code == 422


@pytest.mark.parametrize("door", ["search", "answer", "context"])
def test_an_index_that_another_embedder_made_is_not_asked(ward: Ward, door: str) -> None:
    values = {"recipe": "r", "embedder": "another", "dimensions": 256}
    with ward.database.write() as connection:
        made = begin(connection, "ward", values, Why.FIRST, NOW)
    assert made.id == ward.shelf.index.live("ward").generation
    status, said = refusal(ward, f"/copilots/ward/{door}", ANNA)
    assert (status, said) == (503, "the index of 'ward' was made by another embedder")
