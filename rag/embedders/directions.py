"""The few directions in which the states of tokens differ most: 64 numbers a token instead of 384.

They are principal components of what the network makes of our own documentation, found once by
`benchmarks/directions.py` and kept beside this module, since every machine must use the same ones.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DIRECTIONS = 64
FILE = Path(__file__).with_name("directions.npy")


def directions() -> NDArray[np.float32]:
    """The directions, one a column, of length 1; the one along which most of the states lies comes first."""
    return np.asarray(np.load(FILE, allow_pickle=False), dtype=np.float32)
