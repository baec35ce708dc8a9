"""Which messages are no longer worth telling: the pure decisions, each case by itself."""

from __future__ import annotations

import pytest

from automations.relevance import Needless, Sibling, Standing, needless, never_told

FIRING = Standing("firing", None, None, None)


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (FIRING, None),
        (Standing("recovering", None, None, None), None),
        (Standing("resolved", "cleared", None, None), Needless.RESOLVED_MEANWHILE),
        (Standing("resolved", "reminded", None, None), None),
        (Standing("firing", None, 100, None), Needless.ACKNOWLEDGED),
        (Standing("firing", None, 99, None), None),  # acknowledged before there was this message
        (Standing("firing", None, None, 201), Needless.SNOOZED),
        (Standing("firing", None, None, 200), None),
    ],
)
def test_news_of_a_fire(standing: Standing, said: Needless | None) -> None:
    assert needless(standing, 100, 200) is said


FIRE = Sibling("smtp", "fired", heard=True)
UNHEARD = Sibling("smtp", "fired", heard=False)
OVER = Sibling("smtp", "resolved", heard=False)


@pytest.mark.parametrize(
    ("siblings", "said"),
    [
        ([FIRE, OVER], False),
        ([UNHEARD, OVER], True),
        ([OVER], True),
        ([UNHEARD, Sibling("smtp", "worse", heard=True), OVER], False),
        # The fire went by text message in the stead of mail, and only mail has a resolution.
        ([UNHEARD, Sibling("sms", "fired", heard=True), OVER], False),
        # The fire is read in the inbox, where its resolution will be too; the mail never went.
        ([UNHEARD, Sibling("inbox", "fired", heard=True), OVER, Sibling("inbox", "resolved", heard=False)], True),
    ],
)
def test_a_resolution_is_told_to_those_who_heard_of_the_fire(siblings: list[Sibling], said: bool) -> None:
    assert never_told("smtp", siblings) is said
