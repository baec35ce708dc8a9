"""Who is told of an announcement, how, and how often."""

from __future__ import annotations

from typing import Any

import pytest

from automations.announcer import Announcer
from automations.announcing import Announcement
from automations.contacts import Directory, directory_from
from automations.lifecycle import Send
from automations.outbox import SendReason
from automations.rules import Notify, Severity
from substrate.columns import Sensitivity
from tests.automations.post import CONTEXT, NOW, Office

PEOPLE = directory_from(
    """
roles:
  nurse: [{recipient: anna}, {recipient: ben}]
  lead: [{recipient: anna}]
recipients:
  anna: {channels: [{channel: smtp, address: a@x.org}, {channel: sms, address: "1"}, {channel: inbox}]}
  ben: {channels: [{channel: pager, address: b}], clearance: internal}
""",
    "contacts.yaml",
)
CHANNELS = ("inbox", "smtp", "sms", "pager")


def announced(*targets: Notify, **said: Any) -> Announcement:
    usual: dict[str, Any] = {
        "timeline": "live", "alert_id": 1, "fingerprint": "f", "episode": 1, "sequence": 1, "send": Send.FIRED,
        "reason": SendReason.FIRED,
        "targets": targets, "severity": Severity.MEDIUM, "site": None, "context": CONTEXT, "created_at": NOW,
        "expires_at": None,
    }  # fmt: skip
    return Announcement(**{**usual, **said})


def ways(*targets: Notify, channels: tuple[str, ...] = CHANNELS, **said: Any) -> list[tuple[str, str]]:
    messages = Announcer(PEOPLE, channels).messages(announced(*targets, **said))
    return [(one.recipient, one.route.channel) for one in messages]


def by_way(*targets: Notify, **said: Any) -> list[tuple[str, str]]:
    """Without the copies in the inbox."""
    return [way for way in ways(*targets, **said) if way[1] != "inbox"]


def test_everybody_is_told_on_the_first_of_their_channels_that_is_installed() -> None:
    assert by_way(Notify(role="nurse")) == [("anna", "smtp"), ("ben", "pager")]
    assert by_way(Notify(role="lead"), channels=("sms", "inbox")) == [("anna", "sms")]


def test_the_channel_that_the_rule_asks_for_comes_first_if_they_have_it() -> None:
    assert by_way(Notify(role="nurse", channel="sms")) == [("anna", "sms"), ("ben", "pager")]


def test_somebody_in_two_roles_is_told_once_and_as_the_rule_asks() -> None:
    told = by_way(Notify(role="lead"), Notify(role="nurse", channel="sms"))
    assert told == [("anna", "sms"), ("ben", "pager")]


@pytest.mark.parametrize("severity", [Severity.CRITICAL, Severity.INFO])
def test_all_of_it_also_stands_in_the_inbox(severity: Severity) -> None:
    told = ways(Notify(role="nurse"), severity=severity)
    assert told == [("anna", "smtp"), ("anna", "inbox"), ("ben", "pager"), ("ben", "inbox")]


def test_the_inbox_alone_is_not_told_twice() -> None:
    assert ways(Notify(role="lead", channel="inbox"), severity=Severity.CRITICAL) == [("anna", "inbox")]


def test_whose_channels_are_all_missing_finds_it_in_the_inbox() -> None:
    assert ways(Notify(role="nurse"), channels=("inbox",)) == [("anna", "inbox"), ("ben", "inbox")]


def test_the_other_ways_are_kept_for_when_the_first_fails() -> None:
    first, *_ = Announcer(PEOPLE, CHANNELS).messages(announced(Notify(role="nurse")))
    assert [route.channel for route in first.fallbacks] == ["sms", "inbox"]


def test_a_persons_clearance_holds_on_every_way() -> None:
    told = Announcer(PEOPLE, CHANNELS).messages(announced(Notify(role="nurse"), severity=Severity.HIGH))
    assert {one.route.clearance for one in told if one.recipient == "ben"} == {Sensitivity.INTERNAL}


def test_who_is_told_in_somebodys_stead_reads_so() -> None:
    told, *_ = Announcer(PEOPLE, CHANNELS).messages(announced(Notify(role="surgeon")))
    assert (told.recipient, told.context["unresolved"]) == ("admin", "nobody is found for the role 'surgeon'")


def test_announcing_twice_enqueues_once(office: Office) -> None:
    announcer = Announcer(Directory(), ("inbox", "file"))
    told = [announced(Notify(role="nurse")), announced(Notify(role="nurse"), sequence=2, created_at=NOW + 1)]
    with office.database.write() as connection:
        assert announcer(connection, told) == 4
        assert announcer(connection, told) == 0
    assert [row.created_at for row in office.rows()] == [NOW, NOW, NOW + 1, NOW + 1]


def test_a_look_at_the_past_tells_what_has_long_expired() -> None:
    told = Announcer(PEOPLE, CHANNELS, perishable=False).messages(announced(Notify(role="nurse"), expires_at=1))
    assert {one.expires_at for one in told} == {None}
