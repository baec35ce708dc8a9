"""One leader among many: a row that says who leads, until when, and a number that only grows.

Whoever leads says the number with what it does; a leader that slept through its lease holds an old one.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from substrate.schema import SYSTEM

leadership = Table(
    "leadership",
    SYSTEM,
    Column("name", String(40), primary_key=True),
    Column("holder", String(200)),
    Column("token", BigInteger, nullable=False),
    Column("held_until", BigInteger, nullable=False),
)
