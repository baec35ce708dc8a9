"""Real documents from the shared data, read and cut as the product reads and cuts them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rag.chunk import Chunk
from rag.copilot import FolderOptions, SourceSpec
from rag.document import Document, UnreadableError
from rag.embedder import Embedder
from rag.hit import Passage
from rag.recipe import Recipe
from rag.sources import files
from rag.splitting import split

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
MODELS = Path("models")
Cut = list[tuple[Document, Chunk]]


def documents_in(folder: Path) -> Iterator[Document]:
    """The documents of a folder, in the order of their paths; what cannot be read is left out."""
    options = FolderOptions(path=folder)
    spec = SourceSpec(name="docs", folder=options)
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        key = path.relative_to(folder).as_posix()
        if files.is_wanted(key, options):
            try:
                yield files.document(spec, key, path.read_bytes(), version="", changed_at=None)
            except UnreadableError:
                continue


def cut(documents: Iterable[Document], embedder: Embedder) -> Cut:
    """Every chunk of some documents, with its document."""
    recipe = Recipe()
    return [(document, chunk) for document in documents for chunk in split(document, embedder.tokens, recipe)]


def passages(chunks: Cut) -> list[Passage]:
    """Chunks as an index would show them."""
    return [
        Passage(
            chunk=f"{number:032x}", document=document.key, source="docs", title=document.title,
            headings=chunk.headings, text=chunk.text, kind=document.kind, label=document.label,
            version=document.version, changed_at=document.changed_at, checked_at=0,
        )
        for number, (document, chunk) in enumerate(chunks)
    ]  # fmt: skip
