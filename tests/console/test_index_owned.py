"""`plumbline index` while the web process owns the index: what touches it goes over HTTP, and ends as it would here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.shell import Shell
from tests.console.test_supervisor import until
from tests.console.test_up import Up, ports

__all__ = ["ports"]

pytestmark = pytest.mark.slow

DECLARED = "copilots: [{{name: guide, language: {}, sources: [{{name: files, folder: {{path: ../guide}}}}]}}]\n"
TEXTS = {"moor": "A zeppelin is moored at the mast.", "fill": "The cells are filled with helium."}


@pytest.fixture
def owned(
    home: Path, tmp_path: Path, shell: Shell, ports: dict[str, int], models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shell]:
    """A shell beside a web process that owns an index of two generations, the second of which answers."""
    monkeypatch.setenv("PLUMBLINE_MODELS_DIR", str(models_dir))
    home.mkdir()
    (tmp_path / "guide").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "guide" / f"{name}.md").write_text(f"# {name}\n\n{text}\n", "utf-8")
    declare(home, "english")
    shell.ask("index", "sync", "--copilot", "guide")
    up = Up(tmp_path, "--only", "web", "--json")
    try:
        up.ready()
        until(lambda: (shell.ask("index", "status")["owner"] or {}).get("address") == up_address(ports))
        until(lambda: shell("index", "verify").code == 0)
        declare(home, "german")
        assert shell.ask("index", "sync", "--copilot", "guide")["embedded"] == 0
        yield shell
        assert up.stop()[0] == 0
    finally:
        up.process.kill()
        up.process.communicate()


def up_address(ports: dict[str, int]) -> str:
    return f"http://127.0.0.1:{ports['PLUMBLINE_WEB_PORT']}"


def declare(home: Path, language: str) -> None:
    """Another language is another generation, for which nothing is embedded."""
    (home / "copilots.yaml").write_text(DECLARED.format(language), "utf-8")


def answering(shell: Shell) -> Any:
    """The generation that answers, as the owner itself says."""
    return shell.ask("ask", "guide", "Who moors a zeppelin?", "--search-only")["generation"]


def test_generations_go_and_come_back_in_the_process_that_owns_them(owned: Shell) -> None:
    assert answering(owned) == 2
    assert owned.ask("index", "rollback", "guide") == {"copilot": "guide", "generation": 1}
    assert answering(owned) == 1
    told = owned.ask("index", "promote", "guide")
    assert (told["generation"], {one["passed"] for one in told["gates"]}) == (2, {True})
    assert {"coverage", "count", "leak", "latency", "quality"} <= {one["gate"] for one in told["gates"]}
    assert answering(owned) == 2
    said = owned("index", "rollback", "guide")
    assert (said.code, said.out.strip()) == (0, "Generation 1 of guide answers again.")
    said = owned("index", "promote", "guide", "--generation", 2)
    assert (said.code, said.out.splitlines()[-1]) == (0, "Generation 2 of guide answers now.")


def test_verify_compares_in_the_process_that_owns_it(owned: Shell) -> None:
    told = owned.ask("index", "verify", "--deep")
    assert told["guide"]["chunks"] == len(TEXTS)
    assert "guide: 2 chunks compared, nothing differed" in owned("index", "verify").out


WRONG = [
    ("promote nobody", 3, "no copilot is called 'nobody'"),
    ("rollback nobody", 3, "no copilot is called 'nobody'"),
    ("promote guide --generation 99", 3, "there is no generation 99 for 'guide'"),
    ("promote guide --generation 2", 4, "generation 2 is live"),
    ("rollback hospital", 3, "'hospital' has no earlier generation to go back to"),
]


def test_what_cannot_be_is_said_with_its_exit_code(owned: Shell) -> None:
    for command, code, words in WRONG:
        said = owned("index", *command.split(), "--json")
        assert (said.code, said.out, said.error["exit"]) == (code, "", code)
        assert words in said.error["message"]
        assert owned("index", *command.split()).code == code
