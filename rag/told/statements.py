"""The statements behind documents told from records: which there are, which a batch touched, what one is told from.

A document rests on its own record, on those that it lists and on those that they refer to. Whatever is written carries
a newer batch than all before it, and what leaves a list makes it shorter: so the newest batch and the number of records
together change whenever a document may have changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    union,
    union_all,
)

from rag.told.paths import Hops
from rag.told.story import Story
from rag.told.telling import Choice, Listed
from substrate.clock import parse_duration
from substrate.columns import meaning_of
from substrate.idset import among_given
from substrate.records import history_of, table_of

_BATCH = bindparam("batch", type_=BigInteger())
Leg = Select[Any]


class Statements:
    """The statements of one story; each is made once.

    Args:
        story: whose documents.
    """

    def __init__(self, story: Story) -> None:
        self.story = story
        self._own: Table = table_of(story.record)
        self._beside: dict[str, Select[Any]] = {}

    @cached_property
    def listed(self) -> Select[Any]:
        """Every document that should be there: the record's id, the newest batch, how many records it rests on."""
        return self._stamps(some=False)

    @cached_property
    def listed_among(self) -> Select[Any]:
        """The same, of the records whose `ids` are given."""
        return self._stamps(some=True)

    @cached_property
    def touched(self) -> Select[Any]:
        """The records whose document may have changed in `batch` or after it, or should no longer be there."""
        own, telling = self._own, self.story.telling
        legs = [select(own.c.id).where(own.c.batch >= _BATCH)]
        if telling.replaced_by is not None:
            for table, batch in self._versions(own, "batch", "superseded_batch"):
                legs.append(select(table.c[telling.replaced_by]).where(batch >= _BATCH))
        for hops in self.story.follows(telling.entity):
            reached, source = self._reached(own, own, telling.entity, hops)
            legs.append(select(own.c.id).select_from(source).where(reached.c.batch >= _BATCH))
        for name, listed in telling.lists.items():
            legs += self._touched_by(name, listed)
        found = union(*legs).subquery()
        return select(found.c[0]).where(found.c[0].is_not(None))

    @cached_property
    def records(self) -> Select[Any]:
        """The records whose `ids` are given, if they are to be told of."""
        return select(self._own).where(among_given(self._own.c.id), *self._wanted())

    def beside(self, name: str) -> Select[Any]:
        """What is listed beside the records whose `ids` are given: `_of`, whose it is, `_count`, how many there are."""
        if name not in self._beside:
            self._beside[name] = self._listing(self.story.telling.lists[name])
        return self._beside[name]

    def _listing(self, listed: Listed) -> Select[Any]:
        own, child = self._own, self._table(listed)
        order = self._order(child, listed)
        numbered = (
            select(
                own.c.id.label("_of"),
                func.count().over(partition_by=own.c.id).label("_count"),
                func.row_number().over(partition_by=own.c.id, order_by=order).label("_place"),
                *(
                    [func.max(child.c[listed.ordered_by]).over(partition_by=own.c.id).label("_newest")]
                    if listed.within
                    else []
                ),
                *child.columns,
            )
            .select_from(own.join(child, self._joined(own, child, listed)))
            .where(among_given(own.c.id), *self._shown(own, child, listed))
            .subquery()
        )
        chosen = select(numbered).where(numbered.c["_place"] <= listed.most)
        if listed.within:
            since = numbered.c["_newest"] - parse_duration(listed.within)
            chosen = chosen.where(numbered.c[listed.ordered_by] >= since)
        return chosen.order_by(numbered.c["_of"], numbered.c["_place"])

    def _stamps(self, *, some: bool) -> Select[Any]:
        own = self._own
        few = [among_given(own.c.id)] if some else []
        there = select(own.c.id.label("id"), own.c.batch.label("batch"), literal(1).label("n"), literal(1).label("own"))
        legs = [there.where(*few, *self._wanted())]
        legs += [leg.where(*few) for leg in self._resting()]
        found = union_all(*legs).subquery()
        return (
            select(found.c.id, func.max(found.c.batch), func.sum(found.c.n))
            .group_by(found.c.id)
            .having(func.max(found.c.own) == 1)
            .order_by(found.c.id)
        )

    def _resting(self) -> Iterator[Leg]:
        """What a document rests on beside its own record, a leg each: the record's id, a batch, a number."""
        own, telling = self._own, self.story.telling
        for hops in self.story.follows(telling.entity):
            reached, source = self._reached(own, own, telling.entity, hops)
            yield select(own.c.id, reached.c.batch, literal(0), literal(0)).select_from(source)
        for name, listed in telling.lists.items():
            child = self._table(listed)
            source = own.join(child, self._joined(own, child, listed))
            conditions = self._shown(own, child, listed)
            yield (
                select(own.c.id, func.max(child.c.batch), func.count(), literal(0))
                .select_from(source)
                .where(*conditions)
                .group_by(own.c.id)
            )
            for hops in self.story.follows(name):
                reached, further = self._reached(source, child, listed.kind, hops)
                yield (
                    select(own.c.id, func.max(reached.c.batch), literal(0), literal(0))
                    .select_from(further)
                    .where(*conditions)
                    .group_by(own.c.id)
                )

    def _touched_by(self, name: str, listed: Listed) -> Iterator[Leg]:
        """The records beside which something was listed that changed, came, left, or refers to what changed."""
        own, live = self._own, self._table(listed)
        for child, batch in self._versions(live, "batch", "superseded_batch"):
            source = own.join(child, self._joined(own, child, listed))
            yield select(own.c.id).select_from(source).where(batch >= _BATCH)
        source = own.join(live, self._joined(own, live, listed))
        if listed.replaced_by is not None:
            for newer, batch in self._versions(self._table(listed), "batch", "superseded_batch"):
                further = source.join(newer, newer.c[listed.replaced_by] == live.c.id)
                yield select(own.c.id).select_from(further).where(batch >= _BATCH)
        for hops in self.story.follows(name):
            reached, further = self._reached(source, live, listed.kind, hops)
            yield select(own.c.id).select_from(further).where(reached.c.batch >= _BATCH)

    def _versions(self, live: FromClause, batch: str, superseded: str) -> Iterator[tuple[FromClause, Any]]:
        """A kind's records as they are, and as they were before: with the batch that wrote, or replaced, them."""
        history = history_of(self._kind_of[live]).alias()
        yield live, live.c[batch]
        yield history, history.c[superseded]

    def _table(self, listed: Listed) -> FromClause:
        """The table of what is listed, under a name of its own: a place may list places."""
        record = self.story.kinds[listed.kind]
        made = table_of(record).alias()
        self._kind_of[made] = record
        return made

    @cached_property
    def _kind_of(self) -> dict[FromClause, Any]:
        return {self._own: self.story.record}

    def _wanted(self) -> list[ColumnElement[bool]]:
        """Which records are told of."""
        own, telling = self._own, self.story.telling
        conditions = _chosen(own, telling.only, telling.skip)
        if telling.replaced_when is not None:
            conditions.append(own.c[telling.replaced_when].is_(None))
        if telling.replaced_by is not None:
            conditions.append(_unreplaced(own, telling.replaced_by, telling.skip))
        return conditions

    def _shown(self, own: FromClause, child: FromClause, listed: Listed) -> list[ColumnElement[bool]]:
        """Which records are listed."""
        conditions = [*_chosen(child, listed.only, listed.skip), *_during(own, child, listed)]
        if listed.replaced_by is not None:
            conditions.append(_unreplaced(child, listed.replaced_by, listed.skip))
        return conditions

    def _joined(self, own: FromClause, child: FromClause, listed: Listed) -> ColumnElement[bool]:
        return child.c[listed.by] == own.c[listed.via or "id"]

    def _reached(self, source: Any, table: FromClause, kind: str, hops: Hops) -> tuple[FromClause, Any]:
        """What following references leads to, and the tables joined on the way."""
        for hop in hops:
            reference = table.c[f"{hop}_id"]
            kind = meaning_of(table_of(self.story.kinds[kind]).c[f"{hop}_id"]).references or kind
            table = table_of(self.story.kinds[kind]).alias()
            source = source.join(table, table.c.id == reference)
        return table, source

    def _order(self, child: FromClause, listed: Listed) -> list[Any]:
        if not listed.order:
            return [child.c.id]
        column = child.c[listed.ordered_by]
        falling = listed.order.startswith("-")
        return [column.is_(None), column.desc() if falling else column, child.c.id]


