"""The real embedder for the tests of retrieval."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.embedders.minilm import MiniLM, open_minilm
from rag.models import install_model
from substrate.database import Database
from substrate.migrate import upgrade


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the embedder's model, built once for all processes of this test run."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if own.name.startswith("popen-") else own) / "models"
    install_model(folder)
    return folder


@pytest.fixture(scope="session")
def minilm(models_dir: Path) -> MiniLM:
    """The embedder that the product has by default."""
    return open_minilm(models_dir)


@pytest.fixture
def ledger(database: Database) -> Database:
    """A database with the tables of the index, once for each that Plumbline runs on."""
    upgrade(database, [])
    return database
