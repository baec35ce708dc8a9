"""Which tickets an export tells of, kept as digests: enough to see what changed, and not what anybody wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from rag.sources.ticket_said import Glance
from substrate.errors import SourceError

Moment = Callable[[str | int | float], int | None]


@dataclass(slots=True)
class Standing:
    """A ticket as far as its rows were seen.

    Attributes:
        place: which one it is, in the order in which they were first seen.
        head: digest of the row that counts; empty: no row says anything of the ticket itself.
        updated: when that row says that the ticket was last changed.
        leaves: whether that row says that the ticket leaves the index.
        contradicted: another row says something else, and neither is newer.
        rows: how many rows of tickets it has.
        replies: how many rows of comments it has in files of their own.
        chain: digest of all of them.
    """

    place: int
    head: bytes = b""
    updated: str | int | float = ""
    leaves: bool = False
    contradicted: bool = False
    rows: int = 0
    replies: int = 0
    chain: bytes = b""

    def see(self, row: Glance, moment: Moment) -> None:
        """Take a row of tickets into account: of two that differ, the one that was changed later counts."""
        self.rows += 1
        self._link(row)
        if row.head and (not self.head or self._is_newer(row, moment)):
            self.head, self.updated, self.leaves, self.contradicted = row.head, row.updated, row.leaves, False

    def see_reply(self, row: Glance) -> None:
        """Take a row of comments into account."""
        self.replies += 1
        self._link(row)

    def _is_newer(self, row: Glance, moment: Moment) -> bool:
        if row.head == self.head:
            return False
        mine, its = moment(self.updated), moment(row.updated)
        if mine is None or its is None or mine == its:
            self.contradicted = True
            return False
        return its > mine

    def _link(self, row: Glance) -> None:
        self.chain = blake2b(self.chain + row.digest, digest_size=8).digest() if self.chain else row.digest


Found = tuple[Glance, dict[str, Any]]
"""A row, and what there is to know of it."""


@dataclass(slots=True)
class Walk:
    """Goes through rows a second time, and gives out those of one ticket after the other.

    Where tickets are asked for in the order in which they stand, it goes through the files once and keeps only what it
    met too early.

    Attributes:
        again: begins from the first row.
        known: the tickets.
    """

    again: Callable[[], Iterator[Found]]
    known: Mapping[str, Standing]
    _rows: Iterator[Found] = field(default_factory=lambda: iter(()))
    _early: dict[str, list[Found]] = field(default_factory=dict)
    _place: int = -1
    _begun: bool = False

    def take(self, ticket: str, count: int) -> list[Found]:
        """The rows of a ticket, of which there are so many.

        Raises:
            SourceError: there are fewer now.
        """
        place = self.known[ticket].place
        if place <= self._place or not self._begun:
            self._rows, self._early, self._begun = self.again(), {}, True
        self._place = place
        found = self._early.pop(ticket, [])
        while len(found) < count:
            row = next(self._rows, None)
            if row is None:
                raise SourceError("an export of tickets was written anew while it was read", hint="Sync again.")
            other = row[0].ticket
            if other == ticket:
                found.append(row)
            elif (standing := self.known.get(other)) is not None and standing.place > place:
                self._early.setdefault(other, []).append(row)
        return found
