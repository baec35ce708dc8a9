"""The words of a generation's chunks in tantivy: one index a generation, so that no copilot's words weigh in another's.

Deletes go by query: tantivy 0.27's delete by term passes over unsigned numbers in silence (measured).
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from typing import Any

import tantivy
from tantivy import Occur, Query

from rag.languages import ENGLISH
from rag.projection import Change

SCHEMA = 1
"""Grows whenever the code makes other words of the same text."""

_BODY = "body"
_THERE = "there"
"""Says the same word in each document, so that tantivy tells how many it counts with: those among it that are deleted,
but not yet cleared away."""

_HEAP = 15_000_000  # bytes; the least that tantivy allows
_LONGEST = 40
_STAMP = "plumbline"
"""The file that says by what analysis a folder's words were made."""

_NO_LIST = frozenset({"arabic", "greek", "romanian", "tamil", "turkish"})
"""Languages whose function words tantivy does not know."""
_FEW = 16  # partitions that are counted one by one


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("key", indexed=True, fast=True)
    builder.add_integer_field("label", indexed=True, fast=True)
    builder.add_integer_field("sequence", fast=True)
    builder.add_text_field(_BODY, tokenizer_name="folded", index_option="freq")
    builder.add_text_field(_THERE, tokenizer_name="raw", index_option="basic")
    return builder.build()


def _built(*filters: tantivy.Filter) -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for each in filters:
        builder = builder.filter(each)
    return builder.build()


@cache
def _analyzer(language: str) -> tantivy.TextAnalyzer:
    kind = tantivy.Filter
    ending = [kind.ascii_fold(), kind.stemmer(language)]
    if language != ENGLISH:
        ending.reverse()  # accents tell a stemmer where an ending begins: `opérée`
    return _built(kind.remove_long(_LONGEST), kind.lowercase(), *ending)


@cache
def _sieve(language: str) -> tantivy.TextAnalyzer:
    return _built(tantivy.Filter.lowercase(), *_stop(language))


def _stop(language: str) -> list[tantivy.Filter]:
    return [] if language in _NO_LIST else [tantivy.Filter.stopword(language)]


def stem_of(word: str, language: str) -> str:
    """A word as the index of a language holds it: without case, ending and accents."""
    return " ".join(_analyzer(language).analyze(_composed(word)))


def is_function_word(word: str, language: str) -> bool:
    """Whether a word stands in every text of a language, such as `der`; False where no list of them is known."""
    return not _sieve(language).analyze(_composed(word))


def _composed(text: str) -> str:
    """A text whose letters and their accents are one sign each: tantivy would part them."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


class Rarity:
    """How rare a word is among what somebody may see, at one state of the index.

    BM25 weighs a word by how many documents have it. Were all of them counted, the order of what somebody may see
    would tell them what stands in the rest.

    Args:
        searcher: of that state.
        schema: the index's.
    """

    def __init__(self, searcher: tantivy.Searcher, schema: tantivy.Schema) -> None:
        self.searcher = searcher
        self._schema = schema
        self._every = searcher.doc_freq(_THERE, _THERE) if searcher.num_docs else 0
        self._counts: dict[tuple[str | None, frozenset[int]], int] = {}

    def is_all(self, labels: frozenset[int]) -> bool:
        """Whether these partitions are all there is."""
        return self._count(None, labels) == self.searcher.num_docs

    def factor(self, term: str, labels: frozenset[int]) -> float:
        """What tantivy's weight of a term is to be multiplied by; 0: nobody who sees these partitions finds it."""
        if self.is_all(labels):
            return 1.0
        seen, having = self._count(None, labels), self._count(term, labels)
        if not having:
            return 0.0
        return _idf(having, seen) / _idf(self.searcher.doc_freq(_BODY, term), self._every)

    def _count(self, term: str | None, labels: frozenset[int]) -> int:
        """How many documents of partitions there are; with a term: that have it."""
        if len(labels) > _FEW:
            within = Query.term_set_query(self._schema, "label", list(labels))
            return self._counted(term, labels, within)
        # One partition after the other: what one caller asked for serves the next, who may see others beside.
        whole = ((one, Query.term_query(self._schema, "label", one, "basic")) for one in labels)
        return sum(self._counted(term, frozenset({one}), within) for one, within in whole)

    def _counted(self, term: str | None, labels: frozenset[int], within: Query) -> int:
        if (term, labels) not in self._counts:
            parts = [(Occur.Must, within)]
            if term is not None:
                parts.append((Occur.Must, Query.term_query(self._schema, _BODY, term, "basic")))
            # Its stubs do not say that a result has a count.
            found: Any = self.searcher.search(Query.boolean_query(parts), limit=1, count=True)
            self._counts[term, labels] = found.count
        return self._counts[term, labels]


def _idf(having: int, every: int) -> float:
    """BM25's inverse document frequency, as tantivy computes it."""
    return math.log(1 + (max(every - having, 0) + 0.5) / (having + 0.5))


