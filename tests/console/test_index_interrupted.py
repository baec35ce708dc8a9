"""Ctrl-C while a sync embeds: exit code 130 in plain words, nothing is lost, and the next sync embeds only the rest."""

from __future__ import annotations

import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from console.interrupts import NOTE
from rag.vectors import count
from substrate.database import open_database
from substrate.errors import DatabaseError
from tests.console.shell import Shell
from tests.console.test_interrupted import PATIENCE, PLUMBLINE, heed_interrupts, wait_until

DOCUMENTS = 260
SYNC = ("index", "sync", "--from", "guide", "--copilot", "guide")


@pytest.fixture
def guide(shell: Shell, models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell beside a folder whose texts take some seconds to embed."""
    monkeypatch.setenv("PLUMBLINE_MODELS_DIR", str(models_dir))
    Path("guide").mkdir()
    for number in range(DOCUMENTS):
        lines = " ".join(f"Ward {number} keeps rule {line} beside door {number * line}." for line in range(12))
        Path("guide", f"{number}.md").write_text(f"# Rule {number}\n\n{lines}\n", "utf-8")
    return shell


def interrupted(home: Path, *more: str, times: int = 1) -> tuple[int, str, str]:
    """A sync that is interrupted while it embeds: how it ended, and what it said."""
    command = [str(PLUMBLINE), *SYNC, *more]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts
    ) as process:
        wait_until(process, lambda: embedded(home) > 0)
        process.send_signal(signal.SIGINT)
        for _ in range(times - 1):
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def embedded(home: Path) -> int:
    """How many vectors are kept."""
    if not (home / "plumbline.sqlite").exists():
        return 0
    database = open_database(f"sqlite:///{home / 'plumbline.sqlite'}")
    try:
        with database.read() as connection:
            return count(connection)
    except (DBAPIError, DatabaseError):  # its tables are not made yet
        return 0
    finally:
        database.close()


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 4])
def test_the_next_sync_embeds_only_the_rest(guide: Shell, home: Path, times: int) -> None:
    code, _out, err = interrupted(home, times=times)
    assert (code, err.strip().endswith(NOTE), "Traceback" in err) == (130, True, False)
    kept = embedded(home)
    assert 0 < kept < DOCUMENTS
    after = guide.ask(*SYNC)
    assert (after["documents"], after["embedded"], after["whole"]) == (DOCUMENTS, DOCUMENTS - kept, True)
    assert guide.ask("index", "verify", "--deep")["guide"]["chunks"] == DOCUMENTS


@pytest.mark.slow
def test_a_program_is_told_by_the_exit_code_and_reads_no_half_result(guide: Shell, home: Path) -> None:
    code, out, err = interrupted(home, "--json")
    assert (code, out, err.strip()) == (130, "", NOTE)
    status = guide.ask("index", "status")
    assert [one["generation"] for one in status["copilots"] if one["copilot"] == "guide"] == [None]
