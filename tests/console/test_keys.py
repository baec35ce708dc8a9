"""Keys at the keyboard: made, shown once, listed, and taken back."""

from __future__ import annotations

import re

import pytest

from tests.console.shell import Shell

pytestmark = pytest.mark.usefixtures("on_each_database")

ADD = ("keys", "add", "ward", "--role", "nurse", "--clearance", "phi", "--site", "north", "--vertical", "hospital")


def test_a_key_is_made_listed_and_taken_back(shell: Shell) -> None:
    made = shell.ask(*ADD, "--expires", "90d")
    assert re.fullmatch(r"pl_[0-9a-f]{12}_.{43}", made["key"])
    (listed,) = shell.ask("keys", "list")
    assert (listed["name"], listed["sites"], listed["verticals"], listed["good"]) == (
        "ward", ["north"], ["hospital"], True,
    )  # fmt: skip
    assert "key" not in listed
    assert shell.ask("keys", "revoke", "ward")["revoked_at"]
    assert shell.ask("keys", "list")[0]["good"] is False


def test_without_a_word_on_sites_it_is_of_none(shell: Shell) -> None:
    assert shell.ask("keys", "add", "plain", "--role", "nurse")["sites"] == []
    assert shell.ask("keys", "add", "wide", "--role", "nurse", "--all-sites")["sites"] is None


def test_the_list_shows_who_may_what(shell: Shell) -> None:
    said = shell(*ADD)
    assert "it is not shown again" in said.out
    assert "sees what a nurse may, up to phi, of sites: north" in " ".join(said.out.split())
    listed = shell("keys", "list").out
    assert "good" in listed
    assert "pl_" not in listed


def test_what_cannot_be_is_said(shell: Shell) -> None:
    assert shell("keys", "add", "x", "--role", "nurse", "--vertical", "bakery").code == 2
    assert shell("keys", "add", "x", "--role", "nurse", "--site", "a", "--all-sites").code == 2
    assert shell("keys", "add", "x", "--role", "nurse", "--expires", "soon").code == 2
    assert shell("keys", "revoke", "x").code == 3
    shell.ask(*ADD)
    assert shell(*ADD).code == 4
