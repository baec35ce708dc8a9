"""The example of docs/mapping.md as files, so that what the page says is what runs."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parents[3] / "docs/mapping.md").read_text("utf-8")
PATIENTS, CASES = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
KIS, SOURCES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def export(folder: Path) -> Path:
    """A folder with the two files that the page shows."""
    folder.mkdir()
    (folder / "Patienten.csv").write_text(PATIENTS, "utf-8")
    (folder / "Faelle.csv").write_text(CASES, "utf-8")
    return folder
