"""The words of a generation: what is written is found at once, what is deleted is not, whatever its key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rag.lexical import LexicalIndex
from rag.projection import Change, key_of


def change(chunk: str, text: str, sequence: int = 1, label: int = 1) -> Change:
    """A chunk that says something."""
    return Change(chunk, key_of(chunk), sequence, False, 1, label, "guide", None, None, "Title", ("Head",), text, b"")


FIRST, LAST = "0" * 32, "f" * 32


@pytest.fixture
def index(tmp_path: Path) -> LexicalIndex:
    """Two chunks with the smallest and the largest key."""
    made = LexicalIndex(tmp_path / "words")
    made.apply([], [change(FIRST, "The émigrés' appointments"), change(LAST, "A lorry", label=2)])
    return made


def found(
    index: LexicalIndex, *words: str, labels: tuple[int, ...] = (1, 2), among: list[int] | None = None
) -> list[int]:
    """The keys of what matches."""
    return [key for key, _ in index.matching(dict.fromkeys(words, 1.0), labels, 5, among)]


def test_words_are_found_without_case_accents_and_endings(index: LexicalIndex) -> None:
    assert found(index, "EMIGRE") == found(index, "appointment") == [key_of(FIRST)]


def test_titles_and_headings_are_words_too(index: LexicalIndex) -> None:
    assert len(found(index, "title")) == len(found(index, "head")) == 2


def test_only_some_partitions_or_chunks_are_searched(index: LexicalIndex) -> None:
    assert found(index, "title", labels=(2,)) == [key_of(LAST)]
    assert found(index, "title", labels=()) == []
    assert found(index, "title", among=[key_of(LAST)]) == [key_of(LAST)]


@pytest.mark.parametrize("chunk", [FIRST, LAST])
def test_what_is_deleted_is_not_found(index: LexicalIndex, chunk: str) -> None:
    index.apply([key_of(chunk)], [])
    assert key_of(chunk) not in found(index, "title")
    assert len(index.stand()) == 1


def test_what_is_written_again_is_there_once(index: LexicalIndex) -> None:
    index.apply([], [change(FIRST, "Something else", sequence=7)])
    assert (found(index, "emigre"), index.stand()[key_of(FIRST)]) == ([], 7)
    assert len(index.stand()) == 2


def test_no_words_match_nothing(index: LexicalIndex) -> None:
    assert found(index, "") == found(index) == found(index, "?!") == []


def test_a_heavier_word_weighs_more(index: LexicalIndex) -> None:
    ranked = index.matching({"lorry": 0.1, "appointment": 5.0}, [1, 2], 2)
    assert [key for key, _ in ranked] == [key_of(FIRST), key_of(LAST)]


def test_it_is_kept_when_it_is_closed(index: LexicalIndex, tmp_path: Path) -> None:
    index.close()
    again = LexicalIndex(tmp_path / "words")
    assert (len(again.stand()), again.is_new) == (2, False)


def test_only_its_owner_writes(index: LexicalIndex, tmp_path: Path) -> None:
    reader = LexicalIndex(tmp_path / "words", writing=False)
    with pytest.raises(RuntimeError, match="only read here"):
        reader.apply([], [change(FIRST, "x")])
    index.apply([key_of(LAST)], [])
    reader.refresh()
    assert len(reader.stand()) == 1


def shown(folder: Path, hidden: str, labels: tuple[int, ...] = (1,)) -> list[tuple[int, float]]:
    """What somebody gets who may see one partition, while another one says something forty times, and said more."""
    index = LexicalIndex(folder)
    index.apply([], [change(FIRST, "Zebedee cooks, and writes down what"), change(LAST, "Visiting hours are from two")])
    index.apply([], [change(f"{n:032x}", f"Note {n} on {hidden}", label=2) for n in range(1, 60)])
    index.apply([key_of(f"{n:032x}") for n in range(40, 60)], [])
    return index.matching({"zebedee": 1.0, "visiting": 1.0, "nobody": 1.0}, labels, 5)


def test_what_somebody_may_not_see_moves_nothing_that_they_see(tmp_path: Path) -> None:
    one, other = (shown(tmp_path / name, name) for name in ("zebedee", "visiting"))
    assert [key for key, _ in one] == [key for key, _ in other]
    assert [score for _, score in one] == pytest.approx([score for _, score in other], rel=1e-3)


def test_many_partitions_are_counted_as_few_are(tmp_path: Path) -> None:
    few, many = (shown(tmp_path / name, "zebedee", labels) for name, labels in (("a", (1,)), ("b", (1, *range(9, 40)))))
    assert dict(few) == pytest.approx(dict(many))


def test_a_full_disk_costs_only_what_did_not_fit(tmp_path: Path) -> None:
    script = """
import resource, signal, sys
import subprocess
import sys
from pathlib import Path
from rag.lexical import LexicalIndex
from tests.rag.test_lexical import change
index = LexicalIndex(Path(sys.argv[1]))
index.apply([], [change("a" * 32, "first")])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
try:
    index.apply([], [change("b" * 32, "second " * 900)])
except ValueError:
    print("full")
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
index.apply([], [change("c" * 32, "third")])
print(len(index.stand()), len(index.matching({"third": 1.0}, [1], 5)))
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["full", "2", "1"]
