"""What the loopback servers of OneRoster and of Ed-Fi share: a clock, tokens, and ways to misbehave."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from substrate.clock import SECOND, ManualClock, from_micros
from tests.substrate.sources.fhir_server import START, Reply

Json = dict[str, Any]


@dataclass
class Trouble:
    """How a server misbehaves; chances are per request."""

    throttled: float = 0
    unavailable: float = 0
    resets: float = 0
    cut_json: float = 0
    stall_once: bool = False
    token_lasts: int = 0
    duplicates: float = 0
    expired_marks: float = 0
    writes: float = 0
    cap: int = 4
    no_total: bool = False
    no_links: bool = False
    own_marks: bool = False
    """Continues by opaque links (OneRoster) or page tokens (Ed-Fi)."""
    refuses_filter: bool = False
    ignores_filter: bool = False
    unsorted: bool = False
    unstamped: bool = False
    whole_seconds: bool = False
    forgets: bool = False
    """Deleted objects are simply no longer there, and no account of them is kept."""
    truncated: bool = False
    refused_kinds: tuple[str, ...] = ()


@dataclass
class RosterWorld:
    """The server's clock, its dice and its temper."""

    trouble: Trouble = field(default_factory=Trouble)
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def happens(self, chance: float) -> bool:
        """Whether something of this chance happens now."""
        return chance > 0 and self.chance.random() < chance


class RosterRoutes:
    """Trouble and tokens first, then the page that a protocol gives."""

    def __init__(self, world: RosterWorld) -> None:
        self.world = world
        self.base = ""
        self.asked: list[str] = []
        self.forms: list[dict[str, list[str]]] = []
        self.tokens: dict[str, int] = {}
        self.marks: dict[str, Json] = {}
        self.stopping = threading.Event()

    def page(self, path: str, params: dict[str, str]) -> Reply:
        """The page at a path."""
        raise NotImplementedError

    def answer(self, method: str, target: str, headers: Any, form: bytes) -> Reply:
        """The reply to a request."""
        parts = urlsplit(target)
        self.asked.append(f"{method} {target}")
        trouble, world = self.world.trouble, self.world
        if parts.path == "/oauth/token":
            return self.token(form)
        if trouble.token_lasts and self.tokens.get(headers.get("authorization", ""), 0) <= world.clock.now():
            return Reply(401)
        if world.happens(trouble.throttled):
            return Reply(429, headers={"Retry-After": world.chance.choice(["1", self.date(3 * SECOND)])})
        if world.happens(trouble.unavailable):
            return Reply(world.chance.choice([502, 503, 504]))
        return self.page(parts.path.strip("/"), {name: values[0] for name, values in parse_qs(parts.query).items()})

    def date(self, ahead: int = 0) -> str:
        """The server's time as an HTTP date."""
        return format_datetime(from_micros(self.world.clock.now() + ahead), usegmt=True)

    def token(self, form: bytes) -> Reply:
        """An OAuth2 token that lasts as long as the trouble says."""
        self.forms.append(parse_qs(form.decode()))
        lasts = self.world.trouble.token_lasts or 3600
        token = f"t{len(self.tokens)}"
        self.tokens[f"Bearer {token}"] = self.world.clock.now() + lasts * SECOND
        return Reply(200, {"access_token": token, "expires_in": lasts, "token_type": "bearer"})

    def window(self, found: list[Json], params: dict[str, str]) -> tuple[list[Json], int, bool]:
        """One page of a list, where the next one begins, and whether there is one."""
        offset, limit = int(params.get("offset", 0)), int(params.get("limit", params.get("pageSize", 100)))
        size = min(limit, self.world.trouble.cap)
        part = found[offset : offset + size]
        if part and self.world.happens(self.world.trouble.duplicates):
            part = [*part, self.world.chance.choice(found[: offset + size])]
        return part, offset + size, offset + size < len(found)

    def remember(self, params: Json) -> str:
        """A mark under which the server knows how to go on."""
        mark = f"m{len(self.marks)}"
        self.marks[mark] = params
        return mark
