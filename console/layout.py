"""Which parts of an installation run as which programs: one machine's layout, decided from what was asked for."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from console.child import Program, python
from flows.orchestrator import client_environment, is_served, server_answers, server_environment
from substrate.clock import SystemClock
from substrate.errors import ConfigurationError
from substrate.settings import Settings

_GLANCE_SECONDS = 0.5
_BEATEN_SECONDS = 10.0


class Part(StrEnum):
    """What can be run."""

    WEB = "web"  # pages, API, pushed events and what they set off
    CLOCK = "clock"  # what is due, and the messages that leave
    FLOWS = "flows"  # the batch work, as Prefect asks for it
    PREFECT = "prefect"  # Prefect's server


def parts_of(only: str | None, *, foreign: bool) -> tuple[Part, ...]:
    """The parts that are asked for; all that this machine needs, if none is named.

    Args:
        only: names with commas between them.
        foreign: the environment names a Prefect server.

    Raises:
        ConfigurationError: there is no such part, or a second Prefect server would be started.
    """
    if only is None:
        return tuple(part for part in Part if not (foreign and part is Part.PREFECT))
    words = [word.strip() for word in only.split(",") if word.strip()]
    names = ", ".join(Part)
    unknown = [word for word in words if word not in set(Part)]
    if unknown or not words:
        raise ConfigurationError(f"there is no part {', '.join(unknown) or 'without a name'}", hint=f"Parts: {names}.")
    if foreign and Part.PREFECT in words:
        hint = "Unset it to run a server here, or leave `prefect` out."
        raise ConfigurationError("PREFECT_API_URL names a Prefect server, so none is started here", hint=hint)
    return tuple(part for part in Part if part in words)


def programs(
    settings: Settings, parts: Sequence[Part], environment: Mapping[str, str], log_format: str
) -> list[Program]:
    """The programs that run some parts; web and clock share a process, so that what was told leaves at once.

    Args:
        settings: as the environment has them.
        parts: what to run.
        environment: where the settings of Prefect are.
        log_format: how they are to log.
    """
    beat = settings.beat_file or settings.home / "run" / "clock.beat"
    spoken = {"PLUMBLINE_LOG_FORMAT": log_format, "PLUMBLINE_BEAT_FILE": str(beat)}
    found = []
    if ours := tuple(part for part in parts if part in (Part.WEB, Part.CLOCK)):
        ready = partial(_healthy, settings) if Part.WEB in ours else partial(_beats, beat)
        found.append(Program(ours[0], command(*ours), spoken, ready))
    if Part.PREFECT in parts:
        # A run that is cancelled must still be able to say so.
        outlives = frozenset({str(Part.FLOWS)})
        ready = partial(server_answers, settings, environment)
        its = server_environment(settings, environment)
        found.append(Program(Part.PREFECT, prefect_command(settings), its, ready, outlives))
    if Part.FLOWS in parts:
        its = {**client_environment(settings, environment), **spoken}
        found.append(Program(Part.FLOWS, command(Part.FLOWS), its, partial(_served, settings, environment)))
    return found


def command(*parts: Part) -> tuple[str, ...]:
    """The command of a process that runs some parts of ours."""
    return python("-m", "console.serve", *parts)


def prefect_command(settings: Settings) -> tuple[str, ...]:
    """The command of Prefect's server, for this machine alone."""
    return python("-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(settings.prefect_port))


def refuse_taken_ports(settings: Settings, parts: Sequence[Part]) -> None:
    """See to it that what is to listen can.

    Raises:
        ConfigurationError: something else listens there; names the setting.
    """
    wanted = {
        Part.WEB: ("PLUMBLINE_WEB_PORT", settings.web_host, settings.web_port),
        Part.PREFECT: ("PLUMBLINE_PREFECT_PORT", "127.0.0.1", settings.prefect_port),
    }
    for name, host, port in (wanted[part] for part in parts if part in wanted):
        if why := _refusal(host, port):
            hint = f"Set {name} to a free port, or stop what listens there."
            raise ConfigurationError(f"port {port} of {host} cannot be used: {why}", hint=hint)


def web_address(settings: Settings) -> str:
    """Where pages and API are found from this machine."""
    return settings.local_web_url


def _refusal(host: str, port: int) -> str | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def _healthy(settings: Settings) -> bool:
    address = urlsplit(web_address(settings))
    asked = HTTPConnection(address.hostname or "", address.port, timeout=_GLANCE_SECONDS)
    try:
        asked.request("GET", "/healthz")
        return asked.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        asked.close()


def _beats(sign: Path) -> bool:
    try:
        return time.time() - sign.stat().st_mtime < _BEATEN_SECONDS
    except FileNotFoundError:
        return False


def _served(settings: Settings, environment: Mapping[str, str]) -> bool:
    return is_served(settings, environment, SystemClock().now())
