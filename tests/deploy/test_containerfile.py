"""The image: built from what is there, run by nobody special, and holding no secret."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.deploy.commands import DEPLOY, complaint, unknown_settings

ROOT = DEPLOY.parent
TEXT = (DEPLOY / "Containerfile").read_text("utf-8")
LINES = [line for line in re.sub(r"\\\n\s*", "", TEXT).splitlines() if line and not line.startswith("#")]
STEPS = [(line.split()[0], line.split(maxsplit=1)[1]) for line in LINES]
KNOWN = {"FROM", "ENV", "WORKDIR", "COPY", "RUN", "VOLUME", "USER", "STOPSIGNAL", "ENTRYPOINT", "CMD"}


def arguments(step: str) -> list[str]:
    return [said for name, said in STEPS if name == step]


def test_every_step_is_known() -> None:
    assert {name for name, _ in STEPS} <= KNOWN


def test_every_base_has_a_version() -> None:
    assert all(re.search(r":[\w.-]*\d", said) and "latest" not in said for said in arguments("FROM"))


def test_it_runs_as_nobody_special() -> None:
    last = [name for name, _ in STEPS[[name for name, _ in STEPS].index("USER") :]]
    assert arguments("USER") == ["10001:10001"]
    assert {"RUN", "COPY", "FROM"}.isdisjoint(last)


@pytest.mark.parametrize("said", [each for each in arguments("COPY") if not each.startswith("--from")])
def test_what_is_copied_exists_and_reaches_the_builder(said: str) -> None:
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text("utf-8").splitlines()
    for name in said.split()[:-1]:
        assert (ROOT / name).exists(), name
        assert f"!{name}" in ignored


def test_all_rooms_are_in_it() -> None:
    copied = {Path(name).name for said in arguments("COPY") for name in said.split()[:-1]}
    assert copied >= {"substrate", "rag", "automations", "verticals", "flows", "console"}


def test_it_brings_the_model_where_it_is_looked_for() -> None:
    built = [said for said in arguments("RUN") if said.endswith("plumbline models install")]
    where = re.findall(r"PLUMBLINE_MODELS_DIR=(\S+)", " ".join([*built, *arguments("ENV")]))
    assert len(built) == 1
    assert where == ["/opt/plumbline/models"] * 2


def test_its_command_can_be_typed() -> None:
    (command,) = arguments("CMD")
    assert complaint(json.loads(command)) is None


def test_it_holds_no_secret_and_calls_nobody() -> None:
    variables = " ".join(arguments("ENV"))
    assert not re.search("PASSWORD|SECRET|TOKEN|AUTH|KEY", variables)
    assert {"DO_NOT_TRACK=1", "PREFECT_SERVER_ANALYTICS_ENABLED=false"} <= set(variables.split())
    assert unknown_settings(TEXT) == set()
