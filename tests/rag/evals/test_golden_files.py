"""The golden questions that ship: every file loads, and every place stands in the documents that it names."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from rag.copilot import FolderOptions, SourceSpec
from rag.embedders.hashing import HashingEmbedder
from rag.evals.golden import Golden, load_golden
from rag.evals.places import fills, lost_reason
from rag.hit import Passage
from rag.recipe import Recipe
from rag.sources import files
from rag.splitting import split

FOLDER = Path(__file__).resolve().parents[3] / "benchmarks" / "golden"
FILES = sorted(FOLDER.glob("*.yaml"))
TEXTS = {".md", ".mdx", ".rst", ".txt", ".adoc"}


def head_of(golden: Golden, shared_data: Path) -> Path:
    """The folder of the documents; a golden file's `corpus` begins with its name."""
    head = shared_data / "corpora" / golden.corpus.split(",")[0] / "head"
    assert head.is_dir(), f"{golden.copilot}: there is no corpus {golden.corpus.split(',')[0]!r}"
    return head


def corpus_at(head: Path) -> dict[str, str]:
    """The documents' texts by their paths."""
    files = [path for path in head.rglob("*") if path.suffix in TEXTS]
    return {path.relative_to(head).as_posix(): path.read_text(encoding="utf-8", errors="replace") for path in files}


def passages_at(head: Path, documents: set[str]) -> dict[str, list[Passage]]:
    """What an index would hold of some documents, by their keys; chunks have as many words as the real ones tokens."""
    spec = SourceSpec(name="docs", folder=FolderOptions(path=head))
    count, found = HashingEmbedder().tokens, dict[str, list[Passage]]()
    for key in documents:
        document = files.document(spec, key, (head / key).read_bytes(), version="v1", changed_at=0)
        found[key] = [
            Passage(str(chunk.ordinal), key, "docs", document.title, chunk.headings, chunk.text, "guide",
                    document.label, "v1", 0, 0)
            for chunk in split(document, count, Recipe())
        ]  # fmt: skip
    return found


@pytest.fixture(params=FILES, ids=[path.stem for path in FILES])
def golden(request: pytest.FixtureRequest) -> Golden:
    """One file of golden questions after another."""
    return load_golden(request.param)


def test_there_are_enough_questions_and_some_without_an_answer(golden: Golden) -> None:
    assert len(golden.answerable) >= 60
    assert len(golden.questions) - len(golden.answerable) >= 10


def test_every_place_stands_in_the_corpus(golden: Golden, shared_data: Path) -> None:
    corpus = corpus_at(head_of(golden, shared_data))
    reasons = {(one.id, place.document): lost_reason(place, corpus) for one in golden.questions for place in one.where}
    assert [place for place, reason in reasons.items() if reason is not None] == []


@pytest.mark.slow
def test_every_place_can_be_found_in_what_the_readers_and_the_splitter_make(golden: Golden, shared_data: Path) -> None:
    places = [place for question in golden.questions for place in question.where]
    found = passages_at(head_of(golden, shared_data), {place.document for place in places})
    assert [place for place in places if not any(fills(one, place) for one in found[place.document])] == []


def test_questions_are_spread_over_the_documents(golden: Golden) -> None:
    counted = Counter(question.where[0].document for question in golden.answerable)
    assert counted.most_common(1)[0][1] <= len(golden.answerable) / 4


def test_no_question_copies_its_answer(golden: Golden) -> None:
    copied = [one.id for one in golden.answerable for place in one.where if (place.says or "-") in one.ask]
    assert copied == []
