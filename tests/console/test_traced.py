"""Every request has a word: its caller's, or one of its own; and a pushed event begins a trace under it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from console.traced import Traced
from substrate.correlation import correlation
from substrate.tracing import tracing
from tests.substrate.test_tracing import Collector, collecting

THEIRS = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADER = {"traceparent": f"00-{THEIRS}-00f067aa0ba902b7-01"}


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = FastAPI()

    @app.post("/ingest/{source}")
    async def at_once(source: str) -> str | None:
        return correlation()

    @app.get("/page")
    def in_a_thread() -> str | None:
        return correlation()

    with TestClient(Traced(app)) as found:
        yield found


def test_whoever_asks_under_a_word_is_answered_under_it(client: TestClient) -> None:
    assert client.post("/ingest/ward", headers=HEADER).json() == THEIRS
    assert client.get("/page", headers=HEADER).json() == THEIRS


def test_whoever_has_none_gets_one_for_each_request(client: TestClient) -> None:
    first, second = client.get("/page").json(), client.get("/page").json()
    assert len(first) == len(second) == 32
    assert first != second
    assert correlation() is None


def test_only_a_pushed_event_is_a_span(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
        spans = traced_spans(client, collector)
    assert spans == {"push": THEIRS}


def traced_spans(client: TestClient, collector: Collector) -> dict[str, str]:
    with tracing("web", {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.address}):
        client.get("/page", headers=HEADER)
        client.post("/ingest/ward", headers=HEADER)
    return {name: found.trace_id.hex() for name, found in collector.spans().items()}
