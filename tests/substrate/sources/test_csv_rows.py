"""Delimited text: whatever the delimiter, the quotes and the width, every line is accounted for."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from substrate.sources.csv_rows import read_csv
from substrate.sources.csv_shape import CsvShape, find_delimiter, tidy_header
from substrate.sources.lines import split_lines
from substrate.sources.source import Fault, Row


def parse(text: str | bytes, delimiter: str = ",", **columns: str) -> list[Row]:
    data = text.encode() if isinstance(text, str) else text
    lines = split_lines([data], 100_000)
    return list(read_csv(lines, "f.csv", "Student", CsvShape(delimiter, columns, 100_000)))


def payloads(text: str, delimiter: str = ",") -> list[object]:
    return [row.payload for row in parse(text, delimiter)]


CELLS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r"), max_size=8)
TABLES = st.integers(2, 5).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1))


@given(TABLES, st.sampled_from(",;\t|"))
def test_what_a_csv_writer_wrote_is_what_is_read(table: list[list[str]], delimiter: str) -> None:
    names = [f"c{number}" for number in range(len(table[0]))]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([names, *table])
    assert payloads(text.getvalue(), delimiter) == [dict(zip(names, cells, strict=True)) for cells in table]


@given(st.text(st.sampled_from('ab",\n'), max_size=60))
def test_every_line_is_in_exactly_one_row(body: str) -> None:
    rows = parse("h,k\n" + body)
    kept = "\n".join(row.raw.decode() for row in rows if row.raw)
    assert sorted(kept.replace("\n", "")) == sorted(body.replace("\n", ""))


def test_quoted_newline_keeps_its_line_number_and_its_bytes() -> None:
    first, second = parse('id,note\n1,"a\nb"\n2,c\n')
    assert (first.line, second.line, first.raw) == (2, 4, b'1,"a\nb"')


def test_row_of_the_wrong_width_is_faulty_and_keeps_its_bytes() -> None:
    short, fine = parse("a,b\n1\n1,2\n")
    assert (short.fault, short.raw, short.detail) == (Fault.BAD_COLUMNS, b"1", "1 columns where the header has 2")
    assert fine.fault is None


def test_quote_that_is_never_closed_costs_one_line() -> None:
    rows = parse('a,b\n1,"x\n' + "2,y\n" * 5_000)
    assert [row.fault for row in rows] == [Fault.BAD_COLUMNS] + [None] * 5_000


def test_bad_bytes_and_nul_cost_their_row_only() -> None:
    rows = parse(b"a,b\n1,\xff\n2,\0\n3,x\n")
    assert [row.fault for row in rows] == [Fault.BAD_ENCODING, Fault.BAD_ENCODING, None]


def test_file_cut_in_a_record_says_so() -> None:
    assert [row.fault for row in parse("a,b\n1,2\n3")] == [None, Fault.TRUNCATED]


def test_windows_line_ends_and_blank_lines_are_no_data() -> None:
    assert payloads("a,b\r\n1,2\r\n\r\n") == [{"a": "1", "b": "2"}]


def test_long_field_is_read() -> None:
    assert parse("a,b\n1," + "x" * 90_000 + "\n")[0].fault is None


def test_header_is_tidied_and_renamed() -> None:
    assert tidy_header([" id ", "", "id", "x"], {"x": "grade"}) == ["id", "column_2", "id#2", "grade"]


def test_delimiter_is_found() -> None:
    assert [find_delimiter(text) for text in ("a;b\n1,5;2\n", "a\tb\n1\t2", "a|b|c\n", "only\n1\n")] == [
        ";",
        "\t",
        "|",
        ",",
    ]


def test_header_alone_has_no_rows() -> None:
    assert parse("a,b\n") == []
