"""Open the index of all copilots: own its folder, or share a Chroma server with others."""

from __future__ import annotations

from rag.index import Index, IndexOptions
from rag.lock import FolderLock
from rag.vector_store import VectorStore
from rag.vectors_apart import VectorsApart
from rag.writer import VectorWriter
from substrate.clock import Clock
from substrate.database import Database
from substrate.errors import ConflictError
from substrate.settings import Settings


def open_index(settings: Settings, database: Database, clock: Clock, options: IndexOptions | None = None) -> Index:
    """Own the index: open it, mend it, and follow the ledger to its end.

    With a Chroma server, several processes may serve: the first one in a folder owns its words, and one of all writes
    the vectors.

    Args:
        settings: where the index lies.
        database: where the ledger is.
        clock: what time it is.
        options: how it is served.

    Raises:
        ConflictError: another process owns the index; the message names it.
        VectorStoreError: the Chroma server does not answer.
    """
    options, folder = options or IndexOptions(), settings.resolved_index_dir
    lock = _locked(settings, clock, options)
    try:
        vectors = _vectors(settings, lock if options.apart else None)
    except BaseException:
        if lock is not None:
            lock.close()
        raise
    writer = VectorWriter(database, folder, settings.chroma_url)
    index = Index(database, clock, folder, (vectors, writer, lock), options)
    try:
        index.catch_up()
    except BaseException:
        index.close()
        raise
    return index


def _vectors(settings: Settings, lock: FolderLock | None) -> VectorStore:
    """The vectors: on a server, in a process of their own that inherits the lock, or here."""
    if settings.chroma_url is None and lock is not None:
        return VectorsApart(settings.resolved_index_dir, lock.descriptor)
    # Chroma takes a second to import, which who keeps it apart is spared.
    from rag.chroma import open_folder, open_server

    if settings.chroma_url is not None:
        return open_server(settings.chroma_url, settings.chroma_token)
    return open_folder(settings.resolved_index_dir)[0]


def _locked(settings: Settings, clock: Clock, options: IndexOptions) -> FolderLock | None:
    """The folder's lock; None: somebody else owns it, and the vectors lie on a server, so that we may read."""
    try:
        return FolderLock(settings.resolved_index_dir, clock.now(), options.address)
    except ConflictError:
        if settings.chroma_url is None:
            raise
        return None
