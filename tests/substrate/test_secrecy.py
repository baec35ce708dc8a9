"""Secrets are found in settings of any shape."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, SecretStr

from substrate.secrecy import secrets_in
from substrate.sources.configured import load_sources


class Inner(BaseModel):
    """Holds secrets among other things."""

    key: SecretStr
    more: tuple[SecretStr, ...] = ()
    name: str = "open"


class Outer(BaseModel):
    """Holds models."""

    inner: Inner | None = None
    named: dict[str, Inner] = {}


def test_secrets_are_found_however_deep_they_lie() -> None:
    deep = Inner(key=SecretStr("three"))
    outer = Outer(inner=Inner(key=SecretStr("one"), more=(SecretStr("two"),)), named={"x": deep})
    assert secrets_in([outer]) == {"one", "two", "three"}


def test_there_may_be_none() -> None:
    assert secrets_in(Outer()) == secrets_in("word") == secrets_in(None) == set()


def test_the_keys_of_sources_are_among_them(tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text("sources: [{name: lab, vertical: hospital, push: {api_key: a-key-nobody-knows}}]")
    assert secrets_in(load_sources(path)) == {"a-key-nobody-knows"}
