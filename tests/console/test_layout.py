"""Which parts run as which programs, and where no secret may be seen."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from console.layout import Part, parts_of, programs, refuse_taken_ports, web_address
from flows.orchestrator import auth_string, client_environment, is_served, server_answers, server_environment
from substrate.errors import ConfigurationError
from substrate.settings import Settings

CLOUD = {"PREFECT_API_URL": "https://prefect.example/api", "PREFECT_API_KEY": "pnu_s3cret"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def named(settings: Settings, *parts: Part, environment: dict[str, str] | None = None) -> dict[str, Any]:
    return {each.name: each for each in programs(settings, parts, environment or {}, "json")}


def test_everything_runs_unless_something_else_is_asked_for() -> None:
    assert parts_of(None, foreign=False) == tuple(Part)
    assert parts_of("clock, web", foreign=False) == (Part.WEB, Part.CLOCK)


def test_no_second_prefect_server_is_started() -> None:
    assert Part.PREFECT not in parts_of(None, foreign=True)
    with pytest.raises(ConfigurationError, match="PREFECT_API_URL names"):
        parts_of("prefect", foreign=True)


@pytest.mark.parametrize("said", ["", "webb", "web,worker"])
def test_a_part_that_does_not_exist_is_refused(said: str) -> None:
    with pytest.raises(ConfigurationError, match="there is no part") as refused:
        parts_of(said, foreign=False)
    assert "web, clock, flows, prefect" in refused.value.hint


def test_web_and_clock_share_a_process_and_prefect_ends_after_the_flows(settings: Settings) -> None:
    found = named(settings, *Part)
    assert list(found) == ["web", "prefect", "flows"]
    assert found["web"].argv[-2:] == ("web", "clock")
    assert found["prefect"].outlives == {"flows"}
    assert list(named(settings, Part.CLOCK)) == ["clock"]


def test_no_secret_is_in_a_command_or_shown(settings: Settings) -> None:
    password = auth_string(settings, {}).get_secret_value().partition(":")[2]
    found = named(settings, *Part)
    assert password in str(dict(found["prefect"].environment))
    assert not [each for each in found.values() if password in str(each)]


def test_the_password_of_prefect_is_made_once_for_the_owner_alone(settings: Settings) -> None:
    assert auth_string(settings, {}) == auth_string(settings, {})
    kept = settings.home / "prefect.auth"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.read_text().strip() == auth_string(settings, {}).get_secret_value()
    assert "plumbline:" not in repr(auth_string(settings, {}))


def test_a_password_of_ones_own_is_taken(settings: Settings) -> None:
    assert auth_string(settings, {"PREFECT_SERVER_API_AUTH_STRING": "a:b"}).get_secret_value() == "a:b"
    assert not (settings.home / "prefect.auth").exists()


def test_our_server_and_its_clients_agree_and_call_nobody(settings: Settings) -> None:
    server, client = server_environment(settings, {}), client_environment(settings, {})
    assert server["PREFECT_SERVER_API_AUTH_STRING"] == client["PREFECT_API_AUTH_STRING"]
    assert server["PREFECT_SERVER_DATABASE_CONNECTION_URL"].endswith(f"{settings.home}/prefect/prefect.sqlite")
    for each in (server, client):
        assert (each["DO_NOT_TRACK"], each["PREFECT_SERVER_ANALYTICS_ENABLED"]) == ("1", "false")


def test_a_foreign_server_is_spoken_to_as_the_environment_says(settings: Settings) -> None:
    found = client_environment(settings, CLOUD)
    assert {"PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "PREFECT_API_KEY"}.isdisjoint(found)
    assert not (settings.home / "prefect.auth").exists()


@pytest.mark.parametrize(
    ("part", "setting"), [(Part.WEB, "PLUMBLINE_WEB_PORT"), (Part.PREFECT, "PLUMBLINE_PREFECT_PORT")]
)
def test_a_taken_port_is_named_with_its_setting(part: Part, setting: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = Settings(home=tmp_path, web_port=port, prefect_port=port)
        with pytest.raises(ConfigurationError, match=f"port {port} of 127.0.0.1 cannot be used") as refused:
            refuse_taken_ports(settings, [part])
        assert setting in refused.value.hint
        refuse_taken_ports(settings, [Part.CLOCK, Part.FLOWS])


def test_a_server_that_is_not_there_does_not_answer(settings: Settings) -> None:
    nowhere = {"PREFECT_API_URL": "http://127.0.0.1:1/api"}
    assert not server_answers(settings, nowhere)
    assert not is_served(settings, nowhere, 0)


@pytest.mark.parametrize(
    ("host", "address"),
    [("0.0.0.0", "http://127.0.0.1:8420"), ("::1", "http://[::1]:8420"), ("::", "http://127.0.0.1:8420")],
)
def test_people_are_told_an_address_that_they_can_open(host: str, address: str, tmp_path: Path) -> None:
    assert web_address(Settings(home=tmp_path, web_host=host)) == address
