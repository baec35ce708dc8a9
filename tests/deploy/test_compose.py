"""The compose file: every word is one that Compose knows, every name leads somewhere, every container is hardened."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

import jsonschema
import pytest
import yaml

from tests.deploy.commands import DEPLOY, complaint, said_secrets, unknown_settings

TEXT = (DEPLOY / "compose.yaml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(set(SERVICES) - {"postgres"})
ONCE = {"migrate", "deploy"}

STRINGS = {"type": "array", "items": {"type": "string"}}
DURATION = {"type": "string", "pattern": r"^\d+(ms|s|m)$"}
HEALTH = {
    "type": "object", "additionalProperties": False, "required": ["test", "interval", "timeout", "retries"],
    "properties": {
        "test": {**STRINGS, "minItems": 2}, "interval": DURATION, "timeout": DURATION, "start_period": DURATION,
        "retries": {"type": "integer"},
    },
}  # fmt: skip
CONDITIONS = ["service_started", "service_healthy", "service_completed_successfully"]
WAITS = {
    "type": "object", "additionalProperties": False, "required": ["condition"],
    "properties": {"condition": {"enum": CONDITIONS}},
}  # fmt: skip
SERVICE = {
    "type": "object", "additionalProperties": False,
    "required": ["image", "user", "read_only", "cap_drop", "security_opt", "restart", "networks"],
    "properties": {
        "image": {"type": "string", "pattern": ":"}, "user": {"type": "string", "pattern": r"^[1-9]\d*:[1-9]\d*$"},
        "read_only": {"const": True}, "cap_drop": {"const": ["ALL"]},
        "security_opt": {"const": ["no-new-privileges:true"]}, "init": {"type": "boolean"},
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]}, "command": STRINGS,
        "environment": {"type": "object", "additionalProperties": {"type": "string"}},
        "networks": STRINGS, "secrets": STRINGS, "volumes": STRINGS, "tmpfs": STRINGS, "healthcheck": HEALTH,
        "profiles": STRINGS, "stop_grace_period": DURATION,
        "ports": {"type": "array", "items": {"type": "string", "pattern": r"^127\.0\.0\.1:\d+:\d+$"}},
        "depends_on": {"type": "object", "additionalProperties": WAITS},
        "build": {"type": "object", "additionalProperties": False,
                  "properties": {"context": {"type": "string"}, "dockerfile": {"type": "string"}}},
        "logging": {"type": "object", "additionalProperties": False, "properties": {
            "driver": {"type": "string"}, "options": {"type": "object", "additionalProperties": {"type": "string"}}}},
    },
}  # fmt: skip
FILE = {
    "type": "object", "additionalProperties": False, "required": ["services"],
    "patternProperties": {"^x-": {}},
    "properties": {
        "name": {"type": "string"}, "services": {"type": "object", "additionalProperties": SERVICE},
        "networks": {"type": "object"}, "volumes": {"type": "object"},
        "secrets": {"type": "object", "additionalProperties": {
            "type": "object", "additionalProperties": False, "required": ["file"],
            "properties": {"file": {"type": "string", "pattern": r"^\./secrets/"}}}},
    },
}  # fmt: skip


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> dict[str, Any]:
    return SERVICES[request.param]


@pytest.fixture(scope="session")
def official() -> Any:
    """The schema of the compose specification."""
    found = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    return json.loads(found.read_text("utf-8"))


def test_it_is_a_compose_file_by_the_specification(official: Any) -> None:
    jsonschema.validate(COMPOSE, official)


def test_the_specification_would_see_a_slip(official: Any) -> None:
    slip = {"services": {"web": {**SERVICES["web"], "read_olny": True}}}
    with pytest.raises(jsonschema.ValidationError, match="read_olny"):
        jsonschema.validate(slip, official)


def test_it_is_hardened_and_has_no_word_that_compose_does_not_know() -> None:
    jsonschema.validate(COMPOSE, FILE)


def test_every_name_leads_somewhere(service: dict[str, Any]) -> None:
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    places = [volume.partition(":")[0] for volume in service.get("volumes", [])]
    assert {place for place in places if not place.startswith(".")} <= set(COMPOSE["volumes"])


def test_whoever_is_waited_for_can_come_so_far(service: dict[str, Any]) -> None:
    for name, waits in service.get("depends_on", {}).items():
        healthy = waits["condition"] == "service_healthy"
        assert ("healthcheck" in SERVICES[name]) if healthy else (name in ONCE)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONCE))
def test_what_goes_on_is_looked_after(name: str) -> None:
    assert "healthcheck" in SERVICES[name]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_no_secret_is_said(service: dict[str, Any]) -> None:
    assert list(said_secrets(service.get("environment", {}))) == []


def test_every_secret_that_is_read_is_handed_over(service: dict[str, Any]) -> None:
    said = [*service.get("command", []), *service.get("environment", {}).values()]
    read = re.findall(r"/run/secrets/(\w+)", " ".join(said))
    assert set(read) <= set(service.get("secrets", []))


@pytest.mark.parametrize("name", OURS)
def test_every_command_can_be_typed(name: str) -> None:
    assert complaint(SERVICES[name]["command"]) is None


def test_every_setting_exists() -> None:
    assert unknown_settings(TEXT) == set()
