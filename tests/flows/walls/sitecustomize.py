"""Loaded by every Python that a test starts with this folder on its path: nobody gets beyond this machine.

What is tried is refused and written down, in the file that `WALL_RECORD` names.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from typing import Any

_HERE = {"localhost", "", "::1", socket.gethostname()}


def _is_here(host: object) -> bool:
    text = host.decode() if isinstance(host, bytes) else host
    if text is None or text in _HERE:
        return True
    try:
        address = ipaddress.ip_address(str(text))
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(what: str, host: object) -> None:
    with open(os.environ["WALL_RECORD"], "a", encoding="utf-8") as record:  # noqa: PTH123 - as little as can go wrong
        record.write(f"{what} {host!r} by {sys.argv[:3]}\n")
    raise OSError(f"{what} of {host!r} is refused by the test")


class _Walled(socket.socket):
    def connect(self, address: Any) -> None:
        self._look("connect", address)
        super().connect(address)

    def connect_ex(self, address: Any) -> int:
        self._look("connect", address)
        return super().connect_ex(address)

    def sendto(self, *given: Any) -> int:
        self._look("sendto", given[-1])
        return super().sendto(*given)

    def _look(self, what: str, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            _refuse(what, address[0])


_look_up = socket.getaddrinfo


def _walled_look_up(host: Any, *given: Any, **named: Any) -> Any:
    if not _is_here(host):
        _refuse("look-up", host)
    return _look_up(host, *given, **named)


if "WALL_RECORD" in os.environ:
    sys.modules["uvloop"] = None  # type: ignore[assignment]  # its connections would pass unseen
    socket.socket = _Walled  # type: ignore[misc]  # the one place where all of them come by
    socket.getaddrinfo = _walled_look_up
