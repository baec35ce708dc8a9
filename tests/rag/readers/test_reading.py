"""Whatever is given to the readers, it is read or held with a reason, and soon."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.document import Document, UnreadableError
from rag.readers import reading
from rag.readers.parsed import Parsed
from rag.readers.reading import SUFFIXES, read_file
from rag.recipe import Recipe
from rag.splitting import split
from tests.rag.readers.test_office import outcome
from tests.rag.test_splitting import words

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
LAUGHS = "".join(f"b{at + 1}: &b{at + 1} [*b{at},*b{at}]\n" for at in range(60))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (PNG, "not_text"),
        (PNG[8:], "not_text"),
        (b"%PDF-1.7 and so on", "not_text"),
        (b"a\0b " * 1_000, "not_text"),
        (b"<div>" * 100_000, "too_deep"),
        (b"x" * (reading.MAX_TEXT + 1), "too_large"),
    ],
)
def test_what_is_no_text_is_held_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_file(data, "a.md")
    assert caught.value.reason == reason


@pytest.mark.parametrize("name", ["a.xlsx", "README", "a.md.exe"])
def test_a_kind_without_a_reader_is_named(name: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_file(b"text", name)
    assert caught.value.reason == "unknown_kind"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found(encoding: str) -> None:
    text = "# Grüße\n\nWörter über alles Mögliche, schön."
    assert read_file(text.encode(encoding), "a.md").markdown == text


def test_a_stray_control_character_is_left_out() -> None:
    assert read_file(b"hello " * 50 + b"\0\x07world", "a.md").markdown.endswith("hello world")


def test_lines_end_as_they_like() -> None:
    assert read_file(b"# A\r\n\r\none\rtwo", "a.md").markdown == "# A\n\none\ntwo"


def test_a_text_file_is_no_markdown() -> None:
    assert read_file(b"# not a heading\n---\n    not code", "a.txt").markdown == "\\# not a heading\n\\---\nnot code"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"word " * 40_000, "line.md"),
        (b"x" * 200_000, "word.md"),
        (b"word " * 40_000, "line.rst"),
        (b"<!--" * 50_000, "comments.md"),
        (b"![a](" * 40_000, "pictures.md"),
        (b'<a href="' * 20_000, "tags.md"),
        (b"| a " * 50_000 + b"\n" + b"|---" * 50_000, "columns.md"),
        (f"---\nb0: &b0 [x]\n{LAUGHS}title: *b60\n---\n# Hi\n\nx".encode(), "laughs.md"),
        (b"---\ntitle: " + b"[" * 9_000 + b"\n---\nx", "deep.md"),
        (b"> " * 50_000 + b"x", "quotes.md"),
    ],
)
def test_hostile_text_is_read_and_cut_within_bounds(data: bytes, name: str) -> None:
    parsed = read_file(data, name)
    found = split(Document(name, parsed.title, parsed.markdown), words, Recipe())
    assert found
    assert max(len(chunk.embedded_text) for chunk in found) < 30_000


@given(st.binary(max_size=400), st.sampled_from(sorted(SUFFIXES)))
@settings(max_examples=60)
def test_no_bytes_make_a_reader_stumble(data: bytes, suffix: str) -> None:
    assert outcome(data, f"a{suffix}") in {"read", "broken", "not_text", "no_text", "encrypted", "not_here"}


@pytest.mark.slow
def test_every_real_document_is_read_and_cut_within_bounds(shared_data: Path) -> None:
    files = [path for path in sorted(shared_data.glob("corpora/*/head/**/*.*")) if path.suffix in SUFFIXES]
    assert len(files) > 800
    for path in files:
        parsed = read_file(path.read_bytes(), path.name)
        found = split(Document(path.name, parsed.title, parsed.markdown), words, Recipe())
        assert all(chunk.text.strip() for chunk in found), path
        assert max(words([chunk.embedded_text for chunk in found]), default=0) <= Recipe().tokens, path


def test_front_matter_that_repeats_itself_without_end_costs_nothing() -> None:
    levels = "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 30))
    parsed = read_file(f"---\na0: &a0 {{k: v}}\n{levels}---\n# Beds\n\nClean them.\n".encode(), "a.md")
    assert parsed == Parsed("Beds", "# Beds\n\nClean them.")


def test_a_pointer_of_git_lfs_is_no_document() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n"
    for name in ("a.md", "a.pdf"):
        with pytest.raises(UnreadableError, match="git lfs pull"):
            read_file(pointer, name)


def test_what_no_database_takes_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reading._FILES, ".pdf", lambda _data, _name: Parsed("a\ud800b" * 500, "x\0y\udfff"))
    parsed = read_file(b"%PDF", "a.pdf")
    assert (parsed.title[:3], len(parsed.title), parsed.markdown) == ("a?b", 500, "x\ufffdy?")


@pytest.mark.parametrize("name", ["a.md", "a.html", "a.txt"])
def test_a_document_commands_no_terminal(name: str) -> None:
    text = "Clean the beds each day, please. " * 9 + "\x1b]52;c;cm0= \x9b2J &#27;[2J"
    assert not set(read_file(text.encode(), name).markdown) & {"\x1b", "\x9b"}
