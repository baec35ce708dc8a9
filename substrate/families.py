"""Records that live and die with another: written after it, dropped when it no longer names them, gone when it goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from substrate.catalog import Vertical
from substrate.idset import among
from substrate.mapping import Draft, Mapper
from substrate.records import Record, record_id, table_of
from substrate.upsert import Outcome, Writer


class Families:
    """Writes drafts together with their parts, in one transaction."""

    def __init__(self, connection: Connection, vertical: Vertical, source: str, writer: Writer) -> None:
        self._connection = connection
        self._source = source
        self._writer = writer
        self._parents = {mapper.record: mapper for mapper in vertical.mappers if mapper.parts}

    def write(self, drafts: Sequence[Draft]) -> list[Outcome]:
        """Write drafts and their parts; a draft counts as changed when one of its parts is."""
        outcomes = self._writer.write(drafts)
        live = [index for index, outcome in enumerate(outcomes) if outcome not in _LEFT_ALONE]
        parts = [(index, part) for index in live for part in drafts[index].parts]
        written = self._writer.write([part for _, part in parts])
        changed = {index for (index, _), outcome in zip(parts, written, strict=True) if outcome.is_change}
        changed |= self._drop_lost([(index, drafts[index], outcomes[index]) for index in live])
        for index in changed:
            outcomes[index] = outcomes[index] if outcomes[index].is_change else Outcome.CHANGED
        return outcomes

    def tombstone(self, mapper: Mapper, keys: Iterable[str]) -> int:
        """Say that the source dropped records, and with them their parts; how many keys of a record we had."""
        named = [mapper.prefix + key for key in dict.fromkeys(keys)]
        gone: set[str] = set()
        for record in (mapper.record, *mapper.instead):
            numbers = {record_id(self._source, record.kind, key): key for key in named}
            for part, owner in mapper.parts.items() if record is mapper.record else ():
                self._writer.tombstone(part, list(self._owned(part, owner, list(numbers))))
            gone.update(numbers[number] for number in self._writer.tombstone(record, list(numbers)))
        return len(gone)

    def _drop_lost(self, drafts: list[tuple[int, Draft, Outcome]]) -> set[int]:
        """Tombstone the parts that their owner no longer names; the indexes of those owners."""
        parents = [told for told in drafts if told[1].record in self._parents]
        last = {(draft.record, draft.key): (index, draft, outcome) for index, draft, outcome in parents}
        owners: dict[type[Record], dict[int, int]] = {}
        for index, draft, outcome in last.values():
            # A record that was not there before has no earlier parts that it could have lost.
            if outcome is not Outcome.NEW:
                owners.setdefault(draft.record, {})[record_id(self._source, draft.record.kind, draft.key)] = index
        kept = (part for _, draft, _ in last.values() for part in draft.parts) if owners else ()
        named = {record_id(self._source, part.record.kind, part.key) for part in kept}
        return {index for record, numbers in owners.items() for index in self._drop_of(record, numbers, named)}

    def _drop_of(self, record: type[Record], numbers: dict[int, int], named: set[int]) -> set[int]:
        changed = set()
        for part, owner in self._parents[record].parts.items():
            lost = {number: by for number, by in self._owned(part, owner, list(numbers)).items() if number not in named}
            self._writer.tombstone(part, list(lost))
            changed |= {numbers[by] for by in lost.values()}
        return changed

    def _owned(self, part: type[Record], owner: str, numbers: list[int]) -> dict[int, int]:
        table = table_of(part)
        chosen = select(table.c.id, table.c[owner]).where(among(table.c[owner], numbers), table.c.gone_at.is_(None))
        return dict(self._connection.execute(chosen).tuples().all())


_LEFT_ALONE = (Outcome.STALE, Outcome.COLLISION)
