"""Tickets that a help desk exported into files, as a source of documents: one document a ticket."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import Connection

from rag.copilot import SourceSpec
from rag.document import Document, Entry, UnreadableError
from rag.sources import files
from rag.sources.ticket_files import TicketFiles
from rag.sources.ticket_parts import Columns
from rag.sources.ticket_register import Found, Standing, Walk
from rag.sources.ticket_said import Head
from rag.sources.ticket_telling import Teller
from rag.ticket_export import TicketsOptions
from substrate.errors import SourceError
from substrate.sources.csv_shape import find_delimiter
from substrate.sources.source import Row

SCHEMA = 1
"""Grows whenever the same export makes other documents."""

_TABLE = re.compile(r"\.[ct]sv(\.gz)?$", re.IGNORECASE)
_NO_ID = "it has no number of a ticket"


@dataclass(frozen=True, slots=True)
class _Refused:
    """A row that cannot be read: where it stands, why, and of which ticket it seems to be."""

    place: str
    stamp: str
    reason: str
    detail: str
    ticket: str


class TicketExport:
    """The tickets of an export; each is listed by a digest of what it says, and read only when that changed.

    Args:
        spec: the source as it is declared, with its `tickets`.
        zone: IANA zone of times that name none, where the declaration says none.
    """

    def __init__(self, spec: SourceSpec, zone: str) -> None:
        options = spec.tickets or TicketsOptions(path=Path())
        self._spec = spec
        self._options = options
        self._zone = options.zone or zone
        self._columns = Columns(options)
        self._teller = Teller(spec, options, self._zone)
        replies = options.comments_path
        self._tickets = TicketFiles(spec.name, options.path, options.lists, replies)
        self._replies = None if replies is None else TicketFiles(spec.name, replies, options.lists)

    @property
    def name(self) -> str:
        """Names it within its copilot."""
        return self._spec.name

    def fingerprint(self) -> str:
        """Changes with the readers, the zone, and what the declaration says of the tickets."""
        return f"{files.fingerprint(self._spec)} tickets {SCHEMA} {self._zone}"

    def entries(self, connection: Connection) -> Iterator[Entry]:
        """Every ticket that should be there, in the order of the files, and every row that cannot be read.

        Raises:
            SourceError: a file cannot be read or is not whole, or no ticket stands in any.
        """
        known, refused = self._registered()
        if not known:
            fault = f"source {self.name!r}: no row of {self._options.path} has the number of a ticket"
            raise SourceError(fault, hint="Export it again, or say under `columns` what the column `id` is called.")
        reading = _Reading(Walk(self._rows, known), Walk(self._replies_again, known))
        for ticket, standing in known.items():
            if not standing.leaves or standing.contradicted:
                stamp = f"{standing.chain.hex()}-{standing.head.hex()}-{standing.contradicted:d}"
                yield Entry(ticket, stamp, partial(self._read, reading, ticket, standing))
        yield from _held(refused, known)

    def _registered(self) -> tuple[dict[str, Standing], list[_Refused]]:
        known: dict[str, Standing] = {}
        refused: list[_Refused] = []
        header: Mapping[str, Any] | None = None
        for row in self._tickets.rows():
            payload = _unwrapped(row)
            glance = self._columns.glance(payload) if payload is not None else None
            if glance is None or not glance.ticket:
                refused.append(self._refused(row, header))
                continue
            header = payload
            known.setdefault(glance.ticket, Standing(len(known))).see(glance, self._teller.moment)
        refused += self._registered_replies(known)
        return known, refused

    def _registered_replies(self, known: Mapping[str, Standing]) -> Iterator[_Refused]:
        """Take the comments of the files of comments into account; those of a ticket that is not there are left out."""
        for row in self._replies.rows() if self._replies is not None else ():
            payload = _unwrapped(row)
            glance = self._columns.glance_at_comment(payload) if payload is not None else None
            if glance is None or not glance.ticket:
                yield self._refused(row, None)
            elif (standing := known.get(glance.ticket)) is not None:
                standing.see_reply(glance)

    def _rows(self) -> Iterator[Found]:
        for row in self._tickets.rows():
            if (payload := _unwrapped(row)) is not None:
                yield self._columns.glance(payload), payload

    def _replies_again(self) -> Iterator[Found]:
        for row in self._replies.rows() if self._replies is not None else ():
            if (payload := _unwrapped(row)) is not None:
                yield self._columns.glance_at_comment(payload), payload

    def _read(self, reading: _Reading, ticket: str, standing: Standing) -> Document:
        if standing.contradicted:
            _refuse("contradictory", "two rows of it differ, and neither says that it was changed later")
        rows = reading.tickets.take(ticket, standing.rows)
        replies = reading.replies.take(ticket, standing.replies)
        head = next((self._columns.head(row) for seen, row in rows if seen.head == standing.head != b""), Head())
        told = [row for seen, row in rows if seen.head in (b"", standing.head)]
        comments = [one for row in told for one in self._columns.comments(row)]
        comments += [one for _, row in replies for one in self._columns.comment(row)]
        return self._teller.tell(ticket, head, comments, standing.chain.hex())

    def _refused(self, row: Row, header: Mapping[str, Any] | None) -> _Refused:
        reason, detail = (str(row.fault), row.detail) if row.fault is not None else ("no_id", _NO_ID)
        stamp = blake2b(row.raw, digest_size=8).hexdigest()
        where = f"{row.place}, row {row.line}"
        ticket = "" if row.fault is None else self._seemingly(row, header)
        return _Refused(f"{row.place}:{row.line}", f"{stamp}-{reason}", reason, f"{where}: {detail}", ticket)

    def _seemingly(self, row: Row, header: Mapping[str, Any] | None) -> str:
        """The ticket that a broken row seems to be about, so that what is known of that ticket stays."""
        text = row.raw.decode("utf-8", "replace")
        if not _TABLE.search(row.place):
            names = "|".join(re.escape(name) for name in self._columns.id_names())
            found = re.search(rf'"(?:{names})"\s*:\s*"?([^",}}\s]{{1,100}})', text, re.IGNORECASE)
            return found[1] if found else ""
        at = self._columns.id_place(header) if header is not None else None
        cells = text.split(find_delimiter(text))
        return cells[at].strip().strip('"') if at is not None and at < len(cells) else ""


@dataclass(frozen=True, slots=True)
class _Reading:
    """The second way through the files, from the first document that is asked for."""

    tickets: Walk
    replies: Walk


def _unwrapped(row: Row) -> dict[str, Any] | None:
    """What a row says; an object that holds nothing but another one, as `{"issue": {…}}`, is that one."""
    payload = row.payload
    while payload is not None and len(payload) == 1 and isinstance(inner := next(iter(payload.values())), dict):
        payload = inner
    return payload


def _held(refused: Sequence[_Refused], known: Collection[str]) -> Iterator[Entry]:
    """The rows that cannot be read: under their ticket where it is known and has no other row, else under their place.

    What stands where a ticket's number should is taken for one only if it looks like the others: it could be anything.
    """
    forms = {_form(ticket) for ticket in known} if refused else set()
    told = set(known)
    for one in refused:
        key = one.ticket if _form(one.ticket) in forms and one.ticket not in told else one.place
        told.add(key)
        yield Entry(key, one.stamp, partial(_refuse, one.reason, one.detail))


def _form(ticket: str) -> str:
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", ticket))


def _refuse(reason: str, detail: str) -> NoReturn:
    raise UnreadableError(reason, detail)
