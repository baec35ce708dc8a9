"""The shelf: opened beside other work, tried again where it cannot be, followed as long as it lives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest

from flows.shelf import FollowedShelf, NoShelf, Opened
from rag.embedders.hashing import HashingEmbedder
from rag.memory import MemoryIndex
from substrate.errors import ConfigurationError, ConflictError, UnavailableError
from tests.flows.test_live_loop import wait_until


class Counted(MemoryIndex):
    """An index that counts what is done with it; the first looks fail."""

    def __init__(self, troubles: int = 0) -> None:
        super().__init__({})
        self.troubles = troubles
        self.followed = 0
        self.closed = 0

    def follow(self) -> int:
        """Nothing is ever newer."""
        self.followed += 1
        if self.followed <= self.troubles:
            raise RuntimeError("planted")
        return 0

    def was_followed(self, times: int) -> bool:
        """At least so often."""
        return self.followed >= times

    def close(self) -> None:
        """Count it."""
        self.closed += 1


@dataclass
class Books:
    """What is opened."""

    index: Counted = field(default_factory=Counted)
    embedder: HashingEmbedder = field(default_factory=HashingEmbedder)


@contextmanager
def running(opening: Callable[[], Opened]) -> Iterator[FollowedShelf]:
    """A shelf whose thread runs."""
    shelf = FollowedShelf(opening, again_seconds=0.01)
    shelf.start()
    try:
        yield shelf
    finally:
        shelf.stop(5)


def test_it_is_opened_followed_and_given_back() -> None:
    books = Books()
    with running(lambda: books) as shelf:
        wait_until(lambda: books.index.followed > 0)
        assert shelf.opened() is books
        assert shelf.trouble is None
    assert books.index.closed == 1


@pytest.mark.parametrize("error", [ConfigurationError("no model", hint="bring it"), ConflictError("owned"), OSError()])
def test_what_keeps_it_from_opening_is_said_and_tried_again(error: Exception) -> None:
    books, failures = Books(), [error]

    def opening() -> Opened:
        if failures:
            raise failures[0]
        return books

    with running(opening) as shelf:
        wait_until(lambda: shelf.trouble not in (None, "the index is being opened"))
        with pytest.raises(UnavailableError, match="copilots cannot be asked yet"):
            shelf.opened()
        failures.clear()
        shelf.wake()
        wait_until(lambda: shelf.trouble is None)
        assert shelf.opened() is books


def test_a_fault_while_following_ends_nothing() -> None:
    books = Books(Counted(troubles=2))
    with running(lambda: books) as shelf:
        for times in (1, 2, 3):
            wait_until(partial(books.index.was_followed, times))
            shelf.wake()
        assert shelf.opened() is books


def test_a_process_without_a_shelf_says_so() -> None:
    with pytest.raises(UnavailableError, match="not asked here"):
        NoShelf().opened()


def test_what_keeps_it_from_following_is_said_until_it_follows_again() -> None:
    books = Books(Counted(troubles=10**9))
    with running(lambda: books) as shelf:
        wait_until(lambda: "cannot be brought up to date: RuntimeError" in (shelf.trouble or ""))
        assert shelf.opened() is books
        books.index.troubles = 0
        wait_until(lambda: shelf.trouble is None)
