"""A process of a running installation: what it blots out of its logs, when its clock lives, and by what name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from console.secrecy import served_secrets
from console.serve import holder, ticks
from substrate.clock import SECOND
from substrate.kept_secrets import kept_secret, token
from substrate.settings import Settings

NOW = 1_760_000_000 * SECOND


@dataclass
class Health:
    """What a clock says of itself."""

    leading: bool
    last_tick_at: int | None
    overdue: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("leading", "last", "lives"),
    [(False, None, True), (True, NOW - 40 * SECOND, True), (True, NOW - 400 * SECOND, False), (True, None, False)],
)
def test_a_clock_lives_that_ticks_or_stands_by(leading: bool, last: int | None, lives: bool) -> None:
    assert ticks(Health(leading, last), NOW) is lives


def test_no_two_processes_have_one_name() -> None:
    assert holder() != holder()


def test_all_secrets_are_known_wherever_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_KEY", "pnu_of-the-cloud")
    kept_secret(tmp_path / "metrics.token", lambda: "kept-at-home", what="a token", hint="")
    url: Any = "postgresql+psycopg://u:pass-word@db/x"
    (tmp_path / "sources.yaml").write_text("sources: [{name: lab, vertical: h, push: {api_key: a-key-of-the-lab}}]")
    found = served_secrets(Settings(home=tmp_path, database_url=url))
    assert {"pnu_of-the-cloud", "kept-at-home", "pass-word", "a-key-of-the-lab", url} <= found
    user_and_word = (tmp_path / "prefect.auth").read_text().strip()
    assert {user_and_word, user_and_word.partition(":")[2]} <= found


def test_no_two_secrets_are_alike() -> None:
    assert len({token() for _ in range(100)}) == 100
