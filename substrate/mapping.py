"""From a source's raw row to our records: what a vertical writes to understand its ERP.

A mapper is a plain function from one parsed row to one `Draft`. It refuses a row by raising `RowRefused`; it never
guesses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
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
    """

    record: type[Record]
    key: str
    values: dict[str, Any]
    changed_at: int | None = None
    site: str | None = None
    aliases: tuple[str, ...] = ()
    parts: tuple[Draft, ...] = ()


class Reader:
    """What a mapper may ask while it reads one source: ids of references, instants of times.

    Args:
        source: the source's name, part of every id.
        zone: IANA zone of times written without one; None: such times are refused.
    """

    def __init__(self, source: str, zone: str | None = None) -> None:
        self.source = source
        self._zone = ZoneInfo(zone) if zone else None
        self.aliases: dict[int, int] = {}
        self.unresolved: set[tuple[str, int]] = set()

    def id_of(self, kind: str, key: str) -> int:
        """The id of the record of a kind that the source calls `key`."""
        return record_id(self.source, kind, key)

    def id_of_alias(self, kind: str, alias: str) -> int:
        """The id of the record of a kind that has an alias, if it has been seen, else the alias's own.

        A record that arrives later under that alias takes over every reference made to it (see `ingest`).
        """
        stand_in = record_id(self.source, kind, f"alias\x1f{alias}")
        known = self.aliases.get(stand_in)
        if known is None:
            self.unresolved.add((kind, stand_in))
            return stand_in
        return known

    def instant(self, text: Any, what: str) -> int:
        """An instant from ISO 8601 text.

        Raises:
            RowRefused: the text is no time, or names no zone and the source declares none.
        """
        if not isinstance(text, str):
            raise RowRefused(Reason.WRONG_TYPE, f"{what} is not text")
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise RowRefused(Reason.BAD_TIME, f"{what} is not a valid date or time") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone_for(text, what))
        return to_micros(moment)

    def _zone_for(self, text: str, what: str) -> Any:
        if len(text) <= len("2024-01-31"):
            return UTC  # a calendar date: stored as its midnight in UTC
        if self._zone is None:
            raise RowRefused(Reason.BAD_TIME, f"{what} has no time zone, and the source declares none")
        return self._zone


Read = Callable[[dict[str, Any], Reader], Draft]


@dataclass(frozen=True, slots=True)
class Mapper:
    """How one resource of a source becomes records.

    Attributes:
        resource: what the source calls it (`Encounter`); the `kind` of a source's rows.
        record: the kind of record that a row describes.
        read: from the parsed row to a draft.
        parts: the kinds that live and die with the record, and the column of each that holds the record's id.
        version: raised when `read` changes its mind, so that files already read are read again.
    """

    resource: str
    record: type[Record]
    read: Read
    parts: Mapping[type[Record], str] = field(default_factory=dict)
    version: int = 1
