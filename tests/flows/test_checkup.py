"""What the doctor finds: a sound installation, and each fault with its next step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Delete, Update, delete, update

from automations.alerts import rule_progress
from automations.outbox import Delivery, outbox
from automations.watch import FAILURES
from flows.checkup import examine
from flows.checkup_finding import Finding
from flows.trouble import mark_of
from substrate.batches import counter
from substrate.catalog import Vertical
from substrate.clock import DAY, HOUR
from substrate.freshness import advance, watermark
from substrate.settings import Settings
from tests.flows.station import NOW, Station
from verticals.hospital import vertical


def findings(station: Station, *, now: int = NOW, looked_at: Vertical = vertical) -> dict[str, Finding]:
    """Every finding by its subject."""
    url = station.database.engine.url.render_as_string(hide_password=False)
    settings = Settings(home=station.home, database_url=SecretStr(url))
    return {finding.subject: finding for finding in examine(settings, station.database, [looked_at], now)}


def change(station: Station, statement: Update | Delete) -> None:
    """Write something into the database."""
    with station.database.write() as connection:
        connection.execute(statement)


def test_a_healthy_installation_is_sound(ran: Station) -> None:
    unsound = [finding for finding in findings(ran).values() if not finding.sound]
    assert unsound == []


def test_a_database_without_tables_wants_an_upgrade(ran: Station) -> None:
    with ran.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE hospital_note")
    found = findings(ran)["database"]
    assert (found.sound, found.next_step) == (False, "plumbline db upgrade")


def test_old_data_wants_a_run(ran: Station) -> None:
    found = findings(ran, now=NOW + 3 * DAY)["data of hospital"]
    assert (found.sound, found.next_step) == (False, "plumbline run hospital")


def test_data_that_was_never_read_is_not_called_old(ran: Station) -> None:
    change(ran, delete(watermark))
    assert findings(ran)["data of hospital"].sound


def test_a_clock_that_was_set_back_is_found(ran: Station) -> None:
    change(ran, update(counter).values(recorded_at=NOW + HOUR))
    assert not findings(ran)["clock"].sound


def test_a_rule_that_keeps_failing_is_named(ran: Station) -> None:
    failing = {"failures": FAILURES, "last_error": "it is so"}
    change(ran, update(rule_progress).where(rule_progress.c.rule_id == "no-show").values(**failing))
    assert "no-show" in findings(ran)["rules"].text


@pytest.mark.parametrize(("state", "subject"), [(Delivery.DEAD, "outbox"), (Delivery.WAITING, "delivery")])
def test_messages_that_did_not_leave_are_counted(ran: Station, state: Delivery, subject: str) -> None:
    change(ran, update(outbox).values(state=str(state), due_at=NOW - HOUR))
    found = findings(ran)[subject]
    assert not found.sound
    assert found.text.split()[0] == str(sum(ran.messages().values()))
    assert found.next_step


def test_a_home_that_is_not_there_is_found(ran: Station, tmp_path: Path) -> None:
    ran.home = tmp_path / "gone"
    assert not findings(ran)["home"].sound


def test_contacts_that_ask_for_a_strange_channel_are_found(ran: Station) -> None:
    (ran.home / "contacts.yaml").write_text("recipients: {anna: {channels: [{channel: pigeon}]}}\n")
    found = findings(ran)["contacts"]
    assert not found.sound
    assert "pigeon" in found.text


def test_a_series_that_cannot_be_computed_is_named(ran: Station) -> None:
    broken = replace(vertical.series[0], name="arrivals", zone="Nowhere/Land")
    found = findings(ran, looked_at=replace(vertical, series=(broken,)))["vertical hospital"]
    assert not found.sound
    assert "arrivals" in found.text


def test_batch_work_that_has_not_run_for_long_is_named(ran: Station) -> None:
    (ran.home / "sources.yaml").write_text("sources: [{name: epr, vertical: hospital, folder: {path: /srv}}]", "utf-8")
    assert findings(ran)["batch work"].sound
    with ran.database.write() as connection:
        advance(connection, [mark_of("daily-cycle hospital")], "plumbline", NOW - 2 * DAY)
    found = findings(ran)["batch work"]
    assert not found.sound
    assert "daily-cycle hospital was 2 d ago" in found.text


def test_a_list_of_sources_that_cannot_be_read_is_found(ran: Station) -> None:
    (ran.home / "sources.yaml").write_text("sources: [{name: epr}]", "utf-8")
    assert not findings(ran)["batch work"].sound
