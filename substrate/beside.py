"""Rows that tell of several records: the order beside its shipment's line, written like a record of its own.

Many rows of a batch tell of one order. Only what the newest of them says is written, so that rows which contradict
each other leave no trail of versions, and reading them again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from substrate.families import Families
from substrate.mapping import Draft
from substrate.records import Record
from substrate.upsert import Outcome, Writer

_Name = tuple[type[Record], str]
Told = tuple[int, Draft]
"""A draft, with the index of the row that tells of it."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch's rows.

    Attributes:
        own: what each row's own draft turned out to be; of a row that collides anywhere, a collision.
        changed: every draft that became a new version, a row's own or one beside, with the index of the row.
    """

    own: list[Outcome]
    changed: list[Told]

    @property
    def changed_rows(self) -> set[int]:
        """The rows of which any record changed."""
        return {index for index, _ in self.changed}


def write_rows(families: Families, writer: Writer, drafts: Sequence[Draft]) -> Written:
    """Write what rows tell: their own records with parts, and those beside; nothing of a row that collides."""
    rows = list(enumerate(drafts))
    if not any(draft.also for draft in drafts):
        outcomes = families.write(drafts)
        return Written(outcomes, _changed(rows, outcomes))
    collided = _collided(writer, rows)
    rows = [told for told in rows if told[0] not in collided]
    beside = newest_beside(rows)
    found = writer.write([draft for _, draft in beside])
    outcomes = families.write([draft for _, draft in rows])
    own = [Outcome.COLLISION] * len(drafts)
    for (index, _), outcome in zip(rows, outcomes, strict=True):
        own[index] = outcome
    return Written(own, _changed(rows, outcomes) + _changed(beside, found))


def newest_beside(rows: Sequence[Told]) -> list[Told]:
    """Of several drafts beside that tell of one record, the one that stands in the end, with the index of its row.

    That is the newest by the source's own date, and the last of those that bear none or the same. A record that has a
    row of its own in the batch is told by that row, unless another is dated later.
    """
    own = {(draft.record, draft.key): draft for _, draft in rows}
    chosen: dict[_Name, Told] = {}
    for index, draft in ((index, beside) for index, row in rows for beside in row.also):
        name = (draft.record, draft.key)
        rival = own.get(name)
        if rival is not None and not _is_later(draft, rival):
            continue
        if name not in chosen or not _is_later(chosen[name][1], draft):
            chosen[name] = (index, draft)
    return list(chosen.values())


def _is_later(draft: Draft, rival: Draft) -> bool:
    """Whether the source itself dates a draft after its rival; it must date both."""
    return draft.changed_at is not None and rival.changed_at is not None and draft.changed_at > rival.changed_at


def _changed(told: Sequence[Told], outcomes: Sequence[Outcome]) -> list[Told]:
    return [each for each, outcome in zip(told, outcomes, strict=True) if outcome.is_change]


def _collided(writer: Writer, rows: Sequence[Told]) -> set[int]:
    """The rows of which a record's id is taken by another key, found before anything of them is written."""
    told = [(index, each) for index, draft in rows for each in draft.told()]
    return {told[place][0] for place in writer.collisions([each for _, each in told])}
