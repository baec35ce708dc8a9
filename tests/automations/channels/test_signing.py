"""The key of webhooks is the deployer's, or made once."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from pydantic import SecretStr

from automations.channels.signing import key_bytes, signing_key
from substrate.errors import ConfigurationError
from substrate.settings import Settings


def test_the_deployers_key_comes_first(tmp_path: Path) -> None:
    assert signing_key(Settings(home=tmp_path, signing_key=SecretStr("mine"))).get_secret_value() == "mine"
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "new")
    made = signing_key(settings)
    assert signing_key(settings) == made
    assert len(key_bytes(made)) == 32
    assert [path.name for path in settings.home.iterdir()] == ["signing.key"]
    assert stat.S_IMODE((settings.home / "signing.key").stat().st_mode) == 0o600


def test_those_who_start_together_agree(tmp_path: Path) -> None:
    settings, start = Settings(home=tmp_path), Barrier(8)

    def make(_number: int) -> str:
        start.wait()
        return signing_key(settings).get_secret_value()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(make, range(8)))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["signing.key"]


def test_an_empty_key_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "signing.key").touch()
    with pytest.raises(ConfigurationError, match="is empty"):
        signing_key(Settings(home=tmp_path))


def test_a_key_that_only_looks_right_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigurationError) as caught:
        key_bytes(SecretStr("whsec_not/base64!"))
    assert "not/base64!" not in str(caught.value)
