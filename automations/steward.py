"""What Plumbline tells its own admin: a channel that is out of use."""

from __future__ import annotations

from hashlib import blake2b

from automations.channel_state import Disabled
from automations.contacts import ADMIN
from automations.outbox import Message, Route, SendReason
from automations.rules import Severity
from substrate.clock import HOUR

_RULE = "plumbline-channel-disabled"


def channel_trouble(timeline: str, found: Disabled) -> Message:
    """Tell the admin that a channel was switched off, once an hour at most."""
    whom = f" for {found.endpoint}" if found.endpoint else ""
    mark = blake2b(f"{_RULE}\x1f{found.channel}\x1f{found.endpoint}".encode(), digest_size=16).hexdigest()
    step = f"Put it right, then `plumbline outbox enable {found.channel}`."
    context = {
        "vertical": "plumbline",
        "timeline": timeline,
        "rule": _RULE,
        "rule_version": 0,
        "title": f"The channel {found.channel} is out of use{whom}",
        "description": f"Its login was refused: {found.why}. {step}",
        "cost_of_delay": "Its messages wait; critical ones take another way where there is one.",
        "owner": ADMIN,
        "labels": {},
        "send": str(SendReason.FIRED),
        "state": "firing",
        "severity": str(Severity.HIGH),
        "site": None,
        "fired_at": found.at,
        "subject": {"kind": "channel", "id": 0, "name": found.channel, "sensitivity": "INTERNAL"},
    }
    return Message(
        timeline, None, mark, found.at // HOUR, 1, ADMIN, Route("inbox"), SendReason.FIRED, Severity.HIGH, context,
        template="channel-disabled",
    )  # fmt: skip
