"""Documents become chunks: by their headings, within the limit, nothing lost, nothing cut that fits."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.chunk import Chunk
from rag.document import Document
from rag.recipe import Recipe
from rag.splitting import split

SMALL = Recipe(tokens=40, least=8)


def words(texts: Sequence[str]) -> list[int]:
    """A tokenizer for tests: words, and each sign by itself."""
    return [len(re.findall(r"\w+|[^\w\s]", text)) for text in texts]


def chunks(text: str, recipe: Recipe = SMALL, title: str = "Manual") -> list[Chunk]:
    return split(Document(key="manual.md", title=title, text=text), words, recipe)


def prose(count: int, word: str = "word") -> str:
    return " ".join(f"{word}{at}" for at in range(count)) + "."


def test_a_section_that_fits_is_one_chunk_below_its_headings() -> None:
    (one, two) = chunks(f"# Beds\n\n{prose(10)}\n\n## Cleaning\n\n{prose(12)}\n")
    assert (one.headings, two.headings) == (("Beds",), ("Beds", "Cleaning"))
    assert two.embedded_text == f"Manual: Beds: Cleaning\n\n{prose(12)}"
    assert [one.ordinal, two.ordinal] == [0, 1]


def test_the_title_does_not_stand_twice() -> None:
    assert chunks(f"# Manual\n\n{prose(10)}")[0].embedded_text == f"Manual\n\n{prose(10)}"


def test_headings_lose_their_markup_and_anchors() -> None:
    (chunk,) = chunks(f"## **The** [`bed`](bed.md) list {{ #beds }}\n\n{prose(9)}")
    assert chunk.headings == ("The bed list",)


def test_small_sections_are_joined_below_what_they_share() -> None:
    (chunk,) = chunks("# Keys\n\n## F1\n\nHelp.\n\n## F2\n\nSave.\n")
    assert (chunk.headings, chunk.text) == (("Keys",), "## F1\n\nHelp.\n\n## F2\n\nSave.")


def test_a_heading_with_nothing_below_it_is_not_lost() -> None:
    (chunk,) = chunks(f"# Keys\n\n{prose(10)}\n\n## See also\n")
    assert chunk.text.endswith("## See also")


def test_an_edit_changes_no_other_section() -> None:
    sections = [f"## Part {at}\n\n{prose(50, f'p{at}x')}" for at in range(5)]
    before = chunks("\n\n".join(sections))
    sections[2] += " One more."
    after = chunks("\n\n".join(sections))
    assert {chunk.headings for chunk in set(after) ^ set(before)} == {("Part 2",)}


def test_code_that_fits_is_not_cut() -> None:
    code = "```python\n" + "\n".join(f"call({at})" for at in range(5)) + "\n```"
    found = chunks(f"{prose(30)}\n\n{code}\n\n{prose(30)}")
    assert sum(code in chunk.text for chunk in found) == 1


def test_long_code_is_cut_at_its_lines_and_each_part_is_code() -> None:
    code = "\n".join(f"    call({at})" for at in range(30))
    found = chunks(f"```python\n{code}\n```")
    assert all(chunk.text.startswith("```python\n    call(") and chunk.text.endswith(")\n```") for chunk in found)
    assert [line for chunk in found for line in chunk.text.split("\n")[1:-1]] == code.split("\n")


def test_a_long_table_repeats_its_head() -> None:
    rows = [f"| bed {at} | ward {at} |" for at in range(20)]
    found = chunks("\n".join(["| Bed | Ward |", "|---|---|", *rows]))
    assert len(found) > 1
    assert all(chunk.text.startswith("| Bed | Ward |\n|---|---|\n| bed") for chunk in found)


def test_a_line_that_fits_into_no_chunk_is_cut_too() -> None:
    found = chunks(f"```\nshort\n{prose(200)}\n```")
    assert max(words([chunk.embedded_text for chunk in found])) <= SMALL.tokens
    assert all(f"word{at}" in " ".join(chunk.text for chunk in found) for at in range(200))


def test_too_many_headings_leave_room_for_the_text() -> None:
    deep = "\n\n".join(f"{'#' * level} {prose(8, f'h{level}x')}" for level in range(1, 7))
    (chunk,) = chunks(f"{deep}\n\n{prose(9)}")
    assert len(chunk.headings) == 6
    assert chunk.text == prose(9)


def test_a_heading_as_long_as_a_page_is_text() -> None:
    assert all(chunk.headings == () for chunk in chunks(f"# {prose(100)}\n\nText."))


def test_a_document_of_headings_alone_says_nothing() -> None:
    assert chunks("# Under construction\n\n## Soon") == []


@pytest.mark.parametrize("text", ["", "\n \n\t\n", "\ufeff\n"])
def test_nothing_gives_no_chunks(text: str) -> None:
    assert chunks(text.replace("\ufeff", "")) == []


def test_overlap_is_shared_by_neighbours_of_one_section() -> None:
    one, two, *_ = chunks(" ".join(f"Sentence {at} stands here." for at in range(30)), Recipe(tokens=40, overlap=10))
    assert one.text.split(". ")[-1].rstrip(".") in two.text


def test_another_recipe_has_another_fingerprint() -> None:
    assert len({Recipe().fingerprint(), SMALL.fingerprint(), Recipe(overlap=20).fingerprint()}) == 3
    assert Recipe().fingerprint() == Recipe().fingerprint()


LINES = st.sampled_from(
    [
        "",
        "# One",
        "## Two",
        "### Three",
        "Setext\n---",
        "```python\nx = 1\n\ny = 2\n```",
        "```",
        "| a | b |\n|---|---|\n| c | d |",
        "- item\n  more\n- other",
        "> quoted",
        "[ref]: https://example.org",
        "    indented",
        "<div>",
        "1. first",
        prose(30),
        "plain words",
    ]
)


@given(st.lists(LINES, max_size=30))
def test_every_word_stands_in_some_chunk_and_no_chunk_is_too_long(lines: list[str]) -> None:
    text = "\n\n".join([*lines, "end"])
    found = chunks(text)
    said = " ".join(" ".join((*chunk.headings, chunk.text)) for chunk in found)
    assert set(re.findall(r"\w+", text)) <= set(re.findall(r"\w+", said))
    assert all(chunk.text.strip() for chunk in found)
    assert max(words([chunk.embedded_text for chunk in found]), default=0) <= SMALL.tokens
    assert found == chunks(text)
