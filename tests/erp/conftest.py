"""Tryton, set up once and copied for each test; without its environment (`make test-erp`) these tests are not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest

from substrate.database import open_database
from tests.erp.firm import PYTHON, Beside, Office, at_work, set_up

collect_ignore = [] if PYTHON.exists() else ["test_tryton.py"]

CUSTOMER, VENDOR, BOLT = 2, 3, 1
"""What Tryton calls the first of each."""


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A firm that has a hundred bolts in stock, and wants at least forty."""
    folder = tmp_path_factory.mktemp("tryton")
    set_up(folder)
    with at_work(folder) as office:
        office("found")
        assert office("party", "Muster GmbH", "einkauf@muster.example") == CUSTOMER
        assert office("party", "Lieferant AG") == VENDOR
        assert office("product", "Bolt M8", "B8") == BOLT
        office("stock", BOLT, 100, -20)
        office("reorder", BOLT, 40, 120)
    return folder


@pytest.fixture
def erp(founded: Path, tmp_path: Path) -> Path:
    """A Tryton of its own for each test."""
    folder = tmp_path / "tryton"
    folder.mkdir()
    copyfile(founded / "erp.sqlite", folder / "erp.sqlite")
    (folder / "trytond.conf").write_text(f"[database]\nuri = sqlite://\npath = {folder}\n")
    return folder


@pytest.fixture
def office(erp: Path) -> Iterator[Office]:
    """Its staff."""
    with at_work(erp) as staff:
        yield staff


@pytest.fixture
def beside(erp: Path, tmp_path: Path) -> Iterator[Beside]:
    """Plumbline beside it."""
    home = tmp_path / "home"
    home.mkdir()
    database = open_database(f"sqlite:///{home / 'plumbline.sqlite'}")
    yield Beside(home, database, f"sqlite:///{erp / 'erp.sqlite'}")
    database.close()
