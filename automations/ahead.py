"""What lies ahead of one rule: the instants at which its entities turn, and the next deadline of its open alerts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import merge

from automations.foresight import Turning
from automations.rulebook import StoredRule
from substrate.clock import MICROS, MINUTE, SECOND
from substrate.freshness import stale

_REST = 10
"""A rule rests so many times as long as its last look at all entities took."""

_RHYTHM = MINUTE
"""How often a rule is looked at whose use of the clock cannot be foreseen, and one that failed."""


@dataclass
class Ahead:
    """What is known of one rule's time to come.

    Attributes:
        stored: the rule.
        found: where its entities turn; None: that cannot be foreseen.
        needs: the promised age of all that it rests on.
        looked_at: when all its entities were last looked at; None: never.
        settled_at: up to when all that came due has been dealt with.
        not_before: until when it rests.
        failed: its last look failed.
        held: its data was too old.
        deadline: the next one of its open alerts.
        turns: instants and the entities that turn then, in order.
        known_until: up to when `turns` is complete.
        is_listed: nothing was written since `turns` was made.
        list_at: from when on `turns` may be made anew.
    """

    stored: StoredRule
    found: tuple[Turning, ...] | None
    needs: Mapping[str, int]
    looked_at: int | None = None
    settled_at: int = 0
    not_before: int = 0
    failed: bool = False
    held: bool = False
    deadline: int | None = None
    turns: deque[tuple[int, int]] = field(default_factory=deque)
    known_until: int = 0
    is_listed: bool = False
    list_at: int = 0

    @property
    def rhythm(self) -> int | None:
        """How often all its entities want to be looked at, whatever is due."""
        gap = self.stored.rule.max_gap
        wanted = [] if gap is None else [max(SECOND, gap // 2)]
        return min([*wanted, *([_RHYTHM] if self.found is None else [])], default=None)

    @property
    def waits(self) -> bool:
        """Whether it is for a look at all entities to come, so that one at some of them is of no use."""
        return self.looked_at is None or self.failed or self.held

    def wants_all(self, at: int, marks: Mapping[str, int]) -> bool:
        """Whether all its entities have to be looked at now."""
        if at < self.not_before:
            return False
        if self.looked_at is None or self.failed:
            return True
        if self.held or stale(marks, self.needs, at):
            return self.held is not bool(stale(marks, self.needs, at))
        if self.rhythm is not None and at >= self.looked_at + self.rhythm:
            return True
        return bool(self.found) and 0 < self.known_until < at

    def turned(self, at: int) -> set[int]:
        """The entities that have turned by now; they are not named again."""
        ids = set()
        while self.turns and self.turns[0][0] <= at:
            instant, entity_id = self.turns.popleft()
            ids.add(entity_id)
            if instant == at:
                self.add([(at + 1, entity_id)])  # `>` turns just after the instant at which `>=` does
        return ids

    def add(self, turns: Iterable[tuple[int, int]]) -> None:
        """Know of more instants."""
        self.turns = deque(dict.fromkeys(merge(self.turns, sorted(turns))))

    def looked(self, at: int, seconds: float) -> None:
        """All its entities were looked at."""
        self.looked_at = self.settled_at = at
        self.not_before = at + (_RHYTHM if self.failed else round(_REST * seconds * MICROS))
        self.turned(at)
        if self.known_until < at:
            self.known_until, self.is_listed, self.list_at = 0, False, 0
