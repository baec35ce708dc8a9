"""Both legs of a search side by side, followed as far as it takes to find enough passages that differ."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np

from rag.collapse import Told
from rag.fusion import Beside, Fused, fuse, trust_in_words
from rag.hit import Hit, Passage, Query
from rag.languages import ENGLISH
from rag.live import LiveIndex, Ranked, Rows, Vector
from rag.rerank import DEEPEST, Probe, second_look
from rag.stages import Stages
from substrate.access import Label

_DEPTH = 50
"""How far each leg is followed at least: fusion profits from rows that one leg alone puts low."""

_DEEPEST = 4_000
"""Rows; where so many say nearly the same, we stop and say so."""


class Short(StrEnum):
    """Why there are fewer hits than were asked for."""

    NOT_ALLOWED = "not_allowed"  # the caller may not ask this copilot
    EMPTY_QUESTION = "empty_question"
    NO_DOCUMENTS = "no_documents"  # none that the caller may see; whether there are others is not told
    FILTERED = "filtered"  # the question's own filters let no more through
    FEWER_DOCUMENTS = "fewer_documents"  # these are all that the caller may see
    ALIKE = "alike"  # whatever else there is says nearly the same


@dataclass
class Hunt:
    """One search on its way.

    Attributes:
        live: where to look.
        partitions: what the caller may see of it.
        query: the question with its filters.
        words: what the lexical leg looks for, each with its weight.
        embed: gives what the embedder says of the question.
        stages: where the time goes.
        language: of the words.
        may_see: whether the caller may see what carries a label; the ledger may say another one than the partition.
    """

    live: LiveIndex
    partitions: Collection[int]
    query: Query
    words: Mapping[str, float]
    embed: Callable[[], Probe]
    stages: Stages
    language: str = ENGLISH
    may_see: Callable[[Label], bool] = lambda _label: True

    def gather(self) -> tuple[list[Hit], Short | None]:
        """As many hits as were asked for, or fewer and why: the whole of what may be seen was then looked at."""
        among, depth = self.allowed if is_filtered(self.query) else None, max(_DEPTH, 5 * self.query.k)
        while True:
            fused = self.ranked(depth, among)
            hits = self._distinct(fused)
            if len(hits) >= self.query.k:
                return hits, None
            if len(fused) >= len(self.allowed) or (among is not None and depth >= min(len(among), _DEEPEST)):
                return hits, self._reason()
            among, depth = self.allowed, min(4 * depth, _DEEPEST)

    @cached_property
    def allowed(self) -> Rows:
        """Every row that may be shown."""
        with self.stages.timed("filter"):
            return self.live.rows(self.partitions, self.query)

    @cached_property
    def probe(self) -> Probe:
        """What the embedder says of the question, asked once."""
        with self.stages.timed("embed"):
            return self.embed()

    @property
    def vector(self) -> Vector:
        """The question's vector."""
        return self.probe.vector

    def ranked(self, depth: int = _DEPTH, among: Rows | None = None) -> list[Fused]:
        """Both legs in one order, the best first; passages that say the same are still apart."""
        with ThreadPoolExecutor(1) as aside:
            lexical = aside.submit(self._lexical, depth, among)
            vector = self.vector
            with self.stages.timed("dense"):
                dense = self.live.nearest(vector, self.partitions, depth, among)
            matches = lexical.result()
            return self._again(self._fused(dense, matches[:depth], dict(matches[depth:])))

    def _fused(self, dense: Ranked, lexical: Ranked, beyond: Mapping[int, float]) -> list[Fused]:
        """Both legs in one order; each is asked for its word on what only the other one found.

        Args:
            dense: the nearest.
            lexical: the best matches.
            beyond: the scores of matches behind those; what matches less than all of them counts as no match.
        """
        if not lexical:
            return fuse(dense, lexical)
        with self.stages.timed("fuse"):
            near = {row for row, _ in dense}
            unheard = rows_of({row for row, _ in lexical} - near)
            beside = Beside(
                dict(self.live.nearest(self.vector, self.partitions, len(unheard), unheard)) if len(unheard) else {},
                {row: beyond[row] for row in near if row in beyond},
            )
            # None where the passage went while we looked.
            best = self.live.passages([lexical[0][0]])
            said_there = " ".join(text for one in best for text in (one.title, *one.headings, one.text))
            return fuse(dense, lexical, trust=trust_in_words(self.words, said_there, self.language), beside=beside)

    def _again(self, fused: list[Fused]) -> list[Fused]:
        """The best of them in the order of a second look, token by token, where the embedder tells tokens apart."""
        if not len(self.probe.weights):
            return fused
        with self.stages.timed("rerank"):
            packed = self.live.states([each.row for each in fused[:DEEPEST]])
            if not any(packed):
                return fused
            looked_at = second_look(self.probe, [each.score for each in fused], packed)
            return [replace(fused[at], score=score) for at, score in looked_at]

    def _lexical(self, depth: int, among: Rows | None) -> Ranked:
        if not self.words:
            return []
        with self.stages.timed("lexical"):
            return self.live.matching(self.words, self.partitions, depth, among, beyond=True)

    def _distinct(self, fused: Sequence[Fused]) -> list[Hit]:
        """The best hits that differ; each names what else says the same."""
        with self.stages.timed("read"):
            told, hits = Told(), list[Hit]()
            step = 2 * self.query.k
            for at in range(0, len(fused), step):
                self._add(fused[at : at + step], told, hits)
                if len(hits) >= self.query.k:
                    break
            return hits[: self.query.k]

    def _add(self, fused: Sequence[Fused], told: Told, hits: list[Hit]) -> None:
        for each, passage in self._read(fused):
            same = told.same_as(len(hits), passage)
            if same is None:
                hits.append(Hit(passage, each.score, each.dense_rank, each.lexical_rank, each.similarity))
            elif passage.document != hits[same].passage.document:
                alike = dict.fromkeys((*hits[same].alike, passage.document))
                hits[same] = replace(hits[same], alike=tuple(alike))

    def _read(self, fused: Sequence[Fused]) -> list[tuple[Fused, Passage]]:
        """The passages of rows, without those that went while we looked, or are for others now."""
        passages = self.live.passages([each.row for each in fused])
        if len(passages) == len(fused):
            pairs = list(zip(fused, passages, strict=True))
        else:
            pairs = [(each, passage) for each in fused for passage in self.live.passages([each.row])]
        return [(each, passage) for each, passage in pairs if self.may_see(passage.label)]

    def _reason(self) -> Short:
        if len(self.allowed) >= self.query.k:
            return Short.ALIKE
        if is_filtered(self.query):
            return Short.FILTERED
        return Short.FEWER_DOCUMENTS if len(self.allowed) else Short.NO_DOCUMENTS


def rows_of(rows: Collection[int]) -> Rows:
    """Rows in their order, as an index takes them."""
    return np.array(sorted(rows), dtype=np.int64)


def is_filtered(query: Query) -> bool:
    """Whether a query leaves out any of what its caller may see."""
    bounds = (query.entity, query.changed_after, query.changed_before)
    return bool(query.kinds or query.sites) or any(bound is not None for bound in bounds)
