"""An answer that can be checked: each sentence with the passages that say it, or that the documents do not say.

A chat model writes it where there is one; what it writes is shown only as far as the passages back it. Without one, or
where it fails, the answer consists of the documents' own sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from rag.chat import Chat, ChatError
from rag.citing import checked
from rag.extract import extract
from rag.ground import Ground
from rag.hit import Query
from rag.measured import is_measured
from rag.plain import plain
from rag.prompt import NOT_THERE, messages
from rag.release import Released, release
from rag.reply import Answer, Instead, Outcome, Sentence, citation
from rag.search import cleaned, search
from rag.sentences import split
from rag.stages import Stages
from rag.thinness import confidence, evidence
from substrate.access import Caller
from substrate.columns import Sensitivity

_PENDING = 2
"""Sentences at the end of what was written so far that may still change: the last one, and the citations of the one
before."""

_LONGEST = 600


def answer(ground: Ground, caller: Caller, query: Query, now: int, chat: Chat | None = None) -> Answer:
    """Answer a question from the documents that the caller may see.

    Args:
        ground: what is answered from.
        caller: who asks.
        query: the question; its k is how many passages are looked at.
        now: the instant of asking.
        chat: writes the answer; None: it is an extract.

    Raises:
        NotFoundError: nothing was ever indexed for the copilot.
        PlumblineError: the embedder cannot be reached. A chat model that cannot is no error: see `Answer.instead`.
    """
    *_, last = stream(ground, caller, query, now, chat)
    if not isinstance(last, Answer):
        raise TypeError("a stream ends with the answer")
    return last


def stream(
    ground: Ground, caller: Caller, query: Query, now: int, chat: Chat | None = None
) -> Iterator[Sentence | Answer]:
    """The same, sentence by sentence as each is found to be backed, and the whole answer in the end."""
    stages = Stages()
    with stages.timed("search"):
        found = search(ground.index, ground.embedder, caller, ground.copilot, query, now, masked=ground.masked)
    question = cleaned(query.text)
    trust = confidence(evidence(question, found.hits, ground.copilot.language), measured=is_measured(ground.embedder))
    work = _Work(ground, question, now, Answer(Outcome.NOTHING_FOUND, confidence=trust, found=found), stages)
    if found.hits and trust < ground.copilot.thin:
        work.answer = replace(work.answer, outcome=Outcome.NOT_IN_DOCUMENTS)
    elif found.hits:
        yield from work.write(chat)
    yield work.finished()


@dataclass
class _Work:
    """An answer on its way."""

    ground: Ground
    question: str
    now: int
    answer: Answer
    stages: Stages
    sentences: list[Sentence] = field(default_factory=list)

    def write(self, chat: Chat | None) -> Iterator[Sentence]:
        """Every sentence, by the model if it can, else of the documents."""
        if chat is not None:
            yield from self._by_model(chat)
            if self.answer.outcome == Outcome.NOT_IN_DOCUMENTS:
                return
        if self.sentences:
            self.answer = replace(self.answer, outcome=Outcome.WRITTEN)
            return
        self.answer = replace(self.answer, outcome=Outcome.EXTRACT)
        yield from self._by_extract()

    def finished(self) -> Answer:
        """The answer with its citations."""
        hits = self.answer.found.hits
        numbers = sorted({number for sentence in self.sentences for number in sentence.cited})
        citations = tuple(citation(number, hits[number - 1], self.now) for number in numbers)
        timings = {**self.answer.found.timings, **self.stages.spent()}
        return replace(self.answer, sentences=tuple(self.sentences), citations=citations, timings=timings)

    def _by_model(self, chat: Chat) -> Iterator[Sentence]:
        with self.stages.timed("release"):
            out = release(self.ground, self.question, self.answer.found.hits, chat.clearance)
        masked = out.redaction.masked if out.redaction else 0
        self.answer = replace(self.answer, withheld=out.withheld, masked=masked)
        if not out.given:
            self.answer = replace(self.answer, instead=Instead.WITHHELD)
            return
        try:
            with self.stages.timed("chat"):
                yield from self._backed(chat.write(messages(out.question, out.given)), out)
            if not self.sentences and self.answer.outcome != Outcome.NOT_IN_DOCUMENTS:
                self.answer = replace(self.answer, instead=Instead.UNSUPPORTED)
        except ChatError:
            self.answer = replace(
                self.answer,
                cut_short=bool(self.sentences),
                instead=None if self.sentences else Instead.UNREACHABLE,
            )

    def _backed(self, pieces: Iterable[str], out: Released) -> Iterator[Sentence]:
        """The model's sentences that the passages back, with what was masked put back."""
        passages = {each.number: f"{each.title}\n{each.text}" for each in out.given}
        for written in _written(pieces):
            if written.strip(" .") == NOT_THERE and not self.sentences:
                self.answer = replace(self.answer, outcome=Outcome.NOT_IN_DOCUMENTS)
                return
            verdict = checked(plain(written), passages, self.ground.copilot.language)
            if verdict.refused is not None:
                self.answer = replace(self.answer, dropped=self.answer.dropped + 1)
                continue
            text = out.redaction.unmask(verdict.text) if out.redaction else verdict.text
            self.sentences.append(Sentence(plain(text), verdict.cited))
            yield self.sentences[-1]

    def _by_extract(self) -> Iterator[Sentence]:
        embedder, hits = self.ground.embedder, self.answer.found.hits
        with self.stages.timed("extract"):
            cleared = embedder.clearance >= Sensitivity.PII
            masked = str if cleared else self.ground.redaction(self.question).mask
            quoted = extract(self.question, hits, embedder, masked, self.ground.copilot.language)
        self.sentences = [Sentence(plain(each.text, addresses=True), (each.hit + 1,)) for each in quoted]
        if not self.sentences:
            self.sentences = [Sentence(plain(hits[0].passage.text, addresses=True)[:_LONGEST], (1,))]
        yield from self.sentences


def _written(pieces: Iterable[str]) -> Iterator[str]:
    """Sentences of what is still being written, each once nothing can be added to it."""
    text, given = "", 0
    for piece in pieces:
        text += piece
        ready = split(text)[:-_PENDING]
        yield from ready[given:]
        given = max(given, len(ready))
    yield from split(text)[given:]
