"""The error tree: every message names the thing, the value and the next step.

Doors map these classes to exit codes and HTTP statuses in one file each; nothing below a door prints or exits.
"""

from __future__ import annotations


class PlumblineError(Exception):
    """Something that a person can act on.

    Args:
        message: what happened, naming the thing and the value (never a protected value).
        hint: the next step, in plain words; shown on its own line.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class ConfigurationError(PlumblineError):
    """A setting, a file of settings or a command's argument is wrong."""


class DatabaseError(PlumblineError):
    """The database cannot be reached, is too old or too new, or is held by somebody else."""


class DeclarationError(PlumblineError):
    """A record, feature, check or rule declared by a vertical contradicts itself or its neighbours."""


class NotFoundError(PlumblineError):
    """The thing that was asked for does not exist."""


class ConflictError(PlumblineError):
    """The thing exists, but its state does not allow what was asked for."""


class SourceError(PlumblineError):
    """A source cannot be read at all (a single unreadable row is quarantined instead)."""


class AuthenticationError(PlumblineError):
    """Nobody knows who asks: there is no key, or none that opens anything."""


class ForbiddenError(PlumblineError):
    """Whoever asks is known, and may not have what was asked for."""


class UnavailableError(PlumblineError):
    """What was asked for is not there yet, and will be; ask again later."""
