"""A JSON document is read element by element, wherever its list stands and wherever its blocks end."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.sources.json_stream import BrokenError, read_document
from substrate.sources.source import Fault

LISTS = ("tickets", "issues")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(st.text(st.characters(codec="utf-8")), VALUES, max_size=4), max_size=8)


def blocks(text: bytes, size: int) -> Iterator[bytes]:
    return (text[at : at + size] for at in range(0, len(text), size))


def rows(text: str | bytes, size: int = 7) -> list[object]:
    raw = text.encode() if isinstance(text, str) else text
    return [row.payload for row in read_document(blocks(raw, size), "t.json", LISTS)]


@given(ROWS, st.integers(1, 50), st.booleans())
def test_every_row_of_a_list_is_read_as_a_parser_reads_it(found: list[object], size: int, under: bool) -> None:
    document = {"count": 12, "meta": {"tickets": [1]}, "tickets": found, "users": [{"id": 1}]} if under else found
    assert rows(orjson.dumps(document), size) == orjson.loads(orjson.dumps(found))


def test_an_object_without_a_list_is_one_row() -> None:
    assert rows('{"id": 5, "comments": [{"body": "a"}], "x": 1.5}') == [
        {"id": 5, "comments": [{"body": "a"}], "x": 1.5}
    ]


@pytest.mark.parametrize(
    "text", ['[{"id": 1}, {"id"', '{"tickets": [{"id": 1}', '[{"id": 1} {"id": 2}]', "", "17", "[1 2]"]
)
def test_a_document_that_breaks_off_is_no_list_of_what_came_before(text: str) -> None:
    with pytest.raises(BrokenError):
        rows(text)


def test_an_element_that_is_no_object_or_no_text_is_a_row_of_its_own() -> None:
    found = list(read_document([b'[{"id": 1}, 7, {"a": "\xff"}, {"id": 2}]'], "t.json", LISTS))
    assert [row.fault for row in found] == [None, Fault.NOT_AN_OBJECT, Fault.BAD_ENCODING, None]


def test_objects_within_objects_without_end_are_no_document() -> None:
    with pytest.raises(BrokenError):
        rows('[{"a":' * 200_000, 1 << 16)
