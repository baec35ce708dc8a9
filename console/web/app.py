"""The web application: pushed events in, questions to copilots, and what those ask who watch over the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI
from pydantic import SecretStr
from starlette.routing import Route
from starlette.types import ASGIApp

from console.local import local_key
from console.web.access import Access
from console.web.asking import Reception
from console.web.capture import Capture
from console.web.copilots import CopilotDoor
from console.web.door import Door
from console.web.gauges import Gauges
from console.web.index_door import IndexDoor
from console.web.lane import Lane
from console.web.letterbox import Letterbox
from console.web.mcp_door import McpDoor
from console.web.pace import Pace
from console.web.parts import Parts
from console.web.probes import Probes
from flows.desk import open_desk
from flows.meters import Meters
from flows.shelf import NoShelf
from substrate.catalog import Vertical
from substrate.clock import Clock
from substrate.database import Database
from substrate.kept_secrets import kept_secret, token
from substrate.keyring import Keyring
from substrate.settings import Settings
from substrate.sources.configured import pushed_sources

_HINT = "Remove it, and a new one is made; Prometheus must then be given the new one."


def create_app(
    settings: Settings, database: Database, verticals: Sequence[Vertical], clock: Clock, parts: Parts
) -> ASGIApp:
    """The application of one process; what it starts lives as long as it is served.

    Args:
        settings: as the environment has them; the sources are read from their file now.
        database: migrated.
        verticals: whose sources may be pushed.
        clock: says what time it is.
        parts: what else runs in this process.

    Raises:
        ConfigurationError: sources.yaml is wrong.
    """
    known = {vertical.name for vertical in verticals}
    listed = pushed_sources(settings.resolved_sources_file)
    sources = {name: entry for name, entry in listed.items() if entry.vertical in known}
    meters = parts.live.meters if parts.live is not None else Meters()
    letterbox = Letterbox(database, sources, clock, parts.live.wake if parts.live is not None else _nobody)
    door = Door(settings, sources, letterbox, clock, meters)
    capture = Capture(door, sources, database, settings.push_max_bytes)
    meters.registry.register(Gauges(database, clock, parts, tuple(sources)))
    probes = Probes(settings, database, clock, parts, meters, lambda: letterbox.backlog, metrics_token(settings))

    reception = Reception(Keyring(database, local_key(settings)), clock, Pace(settings.asks_per_minute))
    desk = open_desk(settings, database, clock, {each.name: each for each in verticals}, parts.shelf or NoShelf())
    tools = McpDoor(settings, desk, reception)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        letterbox.start()
        noting = asyncio.create_task(reception.note())
        async with tools.running():
            yield
        noting.cancel()
        reception.close()
        letterbox.stop()

    # No pages about the interface: they would be fetched from elsewhere, and tell strangers what there is.
    app = FastAPI(title="Plumbline", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    for base in ("", "/epcis/{source}"):
        app.add_route(f"{base}/capture", capture.receive, methods=["POST"])
        app.add_route(f"{base}/capture", capture.jobs, methods=["GET"])
        app.add_route(f"{base}/capture", capture.discover, methods=["OPTIONS"])
        app.add_route(f"{base}/capture/{{job}}", capture.job, methods=["GET"])
    for method, path, handler in CopilotDoor(desk, reception, meters).routes() + IndexDoor(desk, reception).routes():
        app.add_route(path, handler, methods=[method])
    app.router.routes.append(Route("/mcp", endpoint=tools))
    app.add_route("/healthz", probes.healthz, methods=["GET"])
    app.add_route("/readyz", probes.readyz, methods=["GET"])
    app.add_route("/metrics", probes.metrics, methods=["GET"])
    return Access(Lane(app, door), meters)


def metrics_token(settings: Settings) -> SecretStr:
    """What Prometheus must say: as set, else made once and kept where Prometheus can read it."""
    if settings.metrics_token is not None:
        return settings.metrics_token
    return kept_secret(settings.home / "metrics.token", token, what="a token", hint=_HINT)


def _nobody() -> None:
    """Another process takes events in, and looks for itself."""