class LexicalIndex:
    """The words of one generation.

    Args:
        folder: where it lies; what cannot be opened there, or was made by another analysis, is put away, since it can
            be made again from the ledger.
        language: of its texts and of the words that are looked for.
        writing: this process owns the folder; others only read.
    """

    def __init__(self, folder: Path, language: str = ENGLISH, *, writing: bool = True) -> None:
        self._folder = folder
        self._schema = _schema()
        self._analyzer = _analyzer(language)
        self._made_by = f"{SCHEMA} {language} tantivy {version('tantivy')}"
        if writing and folder.exists() and not self._is_stamped():
            rmtree(folder, ignore_errors=True)
        self.is_new = not (folder.exists() and tantivy.Index.exists(str(folder)))
        self._index = self._opened()
        if writing and not self._is_stamped():
            (folder / _STAMP).write_text(self._made_by, encoding="utf-8")
        self._writes = writing
        self._writer = self._index.writer(_HEAP, 1) if writing else None
        self._rarity = Rarity(self._index.searcher(), self._schema)

    def apply(self, gone: Iterable[int], there: Sequence[Change]) -> None:
        """Delete chunks by their keys, and write others anew; searches see all of it at once."""
        keys = [*gone, *(change.key for change in there)]
        if not keys:
            return
        writer = self._writing()
        try:
            writer.delete_documents_by_query(Query.term_set_query(self._schema, "key", keys))
            for change in there:
                writer.add_document(_document(change))
            writer.commit()
        except (ValueError, OSError):
            # After an error, such as a full disk, tantivy's writer takes more documents and keeps none of them.
            self._writer = None
            raise
        self.refresh()

    def refresh(self) -> None:
        """See what was written since."""
        self._index.reload()
        self._rarity = Rarity(self._index.searcher(), self._schema)

    def stand(self) -> dict[int, int]:
        """The number of the change that each chunk was written for, by key."""
        searcher = self._rarity.searcher
        if searcher.num_docs == 0:
            return {}
        found = searcher.search(Query.all_query(), limit=searcher.num_docs, count=False)
        places = [place for _, place in found.hits]
        keys, numbers = (searcher.fast_field_values(name, places) for name in ("key", "sequence"))
        return {int(key): int(number) for key, number in zip(keys, numbers, strict=True) if key is not None and number}

    def matching(
        self, words: Mapping[str, float], labels: Collection[int], count: int, among: Sequence[int] | None = None
    ) -> list[tuple[int, float]]:
        """The keys of the chunks that score highest by BM25, with their scores; only those with any of the words.

        Args:
            words: each with its weight.
            labels: only chunks of these partitions, and words are as rare as they are there.
            count: how many.
            among: only chunks of these keys, which lie in those partitions; for a few thousand at most.
        """
        rarity = self._rarity
        wanted = self._query(words, rarity, frozenset(labels))
        if wanted is None or not labels or count < 1:
            return []
        if among is not None:
            within = [Query.term_set_query(self._schema, "key", list(among))]
        elif rarity.is_all(frozenset(labels)):
            within = []
        else:
            within = [Query.term_set_query(self._schema, "label", list(labels))]
        clauses = [(Occur.Must, wanted), *((Occur.Must, Query.const_score_query(each, 0.0)) for each in within)]
        searcher = rarity.searcher
        found = searcher.search(Query.boolean_query(clauses), limit=count, count=False).hits
        keys = searcher.fast_field_values("key", [place for _, place in found])
        return [(int(key), float(score)) for key, (score, _) in zip(keys, found, strict=True) if key is not None]

    def close(self) -> None:
        """Give the folder back; what was applied is kept."""
        if self._writer is not None:
            self._writer.wait_merging_threads()
            self._writer = None
        self._writes = False

    def _is_stamped(self) -> bool:
        try:
            return (self._folder / _STAMP).read_text(encoding="utf-8") == self._made_by
        except (OSError, UnicodeDecodeError):
            return False

    def _writing(self) -> tantivy.IndexWriter:
        if not self._writes:
            raise RuntimeError(f"the words in {self._folder} are only read here")
        if self._writer is None:
            self._writer = self._index.writer(_HEAP, 1)
        return self._writer

    def _query(self, words: Mapping[str, float], rarity: Rarity, labels: frozenset[int]) -> Query | None:
        terms = [
            (Occur.Should, Query.boost_query(Query.term_query(self._schema, _BODY, term, "freq"), weight * factor))
            for word, weight in words.items()
            for term in self._analyzer.analyze(_composed(word))
            if (factor := rarity.factor(term, labels))
        ]
        return Query.boolean_query(terms) if terms else None

    def _opened(self) -> tantivy.Index:
        try:
            return self._opened_here()
        except (ValueError, OSError):
            rmtree(self._folder, ignore_errors=True)
            self.is_new = True
            return self._opened_here()

    def _opened_here(self) -> tantivy.Index:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        index = tantivy.Index(self._schema, str(self._folder))
        index.register_tokenizer("folded", self._analyzer)
        index.config_reader("manual")
        index.searcher()
        return index


def _document(change: Change) -> tantivy.Document:
    document = tantivy.Document()
    for name in ("key", "label", "sequence"):
        document.add_integer(name, getattr(change, name))
    document.add_text(_THERE, _THERE)
    document.add_text(_BODY, _composed("\n".join((change.title, *change.headings, change.text))))
    return document
