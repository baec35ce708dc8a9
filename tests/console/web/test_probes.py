"""What those learn who watch over the process, and what strangers do not."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.console.web.test_door import BODY, HELD
from tests.flows.pushing import KEY, Pushed


def token(pushed: Pushed) -> dict[str, str]:
    said = (pushed.settings.home / "metrics.token").read_text().strip()
    return {"authorization": f"Bearer {said}"}


def test_a_process_lives_as_long_as_it_answers(client: TestClient) -> None:
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (200, "ok")


def test_a_process_is_ready_when_its_parts_live(client: TestClient, pushed: Pushed) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["live"]) == (503, "stopped")
    pushed.loop.start()
    try:
        assert client.get("/readyz").json() == {
            "ready": True,
            "checks": {"database": "ok", "backlog": "ok", "live": "ok"},
        }
    finally:
        pushed.loop.stop(5)


def test_a_database_that_lacks_a_migration_is_not_ready(client: TestClient, pushed: Pushed) -> None:
    with pushed.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    assert client.get("/readyz").json()["checks"]["database"] == "not migrated"


@pytest.mark.parametrize("said", ["", "Bearer", "Bearer wrong", "Bearer ö"])
def test_metrics_are_for_those_who_know_the_token(client: TestClient, said: str) -> None:
    assert client.get("/metrics", headers=[(b"authorization", said.encode())]).status_code == 401


def test_metrics_tell_what_was_counted_and_what_stands(client: TestClient, pushed: Pushed) -> None:
    client.post("/ingest/lab", content=BODY, headers=HELD)
    client.post("/ingest/made-up-by-a-stranger", content=BODY, headers=HELD)
    before = client.get("/metrics", headers=token(pushed)).text
    pushed.loop.drain()
    after = client.get("/metrics", headers=token(pushed)).text
    assert 'plumbline_inbound_events_total{outcome="accepted",source="lab"} 1.0' in before
    assert 'plumbline_inbound_events_total{outcome="refused",source="unknown"} 1.0' in before
    assert 'plumbline_inbound_waiting{source="lab"} 1.0' in before
    assert 'plumbline_inbound_waiting{source="lab"} 0.0' in after
    assert "plumbline_event_to_alert_seconds_count 1.0" in after
    assert 'plumbline_alerts_open{severity="high"} 1.0' in after
    assert 'plumbline_watermark_age_seconds{name="records:hospital_result"} 0.0' in after
    assert 'route="/ingest/{source}"' in after
    assert "made-up" not in after


def test_requests_are_logged_without_what_they_ask(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "plumbline.access"):
        client.post(f"/ingest/lab?key={KEY}", content=BODY, headers=HELD)
        client.get("/healthz")
    facts = [vars(record) for record in caplog.records if record.name == "plumbline.access"]
    assert [(each["path"], each["status"]) for each in facts] == [("/ingest/lab", 202)]
    assert KEY not in str(facts)


def test_a_records_key_is_not_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "plumbline.access"):
        client.put("/ingest/lab/Patient/mrn-4711", content=BODY, headers=HELD)
    facts = [vars(record) for record in caplog.records if record.name == "plumbline.access"]
    assert [each["path"] for each in facts] == ["/ingest/lab/Patient/{key}"]
    assert "4711" not in str(facts)


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/"])
def test_strangers_find_no_description(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
