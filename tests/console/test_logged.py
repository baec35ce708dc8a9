"""What a command logs is seen, and holds no secret; it makes no password that nobody asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LOGS = """
import logging
from console.workspace import workspace

with workspace():
    logging.getLogger("automations").warning("the key is a-key-of-the-lab")
    logging.getLogger("automations").info("all is well")
"""


def logged(home: Path, **environment: str) -> str:
    """What a command wrote to standard error."""
    (home / "sources.yaml").write_text("sources: [{name: lab, vertical: h, push: {api_key: a-key-of-the-lab}}]")
    given = {**os.environ, "PLUMBLINE_HOME": str(home), **environment}
    done = subprocess.run([sys.executable, "-c", LOGS], env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_warning_is_seen_without_the_key(tmp_path: Path) -> None:
    said = logged(tmp_path)
    assert "the key is ***" in said
    assert "all is well" not in said
    assert not (tmp_path / "prefect.auth").exists()


def test_more_is_told_to_those_who_ask_for_it(tmp_path: Path) -> None:
    assert "all is well" in logged(tmp_path, PLUMBLINE_LOG_LEVEL="info")
