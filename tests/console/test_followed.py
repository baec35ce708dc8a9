"""The whole way, through real processes: an event is pushed, a message leaves, and one word is in all that is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from substrate.clock import MINUTE, SystemClock, isoformat
from tests.console.test_supervisor import until
from tests.console.test_up import Up, ports
from tests.flows.pushing import KEY, SOURCES, result
from tests.substrate.test_tracing import Collector, collecting

__all__ = ["ports"]

WORD = "4bf92f3577b34da6a3ce929d0e0e4736"
WAY = {"push", "ingest", "features", "rules", "deliver"}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.address)
        yield found


@pytest.fixture
def up(home: Path, tmp_path: Path, ports: dict[str, int], collector: Collector) -> Iterator[Up]:
    home.mkdir()
    (home / "sources.yaml").write_text(SOURCES)
    found = Up(tmp_path, "--only", "web,clock", "--json")
    yield found
    found.process.kill()


def test_an_event_is_followed_to_its_message(up: Up, home: Path, collector: Collector) -> None:
    web = up.ready()["web"]
    longer_ago = isoformat(SystemClock().now() - 40 * MINUTE)
    event = result(issued=longer_ago, effectiveDateTime=longer_ago)
    headers = {"X-API-Key": KEY, "traceparent": f"00-{WORD}-00f067aa0ba902b7-01"}
    answer = httpx.post(f"{web}/ingest/lab", json=event, headers=headers)
    assert (answer.status_code, answer.json()["correlation"]) == (202, WORD)
    until(lambda: [*(home / "outbox").rglob("*.json")])
    assert up.stop()[0] == 0
    assert collector.trace(WORD) >= WAY
    assert "message sent" in {line["message"] for line in lines(up) if line.get("correlation") == WORD}
    assert KEY not in up.log.read_text()
    assert "Potassium" not in up.log.read_text()


def lines(up: Up) -> list[Any]:
    """What was logged."""
    return [json.loads(line) for line in up.log.read_text().splitlines()]
