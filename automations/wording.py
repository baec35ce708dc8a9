"""A leased message put into the words that its channel and its reader may see, on its way to its address."""

from __future__ import annotations

from collections.abc import Mapping

from automations.channels.channel import Channel, Failure, Refused, Rendered
from automations.contacts import ContactsError, address_of
from automations.leases import Leased
from automations.templating import Templates
from substrate.sandbox import TemplateFault


def worded(held: Leased, channel: Channel, templates: Templates, environment: Mapping[str, str]) -> Rendered | Refused:
    """The message ready to go, or why there is none to send.

    Args:
        held: the message.
        channel: whose clearance no value may exceed.
        templates: make the words.
        environment: where secret addresses are looked up.
    """
    try:
        return _rendered(held, channel, templates, address_of(held.route, environment))
    except ContactsError as error:
        return Refused(Failure.ADDRESS, error.message)
    except TemplateFault as error:
        return Refused(Failure.TEMPLATE, error.message)
    except Exception as error:  # noqa: BLE001  # what one message holds may not stop the others
        return Refused(Failure.TEMPLATE, f"the message could not be put into words ({type(error).__name__})")


def repeated(held: Leased, channel: Channel) -> bool:
    """Whether the receiver may get it twice and cannot tell."""
    return held.uncertain and not channel.idempotent


def _rendered(held: Leased, channel: Channel, templates: Templates, address: str | None) -> Rendered:
    clearance = channel.clearance if held.route.clearance is None else min(held.route.clearance, channel.clearance)
    label = {"maybe_duplicate": True} if repeated(held, channel) else {}
    return templates.render(
        {**held.context, **label}, clearance, reason=held.reason, template=held.template,
        recipient=held.recipient, address=address, severity=held.severity, created_at=held.created_at,
    )  # fmt: skip
