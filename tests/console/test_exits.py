"""What a shell sees of an error: one exit code a kind, a sentence for people, JSON for programs, never a secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from console.exits import MEANINGS, exit_code
from substrate.errors import (
    ConfigurationError,
    ConflictError,
    DatabaseError,
    DeclarationError,
    NotFoundError,
    PlumblineError,
    SourceError,
)
from tests.console.shell import Shell

COPILOTS = Path(__file__).parents[2] / "docs" / "copilots.md"
SECRETS = {
    "PLUMBLINE_DATABASE_URL": "postgresql+psycopg://plumbline:s3cret-database@127.0.0.1:1/plumbline",
    "PLUMBLINE_SMTP_URL": "smtps://user:s3cret-mail@127.0.0.1:1",
    "PLUMBLINE_SIGNING_KEY": "s3cret-key",
}


class OwnError(PlumblineError):
    """One that the table does not name."""


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ConfigurationError, 2),
        (DeclarationError, 2),
        (NotFoundError, 3),
        (ConflictError, 4),
        (DatabaseError, 5),
        (SourceError, 6),
        (OwnError, 2),
    ],
)
def test_each_kind_of_error_has_its_exit_code(kind: type[PlumblineError], code: int) -> None:
    assert exit_code(kind("it is so")) == code


@pytest.mark.parametrize(
    ("command", "code", "kind"),
    [
        ("run nowhere", 3, "NotFoundError"),
        ("run hospital", 2, "ConfigurationError"),
        ("run hospital --from not-there", 6, "SourceError"),
        ("run hospital --from . --as-of yesterday", 2, "ConfigurationError"),
        ("alerts show 12345678", 3, "NotFoundError"),
        ("alerts why-not nothing nobody --at 2026-03-02", 3, "NotFoundError"),
        ("quarantine show 1", 3, "NotFoundError"),
        ("quarantine replay 1 --with not-there.json", 2, "ConfigurationError"),
        ("features show patient nobody", 3, "NotFoundError"),
        ("features show dragon nobody", 3, "NotFoundError"),
        ("rules show nothing", 3, "NotFoundError"),
        ("rules check not-there.yaml", 2, "ConfigurationError"),
        ("sources check nothing", 3, "NotFoundError"),
        ("outbox enable smtp", 3, "NotFoundError"),
        ("index sync --from not-there --copilot guide", 3, "NotFoundError"),
        ("index promote nobody", 3, "NotFoundError"),
        ("index rollback nobody", 3, "NotFoundError"),
        ("ask nobody why", 2, "ConfigurationError"),
        ("keys revoke nobody", 3, "NotFoundError"),
        ("keys add x --role nurse --expires soon", 2, "ConfigurationError"),
        ("models install --from not-there.whl", 2, "ConfigurationError"),
        ("eval run nobody", 3, "NotFoundError"),
        ("eval compare 1 2", 3, "NotFoundError"),
        ("eval questions reject 1 --why x", 3, "NotFoundError"),
        ("mcp --bogus", 2, "UsageError"),
    ],
)
def test_errors_are_json_on_standard_error(shell: Shell, command: str, code: int, kind: str) -> None:
    said = shell(*command.split(), "--json")
    assert (said.code, said.out) == (code, "")
    assert (said.error["type"], said.error["exit"]) == (kind, code)
    assert said.error["message"]


def test_people_read_a_sentence_and_the_next_step(shell: Shell) -> None:
    said = shell("run", "hospital")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: there is nothing to read for hospital\n")
    assert "--from FOLDER" in said.err


@pytest.mark.parametrize("name", ["PLUMBLINE_MASS_DELETE_SHARE", "PLUMBLINE_BATCH_ROWS"])
def test_a_wrong_setting_is_named_and_its_value_is_not_repeated(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "s3cret")
    said = shell("doctor", "--json")
    assert (said.code, said.error["type"]) == (2, "ConfigurationError")
    assert name in said.error["message"]
    assert "s3cret" not in said.err


@pytest.mark.parametrize("spoken", [[], ["--json"]])
@pytest.mark.parametrize("command", ["doctor", "db status", "db upgrade", "run hospital --from .", "alerts list"])
def test_no_secret_is_ever_shown(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: str, spoken: list[str]
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    said = shell(*command.split(), *spoken)
    assert said.code == 5
    assert "127.0.0.1" in said.err
    assert "s3cret" not in said.out + said.err


@pytest.mark.parametrize("url", ["s3cret", "mysql://u:s3cret@h/d"])
def test_an_address_that_is_none_is_not_repeated(shell: Shell, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("PLUMBLINE_DATABASE_URL", url)
    for command in ("doctor",), ("db", "status"), ("db", "upgrade"), ("run", "hospital"):
        said = shell(*command)
        assert said.code == 2
        assert "s3cret" not in said.out + said.err


def test_every_exit_code_is_told(shell: Shell) -> None:
    table = COPILOTS.read_text("utf-8").partition("| exit code | meaning |\n")[2].partition("\n\n")[0]
    told = re.findall(r"^\| (\d+) \| (.*) \|$", table, re.MULTILINE)
    assert {int(code): meaning for code, meaning in told} == MEANINGS
    shown = " ".join(shell("--help").out.split())
    assert all(f"{code} {meaning}" in shown for code, meaning in MEANINGS.items())
    kinds = (ConfigurationError, NotFoundError, ConflictError, DatabaseError, SourceError, OwnError)
    assert {exit_code(kind("it is so")) for kind in kinds} <= set(MEANINGS)


def test_a_fault_of_ours_is_not_taken_for_anything_else(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.keys.workspace", None)
    assert shell("keys", "list").code == shell("keys", "list", "--json").code == 70
