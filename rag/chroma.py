"""The vectors in Chroma: one collection a partition of a generation, in a folder of ours or on a Chroma server.

Only ids and vectors lie there, no text. A chunk's id names its text and embedder, so an id's vector never changes:
vectors are only ever added and deleted, never overwritten (measured on 1.5.9: `add` of an id that is there keeps the
old vector, and overwriting stalls readers).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any, TypeVar
from urllib.parse import urlsplit

import chromadb
import httpx
import numpy as np
from chromadb.api.client import Client
from chromadb.api.models.Collection import Collection as ChromaCollection
from chromadb.config import Settings
from chromadb.errors import ChromaError, NotFoundError
from pydantic import SecretStr

from rag.embedder import Vectors
from rag.vector_store import AT_ONCE, VectorStoreError
from rag.vectors import slices

_PREFIX = "plumbline"
_HNSW: Mapping[str, Any] = {"hnsw": {"space": "cosine"}}

_T = TypeVar("_T")


class ChromaVectors:
    """A `VectorStore` in Chroma, opened in this process.

    Args:
        client: the open Chroma client.
        own: all that lies there is ours.
    """

    def __init__(self, client: Client, *, own: bool) -> None:
        self._client = client
        self._own = own
        self._collections: dict[str, ChromaCollection] = {}

    def add(self, token: str, label: int, ids: Sequence[str], vectors: Vectors, at_once: int = AT_ONCE) -> int:
        """As `VectorStore.add`."""
        for part in slices(range(len(ids)), at_once):
            names, rows = [ids[at] for at in part], vectors[part[0] : part[-1] + 1]

            def deed(collection: ChromaCollection, names: list[str] = names, rows: Vectors = rows) -> None:
                collection.add(ids=names, embeddings=rows)

            self._on(_name(token, label), deed, make=True)
        return len(ids)

    def delete(self, token: str, label: int, ids: Iterable[str]) -> None:
        """Delete vectors; ids that are not there do no harm."""
        for part in slices(ids, AT_ONCE):

            def deed(collection: ChromaCollection, part: list[str] = part) -> None:
                collection.delete(ids=part)

            self._on(_name(token, label), deed)

    def ids(self, token: str) -> dict[int, set[str]]:
        """All ids of a generation, by partition."""
        names = {name: int(name.rpartition("-")[2]) for name in self._names() if name.startswith(_name(token))}
        found = {label: self._on(name, _ids_of) for name, label in names.items()}
        return {label: set(ids or ()) for label, ids in found.items()}

    def vectors(self, token: str, label: int, ids: Iterable[str]) -> dict[str, Vectors]:
        """The vectors that Chroma holds for these ids, of length 1."""
        found: dict[str, Vectors] = {}
        for part in slices(ids, 1_000):

            def deed(collection: ChromaCollection, part: list[str] = part) -> None:
                got = collection.get(ids=part, include=["embeddings"])
                rows = got["embeddings"]
                found.update(zip(got["ids"], np.asarray([] if rows is None else rows, np.float32), strict=False))

            self._on(_name(token, label), deed)
        return found

    def nearest(self, token: str, label: int, vector: Vectors, count: int) -> list[str]:
        """The ids of the vectors nearest to one, approximately; the nearest first."""

        def deed(collection: ChromaCollection) -> list[str]:
            found = collection.query(query_embeddings=vector[None, :], n_results=count, include=[])
            return list(found["ids"][0])

        return self._on(_name(token, label), deed) or []

    def drop(self, token: str) -> int:
        """Drop all of a generation; says how many collections went."""
        return self._drop([name for name in self._names() if name.startswith(_name(token))])

    def drop_others(self, tokens: Collection[str]) -> int:
        """Drop what is of none of these generations; only where all is ours. Says how many collections went."""
        known = tuple(_name(token) for token in tokens)
        return self._drop([name for name in self._names() if not name.startswith(known)]) if self._own else 0

    def close(self) -> None:
        """Close Chroma; its files are then whole."""
        self._client.close()
        # Chroma leaves its connections to a server open: those of the client, and those of its administrator.
        for client in (self._client, self._client._admin_client):
            session = getattr(getattr(client, "_server", None), "_session", None)
            if isinstance(session, httpx.Client):
                session.close()

    def _names(self) -> list[str]:
        return [each.name for each in _asked(self._client.list_collections)]

    def _drop(self, names: Sequence[str]) -> int:
        for name in names:
            self._collections.pop(name, None)
            _asked(partial(self._client.delete_collection, name))
        return len(names)

    def _on(self, name: str, deed: Callable[[ChromaCollection], _T], *, make: bool = False) -> _T | None:
        """Do something with a collection; None: it is not there. One that was dropped behind our back is made anew."""
        known = name in self._collections
        try:
            collection = self._collections.get(name) or _asked(lambda: self._opened(name, make=make))
            self._collections[name] = collection
            return _asked(lambda: deed(collection))
        except NotFoundError:
            self._collections.pop(name, None)
            return self._on(name, deed, make=make) if known else None

    def _opened(self, name: str, *, make: bool) -> ChromaCollection:
        if not make:
            return self._client.get_collection(name, embedding_function=None)
        values: Any = {"configuration": _HNSW, "embedding_function": None}
        return self._client.get_or_create_collection(name, **values)


def open_folder(folder: Path) -> tuple[ChromaVectors, bool]:
    """Open the vectors below a folder that this process owns; True: there were none that could be opened.

    They can all be made again from the ledger, so what cannot be opened is put away. Each time in a folder of another
    name: Chroma keeps what failed to open in mind by its path.
    """
    for found in sorted(folder.glob("chroma-*")):
        try:
            return ChromaVectors(_opened(found), own=True), False
        except (ChromaError, ValueError):
            rmtree(found, ignore_errors=True)
    fresh = folder / f"chroma-{secrets.token_hex(4)}"
    fresh.mkdir(parents=True, mode=0o700)
    return ChromaVectors(_opened(fresh), own=True), True


def open_server(url: str, token: SecretStr | None) -> ChromaVectors:
    """The vectors on a Chroma server.

    Raises:
        VectorStoreError: it does not answer, or refuses us.
    """
    parts = urlsplit(url)
    headers = {} if token is None else {"X-Chroma-Token": token.get_secret_value()}
    secure = parts.scheme == "https"
    host, port = parts.hostname or "localhost", parts.port or (443 if secure else 80)
    try:
        client = chromadb.HttpClient(host, port, secure, headers, Settings(anonymized_telemetry=False))
    except (ChromaError, ValueError, httpx.HTTPError) as error:
        hint = "Start it (chroma run), or correct PLUMBLINE_CHROMA_URL and PLUMBLINE_CHROMA_TOKEN."
        raise VectorStoreError(f"the Chroma server at {url} does not answer", hint=hint) from error
    return ChromaVectors(_whole(client), own=False)


def _opened(folder: Path) -> Client:
    return _whole(chromadb.PersistentClient(folder, Settings(anonymized_telemetry=False)))


def _whole(client: object) -> Client:
    """Chroma's own functions promise less of their clients than they are: that they can be closed."""
    if not isinstance(client, Client):
        raise TypeError(f"Chroma made a {type(client).__name__}")
    return client


def _ids_of(collection: ChromaCollection) -> list[str]:
    return collection.get(include=[])["ids"]


def _name(token: str, label: int | None = None) -> str:
    return f"{_PREFIX}-{token}-{'' if label is None else label}"


def _asked(deed: Callable[[], _T]) -> _T:
    try:
        return deed()
    except NotFoundError:
        raise
    except (ChromaError, httpx.HTTPError, ValueError) as error:
        hint = "Look whether the Chroma server runs; an index of our own is mended when it is opened again."
        raise VectorStoreError(f"Chroma does not do what it was asked: {error}", hint=hint) from error
