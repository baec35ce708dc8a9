"""The embedder of the settings, and never another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rag.embedders.chosen import open_embedder
from substrate.columns import Sensitivity
from substrate.errors import ConfigurationError
from substrate.settings import Settings


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


def test_by_default_it_is_the_one_on_this_machine(models_dir: Path) -> None:
    embedder = open_embedder(settings(models_dir=models_dir))
    assert embedder.fingerprint.startswith("all-MiniLM-L6-v2/")


def test_a_missing_model_is_never_replaced(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="plumbline models install"):
        open_embedder(settings(home=tmp_path))


@pytest.mark.parametrize("missing", ["embed_url", "embed_model"])
def test_a_missing_setting_is_named(missing: str) -> None:
    given = {"embedder": "hosted", "embed_url": "https://h/v1", "embed_model": "tiny", missing: None}
    with pytest.raises(ConfigurationError, match=f"PLUMBLINE_{missing.upper()} is not set"):
        open_embedder(settings(**given))


def test_the_hosted_one_is_as_the_settings_say() -> None:
    given = {"embedder": "hosted", "embed_url": "https://h/v1/", "embed_model": "tiny", "embed_dimensions": 8}
    embedder = open_embedder(settings(embed_clearance="public", embed_key="sk-geheim", **given))
    assert (embedder.fingerprint, embedder.clearance) == ("h/tiny/8", Sensitivity.PUBLIC)
    assert "geheim" not in repr(vars(embedder))
