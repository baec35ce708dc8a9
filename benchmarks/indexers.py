"""A folder of documents into an index, by ours, LangChain's index API or LlamaIndex's pipeline, each in a process.

`index` starts the process; `python -m benchmarks.indexers NAME HOME FOLDER MODELS DIE_AFTER` is what runs in it. All
are given the same chunks and the same embedder, and keep them in Chroma.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

from benchmarks.corpora import cut, documents_in
from rag.copilot import Copilot, FolderOptions, SourceSpec
from rag.document import Document
from rag.embedder import Embedder, Vectors
from rag.embedders.minilm import open_minilm
from rag.hit import Query
from rag.opening import open_index
from rag.recipe import Recipe
from rag.sources.folder import FolderFiles
from rag.splitting import split
from rag.sync import SyncOptions, sync
from substrate.clock import SystemClock
from substrate.database import open_database
from substrate.migrate import upgrade
from substrate.settings import Settings
from substrate.sweep import Limits

PEERS = ("langchain-full", "langchain-incremental", "llamaindex")
INDEXERS = ("plumbline", *PEERS)
_NO_NETWORK = {"ANONYMIZED_TELEMETRY": "False", "HF_HUB_OFFLINE": "1", "LANGSMITH_TRACING": "false"}
_BATCH = 100
"""Texts a call: LangChain's own `batch_size`."""

_IMPORTED = {
    "langchain": ("langchain_chroma", "langchain_classic.indexes"),
    "llamaindex": ("chromadb", "llama_index.core.ingestion", "llama_index.vector_stores.chroma"),
}

Held = Counter[tuple[str, str]]
"""How often a store holds a text of a document."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took, and what the store holds after it.

    Attributes:
        embedded: texts that the embedder was given.
        seconds: from reading the folder to the last write; imports and opening the model are not in it.
        held: the texts of each document, each as often as it is held.
    """

    embedded: int
    seconds: float
    held: tuple[tuple[str, str], ...] = ()


def index(name: str, home: Path, folder: Path, models: Path, die_after: int = 0) -> Run:
    """Bring an index in step with a folder, in a new process.

    Args:
        name: one of `INDEXERS`.
        home: where the index is kept, from run to run.
        die_after: the process kills itself once so many texts were embedded; 0: it does not.

    Raises:
        CalledProcessError: it failed, other than as told; its words are on stderr.
    """
    home.mkdir(parents=True, exist_ok=True)
    told = home / "embedded"
    told.unlink(missing_ok=True)
    arguments = [name, str(home), str(folder), str(models), str(die_after)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.indexers", *arguments],
        check=not die_after,
        stdout=subprocess.PIPE,
        env={**os.environ, **_NO_NETWORK},
    )
    embedded = int(told.read_text()) if told.exists() else 0
    if die_after:
        if done.returncode != -signal.SIGKILL:
            raise RuntimeError(f"{name} was to be killed after {die_after} texts, and ended with {done.returncode}")
        return Run(embedded, 0.0)
    said = orjson.loads(done.stdout.splitlines()[-1])
    return Run(embedded, said["seconds"], tuple((document, text) for document, text in said["held"]))


