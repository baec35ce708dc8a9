"""Who may see what."""

from __future__ import annotations

import pytest

from substrate.access import Caller, Label
from substrate.columns import Sensitivity

PUBLIC, INTERNAL, PII, PHI = Sensitivity
NURSE = Caller("key:ward", "nurse", PHI, sites=frozenset({"north"}))


@pytest.mark.parametrize(
    ("label", "seen"),
    [
        (Label(PHI, "north"), True),
        (Label(PHI, "south"), False),
        (Label(PUBLIC, "south"), False),
        (Label(INTERNAL), True),
        (Label(PII), False),
        (Label(PHI, "north", frozenset({"nurse", "doctor"})), True),
        (Label(PHI, "north", frozenset({"doctor"})), False),
    ],
)
def test_a_caller_of_one_site_sees_what_is_theirs(label: Label, seen: bool) -> None:
    assert NURSE.may_see(label) is seen


def test_nobody_sees_above_their_clearance() -> None:
    clerk = Caller("key:desk", "clerk", INTERNAL)
    assert [level for level in Sensitivity if clerk.may_see(Label(level))] == [PUBLIC, INTERNAL]


def test_who_may_see_every_site_sees_what_says_none() -> None:
    assert Caller("key:all", "nurse", PHI).may_see(Label(PHI))


def test_a_vertical_that_is_not_named_may_not_be_asked() -> None:
    assert Caller("k", "r", verticals=frozenset({"school"})).may_ask("school")
    assert not Caller("k", "r", verticals=frozenset({"school"})).may_ask("hospital")
    assert Caller("k", "r").may_ask("hospital")


@pytest.mark.parametrize("clearance", [None, *Sensitivity])
@pytest.mark.parametrize("sites", [None, frozenset(), frozenset({"north"}), frozenset({"north", "south"})])
def test_who_narrows_what_they_see_never_sees_more(clearance: Sensitivity | None, sites: frozenset[str] | None) -> None:
    own = Caller("key:x", "nurse", Sensitivity.PII, frozenset({"north"}))
    less = own.narrowed(clearance, sites)
    labels = [Label(level, site) for level in Sensitivity for site in (None, "north", "south")]
    assert all(own.may_see(label) for label in labels if less.may_see(label))
    assert own.narrowed() == own
