"""The real embedder for the tests of retrieval."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.embedders.minilm import MiniLM, open_minilm
from rag.models import install_model


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
