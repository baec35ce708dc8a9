"""What a row of an export of tickets says, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as the export has it.

    Attributes:
        body: what it says.
        created: when, as it is written there.
        internal: whether it is internal.
    """

    body: str
    created: str | int | float
    internal: bool


@dataclass(frozen=True, slots=True)
class Head:
    """What a row says of the ticket itself; texts are as they are in the export, empty where it says nothing.

    Attributes:
        title: its subject.
        body: what was written first.
        status: its state.
        created: when it was opened.
        updated: when it was last changed.
        site: whose it is.
        link: where people open it.
    """

    title: str = ""
    body: str = ""
    status: str = ""
    created: str | int | float = ""
    updated: str | int | float = ""
    site: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Glance:
    """What there is to know of a row without reading what people wrote in it.

    Attributes:
        ticket: the number of the ticket that it is about; empty: it names none.
        head: eight bytes that change with what it says of the ticket; empty: it only brings comments.
        digest: eight bytes that change with whatever it says.
        updated: when it says that the ticket was last changed.
        leaves: whether it says that the ticket leaves the index: deleted, merged, a duplicate, internal.
    """

    ticket: str
    head: bytes = b""
    digest: bytes = b""
    updated: str | int | float = ""
    leaves: bool = False
