"""Who may push, what a body may be, and what a sender is told."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from automations.channels.signing import signature
from substrate.clock import MICROS, MINUTE
from substrate.records import table_of
from tests.flows.pushing import KEY, NOW, Pushed, patient, result
from verticals.hospital import records

OLD, NEW = "whsec_cGxlYXNlIGdlbmVyYXRlIHlvdXIgb3duIGtleSE=", "the-new-secret-of-the-sender"
BODY = orjson.dumps(result())
HELD = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}


def signed(body: bytes = BODY, key: str = OLD, at: int = NOW, mark: str = "m1") -> dict[str, str]:
    """What a sender of Standard Webhooks sends."""
    seconds = at // MICROS
    sign = signature(SecretStr(key), mark, seconds, body)
    return {"webhook-id": mark, "webhook-timestamp": str(seconds), "webhook-signature": sign}


def test_an_event_is_kept_before_it_is_answered(client: TestClient, pushed: Pushed) -> None:
    answer = client.post("/ingest/lab", content=BODY, headers={**HELD, "x-event-id": "e1"})
    assert (answer.status_code, answer.json()["event_id"], len(answer.json()["correlation"])) == (202, "e1", 32)
    assert pushed.events() == [("waiting", None)]


def test_the_word_of_the_senders_trace_goes_on(client: TestClient) -> None:
    word = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = client.post("/ingest/lab", content=BODY, headers={**HELD, "traceparent": f"00-{word}-00f067aa0ba902b7-01"})
    assert answer.json()["correlation"] == word


@pytest.mark.parametrize("header", ["webhook-id", "idempotency-key", "x-event-id", None])
def test_the_same_event_gets_the_same_answer(client: TestClient, pushed: Pushed, header: str | None) -> None:
    headers = {**HELD, **({header: "e1"} if header else {})}
    answers = [client.post("/ingest/lab", content=BODY, headers=headers) for _ in range(2)]
    pushed.loop.drain()
    answers.append(client.post("/ingest/lab", content=BODY, headers=headers))
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    assert [state for state, _ in pushed.events()] == ["done"]


def test_an_event_id_with_another_body_is_a_conflict(client: TestClient) -> None:
    headers = {**HELD, "idempotency-key": "e1"}
    client.post("/ingest/lab", content=BODY, headers=headers)
    assert client.post("/ingest/lab", content=b"{}", headers=headers).status_code == 409


def test_a_body_without_an_id_that_comes_after_another_is_news(client: TestClient, pushed: Pushed) -> None:
    here = orjson.dumps(patient())
    for _ in range(2):
        client.post("/ingest/lab", content=here, headers=HELD)
        client.delete("/ingest/lab/Patient/p1", headers=HELD)
    pushed.loop.drain()
    assert len(pushed.events()) == 4
    assert [row.gone_at is not None for row in pushed.rows(table_of(records.Patient))] == [True]


@pytest.mark.parametrize("key", [KEY, "its-next-key-since-today"])
def test_each_key_of_a_source_is_good(client: TestClient, key: str) -> None:
    assert client.post("/ingest/lab", content=BODY, headers={**HELD, "authorization": f"bearer {key}"}).is_success
    assert client.post("/ingest/lab", json=patient(), headers={"x-api-key": key}).is_success


@pytest.mark.parametrize(
    ("source", "headers"),
    [
        ("nowhere", {}),
        ("nowhere", HELD),
        ("nowhere", signed()),
        ("lab", {}),
        ("lab", {"authorization": "Bearer key-of-the-laborator"}),
        ("lab", {"x-api-key": "schlüssel".encode()}),
        ("lab", signed()),
        ("ward", HELD),
        ("ward", signed(b"another body")),
        ("ward", signed(key="another-secret")),
        ("ward", signed(at=NOW - 6 * MINUTE)),
        ("ward", signed(at=NOW + 6 * MINUTE)),
        ("ward", {**signed(), "webhook-id": "m2"}),
        ("ward", {**signed(), "webhook-timestamp": "soon"}),
        ("ward", {**signed(), "webhook-signature": "v1,"}),
    ],
)
def test_strangers_learn_nothing(client: TestClient, pushed: Pushed, source: str, headers: Any) -> None:
    answer = client.post(f"/ingest/{source}", content=BODY, headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"error": "not accepted"})
    assert pushed.events() == []


@pytest.mark.parametrize("key", [OLD, NEW])
def test_a_signature_with_any_secret_in_force_is_good(client: TestClient, key: str) -> None:
    headers = signed(key=key)
    headers["webhook-signature"] = "v1,bm9uZQ== " + headers["webhook-signature"]
    assert client.post("/ingest/ward", content=BODY, headers=headers).status_code == 202


def test_too_large_a_body_is_refused_by_the_source_and_by_the_house(client: TestClient, pushed: Pushed) -> None:
    assert client.post("/ingest/lab", content=b" " * 2001, headers=HELD).status_code == 413
    huge = {**HELD, "content-length": str(pushed.settings.push_max_bytes + 1)}
    assert client.post("/ingest/lab", content=b"", headers=huge).status_code == 413
    parts = (b" " * (1 << 20) for _ in range(9))
    assert client.post("/ingest/nowhere", content=parts, headers=signed()).status_code == 413


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (400, b"{", {}),
        (400, b"3", {}),
        (415, BODY, {"content-type": "text/html"}),
        (415, BODY, {"content-encoding": "gzip"}),
        (400, BODY, {"x-event-id": "two words"}),
        (400, BODY, {"x-event-id": "x" * 201}),
    ],
)
def test_what_cannot_be_a_body_is_refused(client: TestClient, status: int, body: bytes, headers: Any) -> None:
    assert client.post("/ingest/lab", content=body, headers={**HELD, **headers}).status_code == status


@pytest.mark.parametrize(
    ("path", "allowed"), [("/ingest/lab", "POST"), ("/ingest/lab/Patient/p1", "PUT, POST, DELETE")]
)
def test_the_door_says_how_it_is_used(client: TestClient, path: str, allowed: str) -> None:
    answer = client.get(path, headers=HELD)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert client.post("/ingest/lab/", content=BODY, headers=HELD).status_code == 202
    assert client.post("/ingest/lab/Patient", content=BODY, headers=HELD).status_code == 404


def test_a_backlog_sends_senders_away_for_a_while(client: TestClient, pushed: Pushed) -> None:
    assert client.post("/ingest/lab", content=BODY, headers=HELD).status_code == 202
    pushed.clock.move(11 * MINUTE)
    _until(client, "an event waits too long")
    answer = client.post("/ingest/lab", content=b"{}", headers=HELD)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert client.get("/readyz").status_code == 503
    pushed.loop.drain()
    pushed.clock.move(MINUTE)
    _until(client, "ok")
    assert client.post("/ingest/lab", content=b"{}", headers=HELD).status_code == 202


def test_a_database_that_is_away_is_said(client: TestClient, pushed: Pushed) -> None:
    with pushed.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE inbound_event")
    answer = client.post("/ingest/lab", content=BODY, headers=HELD)
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)


def _until(client: TestClient, said: str) -> None:
    """The letterbox looks at the backlog after each batch, and a few times a second."""
    end = time.monotonic() + 10
    while client.get("/readyz").json()["checks"]["backlog"] != said:
        assert time.monotonic() < end, "nobody looked again"
        time.sleep(0.02)
