"""The web application of a small hospital, asked over the wire's own types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from console.web.app import create_app
from console.web.parts import Parts
from substrate.database import open_database
from tests.flows.pushing import Pushed
from verticals.hospital import vertical

SECRETS = "[whsec_cGxlYXNlIGdlbmVyYXRlIHlvdXIgb3duIGtleSE=, the-new-secret-of-the-sender]"
SOURCES = f"""
sources:
  - name: lab
    vertical: hospital
    push: {{api_key: [key-of-the-laboratory, its-next-key-since-today], max_bytes: 2000}}
  - name: ward
    vertical: hospital
    push: {{secret: {SECRETS}, format: ndjson}}
"""


@pytest.fixture
def pushed(tmp_path: Path) -> Iterator[Pushed]:
    """A hospital with two senders."""
    database = open_database(f"sqlite:///{tmp_path / 'test.sqlite'}")
    yield Pushed(tmp_path / "home", database, SOURCES)
    database.close()


@pytest.fixture
def client(pushed: Pushed) -> Iterator[TestClient]:
    """Speaks to the application."""
    app = create_app(pushed.settings, pushed.database, [vertical], pushed.clock, Parts(live=pushed.loop))
    with TestClient(app) as speaking:
        yield speaking