class Counting:
    """An embedder that writes down how many texts it was given, and kills its process when it is told to.

    Args:
        inner: what embeds.
        told: the file that it writes to.
        die_after: as in `index`.
    """

    def __init__(self, inner: Embedder, told: Path, die_after: int = 0) -> None:
        self.inner, self.told, self.die_after = inner, told, die_after
        self.count = 0
        self.fingerprint, self.dimensions, self.clearance = inner.fingerprint, inner.dimensions, inner.clearance

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.embed`."""
        vectors = self.inner.embed(texts)
        self.count += len(texts)
        self.told.write_text(str(self.count))
        if 0 < self.die_after <= self.count:
            os.kill(os.getpid(), signal.SIGKILL)
        return vectors

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """As `Embedder.tokens`."""
        return self.inner.tokens(texts)


def _plumbline(home: Path, folder: Path, embedder: Counting) -> Held:
    """Ledger, Chroma, lexical index and catalogue; then what the served index holds, by every label there is."""
    clock = SystemClock()
    spec = SourceSpec(name="docs", folder=FolderOptions(path=folder))
    copilot = Copilot(name="bench", sources=(spec,))
    database = open_database(f"sqlite:///{home / 'ledger.sqlite'}")
    upgrade(database, [])
    with open_index(Settings(home=home, _env_file=None), database, clock) as served:
        # Deletions are what is measured; no guard is to hold them.
        sync(database, copilot, [FolderFiles(spec, clock)], embedder, clock, SyncOptions(limits=Limits(allowed=True)))
        served.catch_up()
        live = served.live("bench")
        rows = live.rows(list(live.partitions), Query(""))
        return Counter((one.document, one.text) for one in live.passages(rows.tolist()))


def _langchain(home: Path, folder: Path, embedder: Counting, cleanup: str) -> Held:
    chroma, managers = import_module("langchain_chroma"), import_module("langchain_classic.indexes")
    document = import_module("langchain_core.documents").Document
    store = chroma.Chroma("documents", _LangchainEmbedder(embedder), persist_directory=str(home / "chroma"))
    manager = managers.SQLRecordManager("chroma/documents", db_url=f"sqlite:///{home / 'records.sqlite'}")
    manager.create_schema()
    given = [
        document(page_content=chunk.embedded_text, metadata={"source": one.key})
        for one, chunk in cut(documents_in(folder), embedder)
    ]
    managers.index(given, manager, store, cleanup=cleanup, source_id_key="source", key_encoder="blake2b")
    held = store.get(include=["documents", "metadatas"])
    return Counter((meta["source"], text) for meta, text in zip(held["metadatas"], held["documents"], strict=True))


class _LangchainEmbedder:
    """LangChain's interface of an embedder, as far as indexing uses it."""

    def __init__(self, embedder: Counting) -> None:
        self.embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """The vectors of texts."""
        return [list(map(float, vector)) for vector in self.embedder.embed(texts)]


def _llamaindex(home: Path, folder: Path, embedder: Counting) -> Held:
    chromadb, ingestion = import_module("chromadb"), import_module("llama_index.core.ingestion")
    schema = import_module("llama_index.core.schema")
    store = import_module("llama_index.vector_stores.chroma").ChromaVectorStore
    documents = import_module("llama_index.core.storage.docstore").SimpleDocumentStore
    client = chromadb.PersistentClient(str(home / "chroma"))
    collection = client.get_or_create_collection("documents", embedding_function=None)
    pipeline = ingestion.IngestionPipeline(
        transformations=[_transformation(schema, "Split", _splitter(schema, embedder)),
                         _transformation(schema, "Embed", partial(_embedded, embedder))],
        docstore=documents(), docstore_strategy=ingestion.DocstoreStrategy.UPSERTS_AND_DELETE,
        vector_store=store(chroma_collection=collection),
    )  # fmt: skip
    if (home / "pipeline").exists():
        pipeline.load(str(home / "pipeline"))
    given = [schema.Document(text=one.text, id_=one.key, metadata={"title": one.title}) for one in documents_in(folder)]
    pipeline.run(documents=given)
    pipeline.persist(str(home / "pipeline"))
    held = collection.get(include=["documents", "metadatas"])
    return Counter((meta["document_id"], text) for meta, text in zip(held["metadatas"], held["documents"], strict=True))


def _transformation(schema: Any, name: str, work: Callable[[Any], Any]) -> Any:
    """A step of its pipeline; made here, because its base class is not there where only types are checked."""
    return type(name, (schema.TransformComponent,), {"__call__": lambda _self, nodes, **_: work(nodes)})()


def _splitter(schema: Any, embedder: Counting) -> Callable[[Any], Any]:
    def nodes_of(document: Any) -> list[Any]:
        ours = Document(document.id_, document.metadata["title"], document.text)
        source = {schema.NodeRelationship.SOURCE: document.as_related_node_info()}
        return [
            schema.TextNode(text=chunk.embedded_text, relationships=source)
            for chunk in split(ours, embedder.tokens, Recipe())
        ]

    return lambda documents: [node for document in documents for node in nodes_of(document)]


def _embedded(embedder: Counting, nodes: list[Any]) -> list[Any]:
    for start in range(0, len(nodes), _BATCH):
        some = nodes[start : start + _BATCH]
        for node, vector in zip(some, embedder.embed([node.text for node in some]), strict=True):
            node.embedding = list(map(float, vector))
    return nodes


def _main(name: str, home: str, folder: str, models: str, die_after: str) -> None:
    """Index, and print what it took as the last line; imports and opening the model are not part of it."""
    ways: dict[str, Callable[[Path, Path, Counting], Held]] = {
        "plumbline": _plumbline,
        "langchain-full": partial(_langchain, cleanup="full"),
        "langchain-incremental": partial(_langchain, cleanup="incremental"),
        "llamaindex": _llamaindex,
    }
    work = ways[name]
    for module in _IMPORTED.get(name.partition("-")[0], ()):
        import_module(module)
    embedder = Counting(open_minilm(Path(models), threads=2), Path(home) / "embedded", int(die_after))
    began = time.perf_counter()
    held = work(Path(home), Path(folder), embedder)
    seconds = time.perf_counter() - began
    print(orjson.dumps({"seconds": seconds, "held": sorted(held.elements())}).decode())


if __name__ == "__main__":
    _main(*sys.argv[1:])
