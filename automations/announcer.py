"""From an announcement to messages: who stands behind each role, and which way each of them is told.

Everybody is told once, on the channel that the rule asks for if they have it, else on the first of theirs that is
installed. All of it also goes to their inbox, so that it stands somewhere that needs no provider.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from automations.announcing import Announcement
from automations.contacts import Directory, Recipient
from automations.outbox import Message, Route, enqueue

INBOX = "inbox"


@dataclass(frozen=True)
class Announcer:
    """Puts announcements into the outbox.

    Attributes:
        directory: who stands behind a role.
        channels: the names of the channels that are installed.
        perishable: what is told of a time that passes is not sent after it. A look at the past tells all the same.
    """

    directory: Directory
    channels: Collection[str]
    perishable: bool = True

    def __call__(self, connection: Connection, announcements: Sequence[Announcement]) -> int:
        """Enqueue in the caller's transaction, and say how many messages were new."""
        moments = sorted({one.created_at for one in announcements})
        return sum(enqueue(connection, self._of(announcements, moment), moment) for moment in moments)

    def messages(self, announcement: Announcement) -> list[Message]:
        """All that an announcement makes, without writing anything."""
        messages = []
        for recipient, asked in self._told(announcement):
            note = {"unresolved": recipient.unresolved}
            context = {**announcement.context, **note} if recipient.unresolved else announcement.context
            ways = self._ways(recipient, asked)
            told = announcement if self.perishable else replace(announcement, expires_at=None)
            messages += [_message(told, recipient, context, way) for way in ways]
        return messages

    def _of(self, announcements: Sequence[Announcement], moment: int) -> list[Message]:
        return [message for one in announcements if one.created_at == moment for message in self.messages(one)]

    def _told(self, announcement: Announcement) -> Iterable[tuple[Recipient, str | None]]:
        """Each recipient once, with the channel that is asked for."""
        told: dict[str, tuple[Recipient, str | None]] = {}
        for target in announcement.targets:
            for recipient in self.directory.recipients(target.role, announcement.site):
                _, asked = told.setdefault(recipient.id, (recipient, None))
                if asked is None and any(way.channel == target.channel for way in recipient.routes):
                    told[recipient.id] = recipient, target.channel
        return told.values()

    def _ways(self, recipient: Recipient, asked: str | None) -> list[tuple[Route, ...]]:
        """For each message to the recipient: where it goes, and after that its spares."""
        ways = [way for way in recipient.routes if way.channel in self.channels]
        ways.sort(key=lambda way: way.channel != asked)
        inbox = next((way for way in ways if way.channel == INBOX), Route(INBOX, None, recipient.routes[0].clearance))
        if inbox not in ways:
            ways.append(inbox)
        # The inbox is where everybody finds everything that they were told, however it reached them.
        copied = INBOX in self.channels and ways[0] != inbox
        return [tuple(ways), (inbox,)] if copied else [tuple(ways)]


def _message(
    announcement: Announcement, recipient: Recipient, context: dict[str, Any], ways: tuple[Route, ...]
) -> Message:
    return Message(
        timeline=announcement.timeline,
        alert_id=announcement.alert_id,
        fingerprint=announcement.fingerprint,
        episode=announcement.episode,
        sequence=announcement.sequence,
        recipient=recipient.id,
        recipient_name=recipient.name,
        language=recipient.language,
        route=ways[0],
        fallbacks=ways[1:],
        reason=announcement.reason,
        severity=announcement.severity,
        context=context,
        template=context.get("template"),
        expires_at=announcement.expires_at,
    )
