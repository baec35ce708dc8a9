"""What `plumbline demo` shows of copilots: a question to each vertical's, answered from the records of the demo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from console.ask_shown import print_answer
from console.terminal import bars, screen
from console.told import AnswerTold
from console.workspace import Workspace
from flows.indexing import copilots_of, sync_copilot
from rag.answer import answer
from rag.copilot import Copilot, Example
from rag.ground import Ground
from rag.hit import Query
from rag.sync import Progress
from substrate.catalog import Vertical
from substrate.errors import ConfigurationError, ConflictError
from substrate.keyring import LOCAL

if TYPE_CHECKING:
    from flows.library import Library


@contextmanager
def opened_library(ws: Workspace) -> Iterator[Library | None]:
    """Embedder and index; None: there is no model, or another process owns the index. Says which."""
    # The libraries behind it take a second to load, which a demo without the model need not wait for.
    from flows.library import open_library

    try:
        library = open_library(ws.settings, ws.database, ws.clock)
    except (ConfigurationError, ConflictError) as error:
        screen.print(f"  [dim]Copilots are not shown: {error.message}. {error.hint or ''}[/]", soft_wrap=True)
        yield None
        return
    try:
        yield library
    finally:
        library.index.close()


def ask_example(ws: Workspace, vertical: Vertical, library: Library) -> AnswerTold | None:
    """Index what the example of a vertical's copilot needs, and ask it; None: none has an example.

    The copilot goes by a name of its own, so that the one that comes with the vertical is left as it is.
    """
    for copilot in copilots_of(ws).values():
        if copilot.vertical == vertical.name and copilot.example is not None:
            return _asked(ws, vertical, library, _small(copilot, copilot.example))
    return None


def _asked(ws: Workspace, vertical: Vertical, library: Library, copilot: Copilot) -> AnswerTold:
    question = copilot.example.ask if copilot.example else ""
    screen.print()
    screen.print(f"[bold]{vertical.title}: {question}[/]", soft_wrap=True)
    with bars() as shown:
        bar = shown.add_task("Telling records", total=None)

        def tell(progress: Progress) -> None:
            shown.update(bar, total=progress.to_read, completed=progress.read)

        sync_copilot(ws, copilot, library.embedder, tell)
    library.index.follow()
    ground = Ground(ws.database, library.index, library.embedder, copilot, vertical)
    told = AnswerTold.whole(answer(ground, LOCAL, Query(question, k=3), ws.clock.now()))
    print_answer(told)
    return told


def _small(copilot: Copilot, example: Example) -> Copilot:
    """The same copilot, of the records that answer its example alone."""
    told = [source for source in copilot.sources if source.records is not None][:1]
    chosen = [
        one.model_copy(update={"records": one.records.model_copy(update={"templates": example.templates})})
        for one in told
        if one.records is not None
    ]
    return copilot.model_copy(update={"name": f"demo-{copilot.name}", "sources": tuple(chosen)})
