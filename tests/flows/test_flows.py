"""The flows run in this process against a real server: same numbers as the command line, our alert when one fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ParameterTypeError
from prefect.states import Failed, Running, Scheduled

from flows.accounts import alerts_of, rows_of
from flows.cycle import run_cycle
from flows.daily import daily_cycle
from flows.features import refresh_features
from flows.guarded import JITTER, RETRIES, WAITS, StepFailed, discreet, may_pass
from flows.ingest import ingest_source, read_source
from flows.installation import installation
from flows.missed import leave_out_missed
from flows.quality import quality_report
from flows.rules import sweep_rules
from flows.watch import Nobody
from flows.zombies import close_zombies
from substrate.clock import DAY, from_micros
from substrate.errors import DatabaseError, NotFoundError, SourceError
from substrate.settings import Settings
from tests.conftest import fresh_database
from tests.flows.house import House
from tests.flows.station import NOW
from verticals.hospital import vertical

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(read_source, "retry_delay_seconds", [0] * RETRIES)


def artifact(key: str) -> Any:
    """What the newest artifact of a key says."""
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))
    return max(found, key=lambda one: one.created or datetime.min.replace(tzinfo=UTC)).data


def test_a_day_under_prefect_comes_to_the_numbers_of_the_command_line(conducted: House, tmp_path: Path) -> None:
    other = Settings(home=tmp_path / "other", sources_file=conducted.home / "sources.yaml")
    with installation(other) as opened:
        expected = run_cycle(opened.bench("hospital"), opened.sources("hospital"), Nobody(), as_of=NOW - DAY)
    counts = daily_cycle("hospital", as_of=from_micros(NOW - DAY))
    assert counts["ingest epr"] == rows_of(expected.ingests["epr"])
    assert counts["features"] == {each.view: each.changed for each in expected.refreshes}
    assert counts["series"] == {each.series: each.points for each in expected.series}
    assert counts["rules"].items() >= alerts_of(expected.rules).items()
    assert counts["rules"]["sent"] == expected.deliveries.sent > 0


def test_reading_again_changes_nothing(conducted: House) -> None:
    first, again = ingest_source("hospital", "epr"), ingest_source("hospital", "epr")
    assert first["accepted"] > 0
    assert (again["accepted"], again["rows_in"]) == (0, again["unchanged"] + again["quarantined"])


def test_the_report_says_what_is_held_and_why_and_nothing_of_whom(conducted: House) -> None:
    held = ingest_source("hospital", "epr")["quarantined"]
    assert quality_report("hospital")["held"] == held > 0
    page = artifact("quality-hospital")
    assert f"{held:,} rows are held" in page
    with conducted.opened() as opened, opened.database.read() as connection:
        raws = connection.exec_driver_sql("SELECT reason, source_key FROM quarantine").all()
    assert all(reason in page for reason, _ in raws)
    assert not any(key and key in page for _, key in raws)


def test_a_run_leads_on_to_where_a_person_looks_next(conducted: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_WEB_URL", "https://plumbline.example/")
    quality_report("hospital")
    assert "[What works now](https://plumbline.example/readyz)" in artifact("quality-hospital-now")


def test_a_source_that_fails_is_told_once_and_taken_back_when_it_is_read(conducted: House) -> None:
    sound = (conducted.home / "sources.yaml").read_text("utf-8")
    conducted.lists("- {name: epr, vertical: hospital, folder: {path: /not/there}}")
    for _ in range(2):
        with pytest.raises(SourceError, match="there is no folder"):
            ingest_source("hospital", "epr")
    assert conducted.alerts() == [('{"name":"ingest-source hospital/epr"}', "firing", 1)]
    assert conducted.told("flow_failed") == ["data-steward"]
    (conducted.home / "sources.yaml").write_text(sound, "utf-8")
    ingest_source("hospital", "epr")
    assert [state for _, state, _ in conducted.alerts()] == ["resolved"]
    assert conducted.told("resolved") == ["data-steward"]


def test_a_step_that_fails_stops_no_other_and_the_day_says_which(conducted: House) -> None:
    good = (conducted.home / "sources.yaml").read_text("utf-8").removeprefix("sources:\n")
    conducted.lists(good + "- {name: lab, vertical: hospital, folder: {path: /not/there}}")
    with pytest.raises(StepFailed, match="1 steps failed: ingest lab"):
        daily_cycle("hospital", with_maintenance=False)
    subjects = {labels for labels, _, _ in conducted.alerts()}
    assert subjects == {'{"name":"ingest-source hospital/lab"}', '{"name":"daily-cycle hospital"}'}
    assert artifact("rules-hospital")


def test_on_postgresql_views_go_side_by_side_and_all_is_done(
    conducted: House, postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_DATABASE_URL", fresh_database(postgres_server))
    ingest_source("hospital", "epr")
    changed = refresh_features("hospital")
    assert set(changed) == set(vertical.views_by_kind)
    assert all(changed.values())
    assert set(refresh_features("hospital", "patient")) == {"patient"}


def test_a_run_past_its_time_limit_is_closed_and_a_younger_one_is_not(conducted: House) -> None:
    with get_client(sync_client=True) as client:
        lost = client.create_flow_run(sweep_rules, parameters={"vertical": "hospital"})
        client.set_flow_run_state(lost.id, Running(), force=True)
        assert lost.id not in {run.id for _, run in close_zombies(client, datetime.now(UTC))}
        closed = close_zombies(client, datetime.now(UTC) + timedelta(hours=1))
        state = client.read_flow_run(lost.id).state
    assert ("sweep-rules", lost.id) in [(flow, run.id) for flow, run in closed]
    assert state is not None
    assert state.is_crashed()


def test_what_was_missed_is_caught_up_by_one_run_and_other_work_is_not(conducted: House) -> None:
    now, hospital, school = datetime.now(UTC), {"vertical": "hospital"}, {"vertical": "school"}
    with get_client(sync_client=True) as client:
        work = client.create_deployment(client.create_flow(quality_report), name="missed")

        def due(hours: int, parameters: dict[str, str]) -> FlowRun:
            then: State[Any] = Scheduled(scheduled_time=now - timedelta(hours=hours))
            return client.create_flow_run_from_deployment(work, parameters=parameters, state=then)

        begun, missed, *_others = [due(3, hospital), due(2, hospital), due(-1, hospital), due(2, school)]
        left_out = leave_out_missed(client, begun, now)
        state = client.read_flow_run(missed.id).state
    assert [run.id for run in left_out] == [missed.id]
    assert state is not None
    assert (state.is_cancelled(), state.name) == (True, "Missed")


def test_a_parameter_of_a_wrong_type_is_refused() -> None:
    with pytest.raises((TypeError, ParameterTypeError)):
        ingest_source.validate_parameters({"vertical": ["hospital"], "source": "epr"})


@pytest.mark.parametrize(("error", "again"), [(SourceError, True), (DatabaseError, True), (NotFoundError, False)])
def test_only_what_may_come_back_is_tried_again(error: type[Exception], again: bool) -> None:
    assert may_pass(read_source, None, Failed(data=error("x"))) is again  # type: ignore[arg-type]  # the run is not read


def test_tries_lie_further_and_further_apart_and_not_all_at_once() -> None:
    assert WAITS(RETRIES) == [10, 20, 40]
    assert read_source.retry_jitter_factor == JITTER > 0


def test_a_stranger_s_error_is_told_without_its_words() -> None:
    with pytest.raises(StepFailed) as told, discreet():
        raise ValueError("Anna Example, born 1950")
    assert "ValueError at test_flows.py" in str(told.value)
    assert "Anna" not in str(told.value)
    assert told.value.__cause__ is None
