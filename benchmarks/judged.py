"""Questions whose answers are known, over real documents: COVID-QA, MedQuAD, and the golden questions of our copilots.

COVID-QA (Möller et al. 2020): 1,380 questions by experts on 98 articles; found is the article. Many questions only make
sense beside their article ("What is the conclusion of this report?"): nobody can find those.
MedQuAD (Ben Abacha and Demner-Fushman 2019), five of its collections: each answer is a document under the name of its
disease, and one question of each disease is asked; found is its answer, among all the others on the same disease.
"""

from __future__ import annotations

import gzip
import random
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import orjson

from benchmarks.corpora import documents_in
from rag.document import Document
from rag.evals.golden import Place, load_golden
from rag.evals.measures import Ranks, ranks_of
from rag.hit import Passage

GOLDEN = Path(__file__).parent / "golden"
DEPTH = 10
_SEED = 20_260_101
_LONGEST_ANSWER = 20_000
"""Characters; a handful of answers hold a whole book."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and where its answer is.

    Attributes:
        ask: the question.
        document: the document that answers it, where documents are judged; empty: `places` are.
        places: the places that answer it.
        slices: the groups that it belongs to.
        tuning: choices may be made by it; the others are held out and only looked at in the end.
        answer: the answer in the document's own words; empty: only the document is known, or `places` are.
        begins: at which character of the document's text it begins.
    """

    ask: str
    document: str = ""
    places: tuple[Place, ...] = ()
    slices: tuple[str, ...] = ()
    tuning: bool = False
    answer: str = ""
    begins: int = 0

    def ranks(self, found: Sequence[Passage]) -> Ranks:
        """At which rank what was asked for stands, the best first; of documents each counts once, at its best."""
        if self.places:
            return ranks_of(found[:DEPTH], self.places)
        documents = list(dict.fromkeys(passage.document for passage in found))[:DEPTH]
        return (documents.index(self.document) + 1 if self.document in documents else None,)


@dataclass(frozen=True, slots=True)
class Judged:
    """One set.

    Attributes:
        name: what it is called.
        documents: all of its documents.
        questions: those that have an answer.
        unanswerable: those that have none in the documents.
        by_document: a document is found, not a place in it.
    """

    name: str
    documents: tuple[Document, ...]
    questions: tuple[Asked, ...]
    unanswerable: tuple[str, ...] = ()
    by_document: bool = False


def covid_qa(data: Path) -> Judged:
    """COVID-QA; an article's title is its first line."""
    with gzip.open(data / "corpora/covid_qa/200423_covidQA.json.gz") as stream:
        articles = [one for article in orjson.loads(stream.read())["data"] for one in article["paragraphs"]]
    documents = tuple(_article(one) for one in articles)
    asked = [
        _about(question, one, document)
        for one, document in zip(articles, documents, strict=True)
        for question in one["qas"]
    ]
    # What was asked of several articles has several answers, and only one would count.
    times = Counter(each.ask for each in asked)
    return Judged("covid_qa", documents, _halved(each for each in asked if times[each.ask] == 1), by_document=True)


def _about(question: Any, article: Any, document: Document) -> Asked:
    """A question with its answer, which the set gives by its place in the whole article."""
    answer = question["answers"][0]
    begins = int(answer["answer_start"]) - str(article["context"]).index(document.text)
    return Asked(str(question["question"]), document.key, answer=str(answer["text"]), begins=begins)


def _article(raw: dict[str, object]) -> Document:
    text = str(raw["context"]).strip()
    title, _, rest = text.partition("\n")
    return Document(str(raw["document_id"]), title.strip(), rest.strip())


def medquad(data: Path) -> Judged:
    """MedQuAD: one question of each disease, drawn by a seed, and all answers as documents."""
    random_ = random.Random(_SEED)
    documents: list[Document] = []
    questions: list[Asked] = []
    for root in _records(data / "corpora/medquad_part"):
        focus = (root.findtext("Focus") or "").strip()
        pairs = [(pair, (pair.findtext("Answer") or "").strip()) for pair in root.iter("QAPair")]
        kept = [(pair, text) for pair, text in pairs if 0 < len(text) <= _LONGEST_ANSWER]
        made = [(pair, Document(_pair_key(root, pair), focus, text)) for pair, text in kept]
        documents += [document for _, document in made]
        if made:
            pair, document = random_.choice(made)
            questions.append(Asked((pair.findtext("Question") or "").strip(), document.key))
    return Judged("medquad", tuple(documents), _halved(questions), by_document=True)


def _pair_key(root: ElementTree.Element, pair: ElementTree.Element) -> str:
    return f"{root.get('source', '')}/{root.get('id', '')}/{pair.get('pid', '')}"


def _records(folder: Path) -> Iterator[ElementTree.Element]:
    for archive in sorted(folder.glob("*.tar.gz")):
        with tarfile.open(archive) as tar:
            for member in sorted(tar.getmembers(), key=lambda one: one.name):
                stream = tar.extractfile(member) if member.name.endswith(".xml") else None
                if stream is not None:
                    yield ElementTree.fromstring(stream.read())


def _halved(questions: Iterable[Asked]) -> tuple[Asked, ...]:
    """The questions, every second one of a seeded order for tuning."""
    order = list(questions)
    random.Random(_SEED).shuffle(order)
    return tuple(replace(one, tuning=bool(number % 2)) for number, one in enumerate(order))


def golden(file: Path, data: Path) -> Judged:
    """The golden questions of one file, over the corpus that it names."""
    read = load_golden(file)
    documents = tuple(documents_in(data / "corpora" / read.corpus.split(",")[0] / "head"))
    questions = _halved(Asked(one.ask, places=one.where, slices=one.slice) for one in read.answerable)
    return Judged(read.copilot, documents, questions, tuple(one.ask for one in read.questions if one.unanswerable))


def judged_sets(data: Path, wanted: Sequence[str] = ()) -> Iterator[Judged]:
    """All sets, or those of some names."""
    makers = {"covid_qa": partial(covid_qa, data), "medquad": partial(medquad, data)}
    makers |= {file.stem: partial(golden, file, data) for file in sorted(GOLDEN.glob("*.yaml"))}
    for name, make in makers.items():
        if not wanted or name in wanted:
            yield make()
