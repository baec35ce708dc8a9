"""A value that a column cannot hold keeps one row out, and the batch goes on."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from substrate.columns import Sensitivity, column
from substrate.database import Database
from substrate.mapping import Draft
from substrate.quality import RowRefused
from substrate.records import Record
from substrate.sealing import fit
from tests.substrate.clinic import Visit, row
from tests.substrate.test_ingest import live, take


class Tagged(Record, table=True):
    """A record with a text that is indexed."""

    __tablename__ = "tagged"
    kind: ClassVar[str] = "tagged"

    tag: str | None = column("Tag", Sensitivity.INTERNAL, default=None, index=True)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"fee": "ten"}, "wrong_type"),
        ({"fee": True}, "wrong_type"),
        ({"fee": 1.5}, "wrong_type"),
        ({"pulse": "fast"}, "wrong_type"),
        ({"pulse": True}, "wrong_type"),
        ({"paid": 1}, "wrong_type"),
        ({"fee": -(2**31) - 1}, "out_of_range"),
        ({"fee": 2**63}, "out_of_range"),
        ({"steps": ["a\x00b"]}, "bad_encoding"),
        ({"id": "nul\x00"}, "bad_encoding"),
    ],
)
def test_one_row_is_refused_and_the_others_go_on(clinic: Database, payload: dict[str, Any], reason: str) -> None:
    report = take(clinic, row("Visit", {"id": "bad", **payload}), row("Visit", {"id": "good", "fee": 1}))
    assert report.reasons == {reason: 1}
    assert list(live(clinic, Visit)) == ["good"]


def test_a_source_key_of_any_length_can_be_quarantined(clinic: Database) -> None:
    assert take(clinic, row("Visit", {"id": "k" * 5_000, "start": "soon"})).reasons == {"bad_time": 1}


def test_what_fits_is_kept_as_it_is(clinic: Database) -> None:
    take(clinic, row("Visit", {"id": "v", "fee": -(2**31) + 1, "pulse": 71.5, "paid": False}))
    take(clinic, row("Visit", {"id": "w", "pulse": 71}))
    found = live(clinic, Visit)
    assert [found["v"][name] for name in ("fee", "pulse", "paid")] == [-(2**31) + 1, 71.5, False]
    assert found["w"]["pulse"] == 71


def test_a_text_that_no_index_can_hold_is_refused() -> None:
    fit(Draft(Tagged, "k", {"tag": "ü" * 500}))
    with pytest.raises(RowRefused, match="tag has more than 500 characters"):
        fit(Draft(Tagged, "k", {"tag": "ü" * 501}))
