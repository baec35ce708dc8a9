"""Ctrl-C on a real run: exit code 130, what was committed stays whole, and the next run completes."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from substrate.database import open_database
from substrate.errors import DatabaseError
from substrate.records import table_of
from tests.console.shell import Shell
from verticals.hospital.records import Result

PLUMBLINE = Path(sys.executable).with_name("plumbline")
PATIENCE = 60


@pytest.fixture
def run(home: Path, feed: Path, monkeypatch: pytest.MonkeyPatch) -> subprocess.Popen[str]:
    """A run that commits after every ten rows."""
    monkeypatch.setenv("PLUMBLINE_BATCH_ROWS", "10")
    command = [str(PLUMBLINE), "run", "hospital", "--from", str(feed)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts
    )


def test_an_interrupted_run_is_completed_by_the_next(
    run: subprocess.Popen[str], home: Path, shell: Shell, feed: Path
) -> None:
    with run:
        wait_until(run, lambda: results(home) > 100)
        run.send_signal(signal.SIGINT)
        _out, err = run.communicate(timeout=PATIENCE)
    assert run.returncode == 130
    assert "interrupted; what was committed stays" in err
    assert "Traceback" not in err
    kept = results(home)
    rows = shell.ask("run", "hospital", "--from", feed)["rows"]
    assert rows["unchanged"] >= kept > 100
    assert rows["accepted"] > 0
    assert shell.ask("run", "hospital", "--from", feed)["rows"]["accepted"] == 0


def heed_interrupts() -> None:
    """What a shell starts in the background ignores Ctrl-C, and so does all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_until(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    """Look again and again, until the process has come so far; fail if it ends before."""
    for _ in range(100 * PATIENCE):
        if reached():
            return
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"it ended by itself with {process.wait(0.01)}")
    raise AssertionError("it never came so far")


def results(home: Path) -> int:
    """How many results are committed."""
    if not (home / "plumbline.sqlite").exists():
        return 0
    database = open_database(f"sqlite:///{home / 'plumbline.sqlite'}")
    try:
        with database.read() as connection:
            return connection.execute(select(func.count()).select_from(table_of(Result))).scalar_one()
    except (DBAPIError, DatabaseError):  # its tables are not made yet
        return 0
    finally:
        database.close()
