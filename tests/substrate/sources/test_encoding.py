"""Encodings: found where they can be, and a bad byte costs its line, not the file."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from substrate.sources.blocks import TornError, blocks
from substrate.sources.encoding import as_received, as_utf8, detect
from substrate.sources.folder import FolderOptions, FolderSource
from substrate.sources.lines import Cut, split_lines
from substrate.sources.source import Fault, Row

TEXT = "id;name\n1;Jürgen Müller, Straße 5, Köln\n2;Zoë Françoise Hélène à Besançon\n"


def rows(folder: Path, **options: str) -> list[Row]:
    source = FolderSource("drop", FolderOptions.model_validate({"path": folder, **options}))
    return [row for page in source.read(None, 1) for row in page.rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_csv_reads_the_same_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "Student.csv").write_bytes(TEXT.encode(encoding))
    found = [row.payload for row in rows(tmp_path)]
    assert found[0] == {"id": "1", "name": "Jürgen Müller, Straße 5, Köln"}


def test_raw_is_what_was_received(tmp_path: Path) -> None:
    (tmp_path / "Student.csv").write_bytes(TEXT.encode("cp1252"))
    assert rows(tmp_path)[0].raw == "1;Jürgen Müller, Straße 5, Köln".encode("cp1252")


def test_encoding_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "Student.csv").write_bytes("id;name\n1;Łódź\n".encode("cp1250"))
    assert rows(tmp_path, encoding="cp1250")[0].payload == {"id": "1", "name": "Łódź"}


def test_utf16_json_is_read(tmp_path: Path) -> None:
    (tmp_path / "Patient.ndjson").write_bytes('{"id":"ä"}\n{"id":"漢"}\n'.encode("utf-16"))
    assert [row.payload for row in rows(tmp_path)] == [{"id": "ä"}, {"id": "漢"}]


def test_bad_byte_in_utf8_costs_its_line_only(tmp_path: Path) -> None:
    (tmp_path / "Patient.ndjson").write_bytes('{"id":"ä"}\n{"id":"'.encode() + b'\xe4"}\n{"id":"3"}\n')
    assert [row.fault for row in rows(tmp_path)] == [None, Fault.BAD_ENCODING, None]


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\ufeff")), st.integers(1, 7))
def test_utf16_survives_any_cut_into_blocks(text: str, size: int) -> None:
    data = text.encode("utf-16-le")
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    assert b"".join(as_utf8(parts, "utf-16-le")).decode() == text


@given(st.binary())
def test_every_byte_comes_back_as_received(data: bytes) -> None:
    assert as_received(b"".join(as_utf8([data], "cp1252")), "cp1252") == data


@given(st.binary(), st.integers(1, 9))
def test_lines_hold_every_byte(data: bytes, size: int) -> None:
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    lines = [line.raw if isinstance(line, Cut) else line + b"\n" for line in split_lines(parts, 1000)]
    assert b"".join(lines) == data


def test_ascii_is_utf8() -> None:
    assert detect(b"id,name\n1,Ann\n", is_json=False) == "utf-8"


def test_gzip_of_several_members_is_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"one") + gzip.compress(b"two") + b"\0" * 20)
    assert b"".join(blocks(path)) == b"onetwo"


def test_damaged_gzip_gives_what_is_good_and_then_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    data = bytearray(gzip.compress(b"x" * 1000))
    data[-6] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(TornError, match="damaged"):
        list(blocks(path))
