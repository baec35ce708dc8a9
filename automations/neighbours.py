"""Which messages may be on their way at once: few to one server, and of one alert to one reader never two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from automations.leases import Leased

AT_ONCE = 16
"""How many messages are on their way together; all are begun in one transaction, and settled in one."""


def together(held: Iterable[Leased], room: Callable[[Leased], int]) -> Iterator[list[Leased]]:
    """Cut leased messages into groups, in their order, each when the one before it has been carried.

    A server that does not answer is asked by no more messages at once than it takes to let it rest. What is told of one
    alert to one reader arrives in the order in which it was decided.

    Args:
        held: the messages.
        room: how many messages of its channel may be on their way together with this one.
    """
    group: list[Leased] = []
    for one in held:
        if group and not _fits(one, group, room(one)):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _fits(one: Leased, group: list[Leased], room: int) -> bool:
    if len(group) >= AT_ONCE or any(_same_story(one, other) for other in group):
        return False
    return Counter(other.channel for other in group)[one.channel] < room


def _same_story(one: Leased, other: Leased) -> bool:
    own = (one.fingerprint, one.episode, one.recipient, one.channel)
    return own == (other.fingerprint, other.episode, other.recipient, other.channel)