def _chosen(table: FromClause, only: Choice, skip: Choice) -> list[ColumnElement[bool]]:
    """Conditions: still there, with the values that are wanted, and without those that are not."""
    conditions: list[ColumnElement[bool]] = [table.c.gone_at.is_(None)]
    conditions += [_one_of(table.c[name], values) for name, values in only.items()]
    for name, values in skip.items():
        wanted = ~_one_of(table.c[name], values)
        empty = None in (values if isinstance(values, tuple) else (values,))
        conditions.append(wanted if empty else or_(table.c[name].is_(None), wanted))
    return conditions


def _unreplaced(table: FromClause, reference: str, skip: Choice) -> ColumnElement[bool]:
    """That no other record replaces it; one that is passed over replaces nothing."""
    newer = table.alias()
    return ~exists().where(newer.c[reference] == table.c.id, newer.c.id != table.c.id, *_chosen(newer, {}, skip))


def _one_of(column: ColumnElement[Any], values: Any) -> ColumnElement[bool]:
    listed = values if isinstance(values, tuple) else (values,)
    present = [value for value in listed if value is not None]
    parts = [column.in_(present)] if present else []
    return or_(*parts, *([column.is_(None)] if len(present) < len(listed) else []))


def _during(own: FromClause, child: FromClause, listed: Listed) -> list[ColumnElement[bool]]:
    if listed.during is None:
        return []
    at, start = child.c[listed.during.at], own.c[listed.during.start]
    parts = [at >= start]
    if listed.during.end is not None:
        end = own.c[listed.during.end]
        parts.append(or_(end.is_(None), at < end))
    return [and_(*parts)]
