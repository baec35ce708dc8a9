"""One raw value: what is read, what stands for nothing, and what is refused without being repeated."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from substrate.clock import to_micros
from substrate.mapping import Reader
from substrate.mappings.fault import MappingFault
from substrate.mappings.readings import reading_of
from substrate.mappings.spec import Kind, Reading
from substrate.quality import Reason, RowRefused

BERLIN = Reader("erp", "Europe/Berlin")
UNZONED = Reader("erp")


def read(kind: Kind, raw: Any, reader: Reader = BERLIN, **said: Any) -> Any:
    return reading_of(Reading.model_validate(said), kind, "Preis", "here")(raw, reader)


def at(*moment: int) -> int:
    return to_micros(datetime(*moment, tzinfo=UTC))  # type: ignore[arg-type, misc]  # the parts of a date


@pytest.mark.parametrize(
    ("raw", "said", "number"),
    [
        ("12", {}, 12), (" -12.50 ", {}, -12.5), (7, {}, 7), (7.25, {}, 7.25), ("1e3", {}, 1000.0), (".5", {}, 0.5),
        ("1.234,50", {"decimal": ",", "thousands": "."}, 1234.5), ("1,234,567", {"thousands": ","}, 1_234_567),
        ("1\u00a0234,5", {"decimal": ",", "thousands": " "}, 1234.5), ("1'000", {"thousands": "'"}, 1000),
        ("1234,5", {"decimal": ",", "thousands": "."}, 1234.5), ("", {}, None), ("  ", {}, None), (None, {}, None),
        ("N/A", {"blank": ["N/A"]}, None), ("See ASN-7", {"otherwise": "discard"}, None),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(raw: Any, said: dict[str, Any], number: float | None) -> None:
    assert read("number", raw, **said) == number


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("See ASN-7", {}), ("1.5", {"decimal": ",", "thousands": "."}), ("12.34,5", {"decimal": ",", "thousands": "."}),
        ("1,5", {}), ("nan", {}), ("inf", {}), ("1_000", {}), ("٣", {}), ("1e999", {}), (True, {}), ([1], {}),
        ("-", {}),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_by_column_and_not_by_value(raw: Any, said: dict[str, Any]) -> None:
    with pytest.raises(RowRefused) as refused:
        read("number", raw, **said)
    assert refused.value.reason is Reason.WRONG_TYPE
    assert refused.value.detail.startswith("column Preis ")
    assert str(raw) not in refused.value.detail


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12))
def test_a_number_reads_the_same_however_it_is_grouped(number: Any) -> None:
    german = f"{number:,.3f}".translate(str.maketrans(",.", ".,"))
    assert read("number", german, decimal=",", thousands=".") == float(number)


def test_a_whole_number_has_no_fraction() -> None:
    assert (read("integer", "5.0"), read("integer", "5"), read("integer", 5.0)) == (5, 5, 5)
    with pytest.raises(RowRefused):
        read("integer", "5.5")


@pytest.mark.parametrize(("raw", "truth"), [("J", True), ("n", False), (True, True), (False, False), ("", None)])
def test_yes_and_no_in_the_house_s_own_words(raw: Any, truth: bool | None) -> None:
    assert read("yesno", raw, yes="J", no=["N"]) is truth
    with pytest.raises(RowRefused):
        read("yesno", "vielleicht", yes="J", no="N")


@pytest.mark.parametrize(
    ("kind", "raw", "said", "instant"),
    [
        ("instant", "2019-06-01T10:00:00Z", {}, at(2019, 6, 1, 10)),
        ("instant", "2019-06-01 10:00", {}, at(2019, 6, 1, 8)),
        ("instant", "2019-06-01 10:00", {"zone": "America/Chicago"}, at(2019, 6, 1, 15)),
        ("instant", "1.6.2019 10:00", {"format": "%d.%m.%Y %H:%M"}, at(2019, 6, 1, 8)),
        ("instant", "2-Jun-06", {"format": ["%Y", "%d-%b-%y"]}, at(2006, 6, 2)),
        ("instant", "2019-06-01", {}, at(2019, 6, 1)),
        ("instant", 1_559_383_200, {"epoch": "s"}, at(2019, 6, 1, 10)),
        ("instant", "1559383200000", {"epoch": "ms"}, at(2019, 6, 1, 10)),
        ("date", "1.6.2019", {"format": "%d.%m.%Y"}, at(2019, 6, 1)),
        ("date", "2019-06-01 23:30:00", {}, at(2019, 6, 1)),
        ("date", "Date Not Captured", {"otherwise": "discard"}, None),
        # Clocks are put back at 3 h, and forward at 2 h: the first of two hours, and the time before the gap.
        ("instant", "2019-10-27 02:30", {}, at(2019, 10, 27, 0, 30)),
        ("instant", "2019-03-31 02:30", {}, at(2019, 3, 31, 1, 30)),
        ("instant", "31.03.2019 02:30", {"format": "%d.%m.%Y %H:%M"}, at(2019, 3, 31, 1, 30)),
    ],
)
def test_times_as_people_write_them(kind: Kind, raw: Any, said: dict[str, Any], instant: int | None) -> None:
    assert read(kind, raw, **said) == instant


@pytest.mark.parametrize(
    ("raw", "said", "reader"),
    [
        ("soon", {}, BERLIN), ("31.02.2019", {"format": "%d.%m.%Y"}, BERLIN), ("2019-06-01 10:00", {}, UNZONED),
        (1_559_383_200, {}, BERLIN), ("01.06.2019 10:00", {"format": "%d.%m.%Y %H:%M"}, UNZONED),
    ],
)  # fmt: skip
def test_a_time_that_names_no_instant_is_refused(raw: Any, said: dict[str, Any], reader: Reader) -> None:
    with pytest.raises(RowRefused) as refused:
        read("instant", raw, reader, **said)
    assert refused.value.reason is Reason.BAD_TIME


def test_codes_and_those_that_nobody_listed() -> None:
    codes = {"m": "male", "w": "female", "x": None}
    assert [read("text", raw, codes=codes) for raw in ("m", " w", "x", "")] == ["male", "female", None, None]
    assert read("text", "d", codes=codes, otherwise="keep") == "d"
    assert read("text", "d", codes=codes, otherwise="discard") is None
    with pytest.raises(RowRefused, match="a code that the mapping does not list"):
        read("text", "d", codes=codes)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("text", {"format": "%Y"}), ("number", {"yes": "J"}), ("instant", {"format": "dd.mm.yyyy"}),
        ("number", {"decimal": ",", "thousands": ","}), ("text", {"otherwise": "keep"}),
        ("instant", {"zone": "Europe/Berln"}),
    ],
)  # fmt: skip
def test_a_reading_that_says_nothing_is_refused(kind: Kind, said: dict[str, Any]) -> None:
    with pytest.raises(MappingFault):
        reading_of(Reading.model_validate(said), kind, "Preis", "here")
