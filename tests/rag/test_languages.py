"""A copilot's language: its endings and function words, from the declaration to what a search matched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import tantivy
from pydantic import ValidationError

from rag.citing import Refused, checked
from rag.copilot import Copilot
from rag.embedders.hashing import HashingEmbedder
from rag.expansion import looked_for
from rag.extract import extract
from rag.fusion import trust_in_words
from rag.hit import Query
from rag.index import Index
from rag.languages import LANGUAGES
from rag.lexical import LexicalIndex, is_function_word, stem_of
from rag.opening import open_index
from rag.projection import Change, key_of
from rag.search import SearchResult, search
from rag.words import telling, words_of
from substrate.access import Caller
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.settings import Settings
from tests.rag.stacks import CLOCK, HELPER, CountingEmbedder, Shelf, brought

ANYBODY = Caller("anybody", "nurse", Sensitivity.PHI)
TEXTS = {
    "german": {
        "a": "Die Entlassung wird am Vortag mit den Angehörigen besprochen.",
        "b": "Krankenhäuser melden belegte Betten jeden Morgen.",
        "c": "Der Aufzug ist für Besucher gesperrt.",
    },
    "french": {
        "a": "La patiente opérée reçoit une visite du chirurgien.",
        "b": "Les médicaments sont préparés par l'infirmière de l'hôpital.",
        "c": "Le parking est fermé la nuit.",
    },
}
ASKED = [
    ("german", "Wie werden Entlassungen besprochen?", "a", ("entlassungen", "besprochen")),
    ("german", "Was meldet das Krankenhaus über das Bett?", "b", ("meldet", "krankenhaus", "bett")),
    ("french", "Qui voit les patients opérés ?", "a", ("patients", "opérés")),
    ("french", "Qui prépare le médicament à l'hôpital ?", "b", ("prépare", "médicament", "hôpital")),
]


def speaking(language: str) -> Copilot:
    return Copilot.model_validate({**HELPER.model_dump(), "language": language})


def shelf_of(language: str) -> Shelf:
    made = Shelf()
    for key, text in TEXTS[language].items():
        made.put(key, text)
    return made


@pytest.fixture
def index(one_ledger: Database, tmp_path: Path) -> Iterator[Index]:
    with open_index(Settings(home=tmp_path, _env_file=None), one_ledger, CLOCK) as opened:
        yield opened


def asked(index: Index, language: str, question: str) -> SearchResult:
    index.catch_up()
    return search(index, HashingEmbedder(), ANYBODY, speaking(language), Query(question, k=3), CLOCK.now())


def test_the_list_is_that_of_the_stemmers_there_are() -> None:
    assert all(stem_of("x", name) == "x" for name in LANGUAGES)
    assert not any(is_function_word("zebra", name) for name in LANGUAGES)
    others = "armenian basque catalan czech estonian hindi irish lithuanian nepali polish serbian yiddish"
    for name in others.split():
        with pytest.raises(ValueError, match="Unsupported"):
            tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(tantivy.Filter.stemmer(name)).build()


@pytest.mark.parametrize(("said", "meant"), [("german", "german"), ("de", "german"), ("French", "french")])
def test_a_language_is_declared_by_name_or_two_letters(said: str, meant: str) -> None:
    assert speaking(said).language == meant
    assert HELPER.language == "english"


@pytest.mark.parametrize("said", ["klingon", "xx", "", 7])
def test_an_unknown_language_is_refused_with_those_there_are(said: object) -> None:
    with pytest.raises(ValidationError, match=r"write one of arabic, danish, .*turkish, or its two letters"):
        Copilot.model_validate({**HELPER.model_dump(), "language": said})


@pytest.mark.parametrize(("language", "question", "key", "matched"), ASKED)
def test_endings_and_function_words_are_the_languages(
    index: Index, one_ledger: Database, language: str, question: str, key: str, matched: tuple[str, ...]
) -> None:
    brought(one_ledger, shelf_of(language), copilot=speaking(language))
    best = asked(index, language, question).hits[0]
    assert (best.passage.text, best.lexical_rank, best.matched) == (TEXTS[language][key], 1, matched)


def test_another_language_is_another_generation_for_which_nothing_is_embedded(
    index: Index, one_ledger: Database
) -> None:
    embedder, shelf = CountingEmbedder(), shelf_of("german")
    first = brought(one_ledger, shelf, embedder=embedder)
    assert asked(index, "english", "Entlassungen Krankenhauses").hits[0].lexical_rank is None
    second = brought(one_ledger, shelf, embedder=embedder, copilot=speaking("german"))
    assert (first.embedded, second.embedded, second.generation) == (3, 0, first.generation + 1)
    assert asked(index, "german", "Entlassungen").hits[0].matched == ("entlassungen",)
    assert brought(one_ledger, shelf, copilot=speaking("german")).generation == second.generation


def change(chunk: str, text: str) -> Change:
    return Change(chunk, key_of(chunk), 1, False, 1, 1, "guide", None, None, "", (), text, b"")


def test_words_of_another_language_are_made_anew_by_their_owner_alone(tmp_path: Path) -> None:
    german = LexicalIndex(tmp_path / "words", "german")
    german.apply([], [change("0" * 32, "Entlassungen")])
    assert german.matching({"Entlassung": 1.0}, [1], 5)
    german.close()
    assert len(LexicalIndex(tmp_path / "words", "french", writing=False).stand()) == 1
    assert len(LexicalIndex(tmp_path / "words", "german").stand()) == 1
    assert LexicalIndex(tmp_path / "words", "french").stand() == {}


def test_a_letter_and_its_accent_are_one_however_they_are_written(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path / "words")
    index.apply([], [change("0" * 32, "re\u0301sume\u0301")])
    assert index.matching({"résumé": 1.0}, [1], 5)
    assert words_of("O\u0308l", "german") == ["öl"]


def test_an_apostrophe_parts_two_words_where_that_is_the_grammar() -> None:
    assert telling("L'hôpital n’est pas l'école d'été", "french") == ["hôpital", "école", "été"]


def test_words_are_trusted_by_the_languages_endings() -> None:
    wanted = looked_for("Wann sind Entlassungen?", {}, "german")
    assert wanted == {"entlassungen": 1.0}
    assert trust_in_words(wanted, "Die Entlassung", "german") == 1.0
    assert trust_in_words(wanted, "Die Entlassung") == 0.0


def test_a_vocabulary_speaks_the_language_too() -> None:
    wanted = looked_for("Was ist ein AZ?", {"AZ": ["der Allgemeinzustand"]}, "german")
    assert wanted == {"az": 1.0, "allgemeinzustand": 0.5}


def test_a_sentence_is_backed_by_its_passage_in_other_endings() -> None:
    passage, said = (
        {1: "Bei Entlassungen sind Angehörige anwesend."},
        "Zur Entlassung ist ein Angehöriger anwesend [1].",
    )
    assert checked(said, passage, "german").refused is None
    assert checked(said, passage).refused is Refused.UNSUPPORTED


def test_an_extract_quotes_by_the_languages_words(index: Index, one_ledger: Database) -> None:
    shelf = Shelf()
    shelf.put("a", "Der Aufzug ist gesperrt. Krankenhäuser melden belegte Betten. Die Kantine schließt um acht.")
    brought(one_ledger, shelf, copilot=speaking("german"))
    question = "Was meldet ein Krankenhaus?"
    hits = asked(index, "german", question).hits
    assert "Krankenhäuser" in extract(question, hits, HashingEmbedder(), language="german")[0].text
