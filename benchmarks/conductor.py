"""Asks a Prefect server for runs of what is served, and says what became of them; it never imports Prefect."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

import httpx
from pydantic import SecretStr

_FINAL = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")
_LOOK_SECONDS = 1.0
_PAGE = 200


@dataclass
class Conductor:
    """A client of a server that is killed now and then.

    Attributes:
        url: of the API.
        login: `user:password`.
    """

    url: str
    login: SecretStr

    def __post_init__(self) -> None:
        user, _, password = self.login.get_secret_value().partition(":")
        self._client = httpx.Client(base_url=self.url, auth=(user, password), timeout=10)

    def conduct(self, deployments: Sequence[str], calm: Event, dice: random.Random, pause: float) -> None:
        """Ask for runs of deployments by chance until there is calm."""
        while not calm.wait(pause):
            self.ask(dice.choice(deployments))

    def served(self, deployments: Sequence[str], seconds: float) -> Sequence[str]:
        """Wait until all are served, and name them.

        Raises:
            TimeoutError: they are not in time.
        """
        end = time.monotonic() + seconds
        while not set(deployments) <= set(self.deployments()):
            if time.monotonic() > end:
                raise TimeoutError(self.url)
            time.sleep(_LOOK_SECONDS)
        return deployments

    def deployments(self) -> list[str]:
        """What is served, by `flow/name`; nothing while the server is away."""
        flows = {flow["id"]: flow["name"] for flow in self._post("/flows/filter", {}) or []}
        found = self._post("/deployments/filter", {}) or []
        return sorted(f"{flows[one['flow_id']]}/{one['name']}" for one in found if one["flow_id"] in flows)

    def ask(self, deployment: str) -> str | None:
        """Ask for a run, and give its id; None: nobody answered."""
        found = self._get(f"/deployments/name/{deployment}")
        made = self._post(f"/deployments/{found['id']}/create_flow_run", {}) if found else None
        return made["id"] if made else None

    def is_playing(self) -> bool:
        """Whether a run is under way: killing what only starts would leave nothing to interrupt."""
        wanted = {"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}, "limit": 1}
        return bool(self._post("/flow_runs/filter", wanted))

    def completes(self, deployment: str, seconds: float) -> bool:
        """Ask for runs of a deployment until one completes; False: none did in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            asked = self.ask(deployment)
            state = self._end_of(asked, end) if asked else None
            if state == "COMPLETED":
                return True
            time.sleep(_LOOK_SECONDS)
        return False

    def states(self) -> dict[str, int]:
        """How many runs ended how."""
        found, offset = Counter[str](), 0
        while page := self._post("/flow_runs/filter", {"limit": _PAGE, "offset": offset}):
            found.update(run["state_name"] for run in page if run["state_name"] != "Scheduled")
            found["tried again"] += sum("tried-again" in run["tags"] for run in page)
            offset += len(page)
        return dict(found)

    def _end_of(self, run: str, end: float) -> str | None:
        while time.monotonic() < end:
            found = self._get(f"/flow_runs/{run}")
            if found and found["state_type"] in _FINAL:
                return str(found["state_type"])
            time.sleep(_LOOK_SECONDS)
        return None

    def _get(self, path: str) -> Any:
        return self._said("GET", path)

    def _post(self, path: str, body: Any) -> Any:
        return self._said("POST", path, json=body)

    def _said(self, method: str, path: str, **given: Any) -> Any:
        try:
            answer = self._client.request(method, path, **given)
        except httpx.TransportError:
            return None
        return answer.json() if answer.is_success else None


def not_completing(conductor: Conductor, deployments: Sequence[str], seconds: float) -> list[str]:
    """The deployments of which no run completes any more, each asked in turn."""
    return [name for name in deployments if not conductor.completes(name, seconds)]
