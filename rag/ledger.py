"""The ledger: what each copilot's index must hold, by generation, with the vector of every text.

It is the truth that the index follows. Each change of a chunk takes the next number of its copilot, in transactions
that take turns, so whoever has followed up to a number has missed nothing before it. What is gone stays as a tombstone
for a while, so that followers hear of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from rag.languages import ENGLISH
from substrate.database import BigKey
from substrate.schema import SYSTEM


class State(StrEnum):
    """Where a generation stands; the copilot's own row says which one answers."""

    BUILDING = "building"
    READY = "ready"  # complete; answers once it passes the gates
    LIVE = "live"  # never stored: the one that the copilot's row names
    RETIRED = "retired"
    FAILED = "failed"  # a gate kept it from answering; the row says which


class Why(StrEnum):
    """Why a generation is what it is."""

    FIRST = "first"
    RECIPE = "recipe"  # other chunks, or other vectors
    LARGE_DELTA = "large_delta"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"  # a person took it back; only a person lets it answer again
    OVERTAKEN = "overtaken"
    REPLACED = "replaced"
    GATES = "gates"
    FORGOTTEN = "forgotten"  # a person wants its copilot's text gone


class HeldReason(StrEnum):
    """Why a document is held, where its reader does not say it."""

    ABOVE_CLEARANCE = "above_clearance"  # its text may not be given to the embedder
    LISTED_TWICE = "listed_twice"
    MASS_DELETE = "mass_delete"
    SOURCE = "source"  # the source could not be listed


rag_copilot = Table(
    "rag_copilot",
    SYSTEM,
    Column("name", String(80), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("live", BigInteger),
    Column("previous", BigInteger),
    Column("flipped_at", BigInteger),
)

rag_generation = Table(
    "rag_generation",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("copilot", String(80), nullable=False, index=True),
    # Names its collections and folders, also where several installations share one Chroma server.
    Column("token", String(16), nullable=False, unique=True),
    Column("recipe", String(32), nullable=False),
    Column("embedder", Text, nullable=False),
    Column("dimensions", Integer, nullable=False),
    Column("language", String(20), nullable=False, server_default=ENGLISH),
    Column("state", String(10), nullable=False),
    Column("why", String(20), nullable=False),
    Column("gates", Text),
    Column("made_at", BigInteger, nullable=False),
    Column("synced_at", BigInteger),
    Column("settled_at", BigInteger),
)

rag_source = Table(
    "rag_source",
    SYSTEM,
    Column("generation", BigInteger, primary_key=True, autoincrement=False),
    Column("source", String(120), primary_key=True),
    Column("checked_at", BigInteger),
)

rag_label = Table(
    "rag_label",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("digest", String(32), nullable=False, unique=True),
    Column("sensitivity", Integer, nullable=False),
    Column("site", Text),
    Column("roles", Text, nullable=False),
)

rag_document = Table(
    "rag_document",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("generation", BigInteger, nullable=False),
    Column("identity", String(32), nullable=False),
    Column("source", String(120), nullable=False),
    Column("key", Text, nullable=False),
    Column("stamp", String(32), nullable=False),
    Column("text_hash", String(32), nullable=False),
    Column("title", Text, nullable=False),
    Column("kind", String(120), nullable=False),
    Column("label", BigInteger, nullable=False),
    Column("version", Text, nullable=False),
    Column("changed_at", BigInteger),
    Column("checked_at", BigInteger, nullable=False),
    Column("entity_kind", String(120)),
    Column("entity_id", BigInteger),
    Column("link", Text),
    Column("chunks", Integer, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("gone_at", BigInteger),
    UniqueConstraint("generation", "identity"),
    Index("ix_rag_document_source", "generation", "source"),
)

rag_chunk = Table(
    "rag_chunk",
    SYSTEM,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("generation", BigInteger, nullable=False),
    Column("chunk", String(32), nullable=False),
    Column("document", BigInteger, nullable=False, index=True),
    Column("ordinal", Integer, nullable=False),
    Column("headings", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("vector", String(32), nullable=False, index=True),
    Column("sequence", BigInteger, nullable=False),
    Column("gone_at", BigInteger),
    UniqueConstraint("generation", "chunk"),
    Index("ix_rag_chunk_sequence", "generation", "sequence"),
)

rag_vector = Table(
    "rag_vector",
    SYSTEM,
    Column("digest", String(32), primary_key=True),
    Column("made_at", BigInteger, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    # What `rag.rerank.pack` makes of its tokens; none from an embedder that tells no tokens apart.
    Column("states", LargeBinary),
)

rag_held = Table(
    "rag_held",
    SYSTEM,
    Column("generation", BigInteger, primary_key=True, autoincrement=False),
    Column("identity", String(32), primary_key=True),
    Column("source", String(120), nullable=False),
    Column("key", Text, nullable=False),
    Column("stamp", String(32), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
)

rag_projection = Table(
    "rag_projection",
    SYSTEM,
    Column("follower", String(80), primary_key=True),
    Column("generation", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)


def digest(*parts: Any) -> str:
    """32 hexadecimal digits (128 bits) that name these values; no two lists of values are spelt alike."""
    return blake2b(orjson.dumps(parts), digest_size=16).hexdigest()


def document_identity(copilot: str, source: str, key: str) -> str:
    """Names a document for as long as it lives, whatever it says."""
    return digest(copilot, source, key)


def chunk_ids(identity: str, recipe: str, texts: Sequence[str]) -> list[str]:
    """The ids of a document's chunks: of document, recipe, text, and which occurrence of that text it is.

    A chunk keeps its id wherever it moves within its document, and nothing else ever has it.
    """
    seen: dict[str, int] = {}
    found = []
    for text in texts:
        seen[text] = seen.get(text, 0) + 1
        found.append(digest(identity, recipe, text, seen[text]))
    return found


def vector_digest(embedder: str, text: str) -> str:
    """Names a text's vector by an embedder, whoever says the text."""
    return digest(embedder, text)
