"""What one examination of an installation found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """What an examination found.

    Attributes:
        subject: what was looked at.
        sound: nothing needs doing.
        text: what was found.
        next_step: what to do where it is not sound, or would be wise.
    """

    subject: str
    sound: bool
    text: str
    next_step: str = ""

    def facts(self) -> dict[str, Any]:
        """The same for a program."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}
