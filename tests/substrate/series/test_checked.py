"""A series that is declared wrongly is told so, by name and with the next step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from substrate.errors import PlumblineError
from substrate.features.declare import How
from substrate.series.checked import checked, grid_of, group_kind
from substrate.series.declare import LOCAL, placed
from tests.substrate.series.house import ARRIVALS, Call


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "Arrivals 1h"}, "no usable name"),
        ({"how": How.LATEST, "value": "level"}, "cannot be the latest"),
        ({"by": "wards"}, "names no column"),
        ({"by": "level"}, "neither a reference nor a text"),
        ({"by": "status"}, "is known late"),
        ({"at": "level"}, "no instant"),
        ({"bucket": "7h"}, "do not fit a day"),
        ({"bucket": "-1h"}, "do not fit a day"),
        ({"bucket": "36h"}, "do not fit a day"),
        ({"keep": "30m"}, "less than a bucket"),
        ({"zone": "Europe/Atlantis"}, "unknown"),
        ({"how": How.SUM}, "needs a `value`"),
        ({"where": "start < now"}, "reads `now`"),
        ({"where": "levels > 1"}, "levels"),
    ],
)
def test_what_is_wrong_is_told(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(PlumblineError, match=problem):
        checked(replace(ARRIVALS, **changes))


def test_the_zone_of_the_house_must_be_put_in_before_anything_is_computed() -> None:
    series = replace(ARRIVALS, zone=LOCAL)
    assert checked(series).aggregate.name == "arrivals"
    assert grid_of(placed(series, "Europe/Berlin")).zone == "Europe/Berlin"
    with pytest.raises(PlumblineError, match="local"):
        grid_of(series)


def test_a_group_is_an_entity_a_text_or_the_house() -> None:
    assert group_kind(ARRIVALS) == "ward"
    assert group_kind(replace(ARRIVALS, of=Call, at="due", by="topic")) is None
    assert group_kind(replace(ARRIVALS, by=None)) is None
