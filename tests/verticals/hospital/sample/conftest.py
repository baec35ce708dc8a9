"""One feed of the default size, made once."""

from __future__ import annotations

import pytest

from tests.verticals.hospital.sample.reading import Folder
from verticals.hospital.sample import SamplePlan, generate


@pytest.fixture(scope="package")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    path = tmp_path_factory.mktemp("feed")
    generate(path, SamplePlan())
    return Folder(path)
