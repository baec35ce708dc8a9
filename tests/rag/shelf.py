"""A shelf of passages for tests: who may see what, from which source, and an index in memory over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from rag.copilot import Copilot
from rag.embedder import Embedder
from rag.embedders.hashing import HashingEmbedder
from rag.hit import Passage, Query
from rag.memory import MemoryIndex, MemoryLive
from rag.search import SearchResult, search
from substrate.access import Caller, Label
from substrate.clock import HOUR
from substrate.columns import Sensitivity

NOW = 1_760_000_000_000_000
ANA = Caller("cli:ana", "nurse", Sensitivity.INTERNAL)
EMBEDDER = HashingEmbedder(256)


def passage(text: str, document: str = "", **said: Any) -> Passage:
    """A passage of a guide that everybody inside may read."""
    key = document or f"{blake2b(text.encode(), digest_size=4).hexdigest()}.md"
    usual: dict[str, Any] = {
        "chunk": blake2b(f"{key}{text}".encode(), digest_size=16).hexdigest(), "document": key, "source": "docs",
        "title": key, "headings": (), "text": text, "kind": "guide", "label": Label(Sensitivity.INTERNAL),
        "version": "v1", "changed_at": NOW - 24 * HOUR, "checked_at": NOW - HOUR,
    }  # fmt: skip
    return Passage(**{**usual, **said})


def copilot(**said: Any) -> Copilot:
    """A copilot without a vertical, over one folder."""
    return Copilot.model_validate({"name": "desk", "sources": [{"name": "docs", "folder": {"path": "."}}], **said})


def index_of(
    passages: Sequence[Passage], embedder: Embedder = EMBEDDER, checked_at: int | None = NOW - HOUR
) -> MemoryIndex:
    """An index over passages, for the copilot `desk`."""
    vectors = embedder.embed([f"{each.title}\n{each.text}" for each in passages])
    return MemoryIndex({"desk": MemoryLive(passages, vectors, checked_at=checked_at)})


def ask(passages: Sequence[Passage], text: str, caller: Caller = ANA, **asked: Any) -> SearchResult:
    """What a question finds among passages."""
    return search(index_of(passages), EMBEDDER, caller, copilot(), Query(text, **asked), NOW)


def numbered(count: int, **said: Any) -> list[Passage]:
    """Passages that all differ."""
    words = ("bed", "form", "visit", "bill", "report", "user", "role", "chart", "file", "key")
    return [
        replace(passage(f"{words[n % 10]} number{n} {words[n // 10 % 10]} part{n * 7} rule{n * 13}", f"{n}.md"), **said)
        for n in range(count)
    ]
