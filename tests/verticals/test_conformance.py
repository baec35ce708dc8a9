"""Every installed vertical keeps what all must keep; the suite is the one that a stranger's package runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.conformance import REQUIREMENTS, Requirement
from substrate.catalog import Vertical, verticals

INSTALLED = verticals()


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
@pytest.mark.parametrize("vertical", INSTALLED.values(), ids=list(INSTALLED))
def test_an_installed_vertical_conforms(vertical: Vertical, requirement: Requirement, tmp_path: Path) -> None:
    assert requirement.broken_by(vertical, tmp_path) == []
