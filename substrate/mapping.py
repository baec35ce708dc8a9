"""From a source's raw row to our records: what a vertical writes to understand its ERP.

A mapper is a plain function from one parsed row to one `Draft`. It refuses a row by raising `RowRefused`; it never
guesses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from substrate.clock import to_micros
from substrate.quality import Reason, RowRefused
from substrate.records import Record, record_id


@dataclass(slots=True)
class Draft:
    """A record that a row describes, before the quality gate.

    Attributes:
        record: the kind.
        key: its key in the source.
        values: its content columns; a column that is left out is None.
        changed_at: when the source says it last changed; None where the source does not say.
        site: the site that it belongs to.
        aliases: other names by which the source refers to it (`identifier` of a conditional reference).
        parts: records that live and die with this one (the stays of an encounter).
        also: records that the same row tells of, and that live on without this one (the order of a shipment's line).
            They have no parts, and nothing beside them. Of two drafts of one record the one with the later `changed_at`
            counts, else the one that comes last; so a kind is best told either beside others or by rows of its own.
        digest: the content hash, set when the draft has passed the gate and before its references are resolved.
    """

    record: type[Record]
    key: str
    values: dict[str, Any]
    changed_at: int | None = None
    site: str | None = None
    aliases: tuple[str, ...] = ()
    parts: tuple[Draft, ...] = ()
    also: tuple[Draft, ...] = ()
    digest: int = 0

    def family(self) -> Iterator[Draft]:
        """The draft itself, then its parts."""
        yield self
        yield from self.parts

    def told(self) -> Iterator[Draft]:
        """The draft itself, then the records beside it: everything that the row tells of, but for parts."""
        yield self
        yield from self.also


@dataclass(frozen=True, slots=True)
class Gone:
    """What a row says of a record that is no more, or is none of ours; it goes, with its parts, if we had it.

    Attributes:
        key: the record's key in the source, without the mapper's `prefix`.
    """

    key: str


class Reader:
    """What a mapper may ask while it reads one source: ids of references, instants of times.

    Args:
        source: the source's name, part of every id.
        zone: IANA zone of times written without one; None: such times are refused.
    """

    def __init__(self, source: str, zone: str | None = None) -> None:
        self.source = source
        self._zone = ZoneInfo(zone) if zone else None
        self._stand_ins: dict[int, str] = {}

    def id_of(self, kind: str, key: str) -> int:
        """The id of the record of a kind that the source calls `key`."""
        return record_id(self.source, kind, key)

    def id_of_alias(self, kind: str, alias: str) -> int:
        """The id that stands in for the record of a kind that bears an alias, until `aliases.resolve` finds it."""
        stand_in = stand_in_id(self.source, kind, alias)
        self._stand_ins[stand_in] = kind
        return stand_in

    def drain(self) -> dict[int, str]:
        """The stand-ins handed out since the last call, with the kind that each stands for."""
        handed, self._stand_ins = self._stand_ins, {}
        return handed

    def instant(self, text: Any, what: str) -> int:
        """An instant from ISO 8601 text.

        Raises:
            RowRefused: the text is no time, or names no zone and the source declares none.
        """
        if not isinstance(text, str):
            raise RowRefused(Reason.WRONG_TYPE, f"{what} is not text")
        try:
            found = _read_instant(text, self._zone)
        except ValueError:
            raise RowRefused(Reason.BAD_TIME, f"{what} is not a valid date or time") from None
        if found is None:
            raise RowRefused(Reason.BAD_TIME, f"{what} has no time zone, and the source declares none")
        return found

    def local(self, moment: datetime, what: str) -> int:
        """An instant from a date and time on the wall, or from one that names its zone.

        Where clocks are put back it is the first of the two hours; one that clocks skip counts from the time before.

        Raises:
            RowRefused: it names no zone and the source declares none, or it lies in no year that can be told.
        """
        if moment.tzinfo is None and self._zone is None:
            raise RowRefused(Reason.BAD_TIME, f"{what} has no time zone, and the source declares none")
        try:
            return to_micros(moment if moment.tzinfo else moment.replace(tzinfo=self._zone))
        except (OverflowError, ValueError):
            raise RowRefused(Reason.BAD_TIME, f"{what} is not a valid date or time") from None

    def day(self, text: Any, what: str) -> int:
        """The moment on which a calendar date begins: on the source's own clock if it declares a zone, else in UTC.

        Raises:
            RowRefused: the text is no date of the form 2024-01-31.
        """
        if not isinstance(text, str):
            raise RowRefused(Reason.WRONG_TYPE, f"{what} is not text")
        try:
            return _midnight(text, self._zone)
        except ValueError:
            raise RowRefused(Reason.BAD_TIME, f"{what} is not a valid date") from None


# Rows that were written together share their times.
@lru_cache(maxsize=4_096)
def _read_instant(text: str, zone: ZoneInfo | None) -> int | None:
    """The instant; None: the text says no zone and there is none to assume. A calendar date is its midnight in UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        assumed = UTC if len(text) <= len("2024-01-31") else zone
        if assumed is None:
            return None
        moment = moment.replace(tzinfo=assumed)
    return to_micros(moment)


@lru_cache(maxsize=4_096)
def _midnight(text: str, zone: ZoneInfo | None) -> int:
    if len(text) != len("2024-01-31"):
        raise ValueError("no calendar date")
    return to_micros(datetime.fromisoformat(text).replace(tzinfo=zone or UTC))


def stand_in_id(source: str, kind: str, alias: str) -> int:
    """The id under which a reference by another name waits for the record that bears the name."""
    return record_id(source, kind, f"alias\x1f{alias}")


Read = Callable[[dict[str, Any], Reader], Draft | Gone]
Key = Callable[[dict[str, Any]], str | None]


def id_in(payload: dict[str, Any]) -> str | None:
    """The key of a row that calls it `id`, as FHIR does."""
    key = payload.get("id")
    return key if isinstance(key, str) else None


@dataclass(frozen=True, slots=True)
class Mapper:
    """How one resource of a source becomes records.

    Attributes:
        resource: what the source calls it (`Encounter`); the `kind` of a source's rows.
        record: the kind of record that a row describes.
        read: from the parsed row to a draft, or to the word that the record is gone.
        parts: the kinds that live and die with the record, and the column of each that holds the record's id.
        version: raised when `read` changes its mind, so that files already read are read again.
        prefix: what `read` puts before the row's own key, where several resources become one kind of record and may
            use the same keys (`ServiceRequest/`); a row that says that a key is gone does not carry it.
        instead: the other kinds of record that `read` may give instead, under the same key: a user is a student, or
            staff, or a guardian.
        also: the kinds of record that `read` may give beside, in `Draft.also`. That no row tells of one any more does
            not say that it is gone.
        key: the source key in a raw row, without `prefix`; None where the row names none. It tells which record a row
            is about that was refused.
    """

    resource: str
    record: type[Record]
    read: Read
    parts: Mapping[type[Record], str] = field(default_factory=dict)
    version: int = 1
    prefix: str = ""
    instead: tuple[type[Record], ...] = ()
    also: tuple[type[Record], ...] = ()
    key: Key = id_in

    @property
    def owned(self) -> tuple[type[Record], ...]:
        """The kinds of record that are gone when no row of the resource shows them any more."""
        return (self.record, *self.instead, *self.parts)

    @property
    def given(self) -> tuple[type[Record], ...]:
        """Every kind of record that a row of the resource may bring or change."""
        return (*self.owned, *self.also)
