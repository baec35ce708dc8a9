"""Reading a list by offset while it changes, without missing a row that was there all the time.

An offset counts rows, so when one is deleted before it, the next page begins one row too late. Each page is therefore
asked for from the last known row on: if it begins with a row that is not known, rows have gone meanwhile, and it is
asked for again from further back. That is enough wherever the server gives its rows in an order that stands still, such
as the key's. A server that continues by a mark of its own (a token, an opaque link) is followed by that mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from substrate.errors import SourceError

TAIL = 20
"""So many of the last keys are remembered across a kill."""
_RESTARTS = 8
_IDLE = 32
_ROUNDS = 8


@dataclass(slots=True)
class Place:
    """Where a walk stands; everything here goes into the cursor."""

    offset: int = 0
    """Where the next page begins."""
    back: int = 1
    """How far before the end of what is known it begins."""
    tail: list[str] = field(default_factory=list)
    """The last keys given."""
    mark: str | None = None
    """The server's own way to go on, where it has one."""
    given: int = 0

    def as_json(self) -> dict[str, Any]:
        """The place as it stands in a cursor."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page as the server answered it.

    Attributes:
        keys: of its rows, in its order.
        total: how many rows the server says there are; None: it does not say.
        mark: how it says to go on, if not by offset.
        last: whether it says that nothing follows; None: it does not say.
    """

    keys: Sequence[str]
    total: int | None = None
    mark: str | None = None
    last: bool | None = None


@dataclass(slots=True)
class OffsetWalk:
    """A walk from the first row to the last; `ended`, then `is_whole` and `is_sure` say how it went."""

    place: Place = field(default_factory=Place)
    fresh: bool = True
    """False after a kill: what was given before is no longer known."""
    ended: bool = False
    strayed: bool = False
    """Whether rows moved under the walk."""
    given_up: bool = False
    """Whether the server again and again gave fewer rows than it had given before."""
    _seen: set[int] = field(default_factory=set)
    _totals: list[int | None] = field(default_factory=list)
    _restarts: int = 0
    _idle: int = 0
    _rounds: int = 0
    """Times that we stepped back since a page last brought anything new."""

    def take(self, leaf: Leaf) -> bool:
        """Note a page; false if its rows do not join on to what is known, so that it must be asked for again.

        Raises:
            SourceError: the pages go round in a circle.
        """
        if not self._joins(leaf):
            self._step_back()
            return False
        self._totals.append(leaf.total)
        news = {hash(key) for key in leaf.keys} - self._seen
        self._note_stray(leaf, news)
        self._seen |= news
        self._rounds = 0 if news else self._rounds
        self._idle = self._idle + 1 if leaf.mark is not None and not news else 0
        if self._idle > _IDLE:
            raise SourceError("its pages go round in a circle", hint="Report it to the server's maker.")
        self.place.given += len(news)
        self._go_on(leaf, bool(news))
        return True

    def restart(self) -> None:
        """Begin anew: the server's mark has expired.

        Raises:
            SourceError: it does so again and again.
        """
        self._restarts += 1
        if self._restarts > _RESTARTS:
            raise SourceError("its links to next pages expire before they can be followed", hint="Raise the page size.")
        self.place.offset, self.place.back, self.place.tail, self.place.mark = 0, 1, [], None
        self.fresh = True
        self._seen.clear()
        self._totals.clear()

    @property
    def has_begun(self) -> bool:
        """Whether the server has already given a page, now or before a kill."""
        return bool(self._totals) or self.place.given > 0

    def is_whole(self) -> bool:
        """Whether every row was given since this object was made, as far as the server counts them."""
        if not (self.ended and self.fresh):
            return False
        counted = self._totals[0] is not None
        return self._counts_agree() if counted else not self.strayed

    def is_sure(self) -> bool:
        """Whether no row that was there all the time can have been missed."""
        return not self.strayed or (self.fresh and self._counts_agree())

    def _counts_agree(self) -> bool:
        told = [total for total in self._totals if total is not None]
        return bool(told) and told[0] == told[-1] == len(self._seen)

    def _joins(self, leaf: Leaf) -> bool:
        place = self.place
        if place.offset == 0 or place.back == 0 or place.mark is not None:
            return True
        return bool(leaf.keys) and (hash(leaf.keys[0]) in self._seen or leaf.keys[0] in place.tail)

    def _step_back(self) -> None:
        place = self.place
        self.strayed = True
        self._rounds += place.back == 1
        self.given_up = self.ended = self._rounds > _ROUNDS
        end = place.offset + place.back
        place.back *= 2
        place.offset = max(end - place.back, 0)

    def _note_stray(self, leaf: Leaf, news: set[int]) -> None:
        place = self.place
        repeated = len(leaf.keys) - len(news)
        expected = min(place.back, len(leaf.keys)) if place.offset and place.mark is None else 0
        self.strayed |= self.fresh and repeated != expected

    def _go_on(self, leaf: Leaf, news: bool) -> None:
        place, count = self.place, len(leaf.keys)
        end = place.offset + count
        place.tail = [*place.tail, *leaf.keys][-TAIL:]
        if leaf.mark is not None:
            place.mark, place.offset = leaf.mark, end
            return
        followed, place.mark = place.mark is not None, None
        by_count = self.fresh and not self.strayed and len(self._seen) == leaf.total
        by_word = leaf.total is None and leaf.last is True
        self.ended = followed or by_count or by_word or (not news and count <= min(place.back, 1))
        place.back = 1 if count > 1 else 0
        place.offset = end - place.back
