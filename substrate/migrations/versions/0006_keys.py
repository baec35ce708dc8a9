"""Keys of programs that ask."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("role", sa.String(80), nullable=False),
        sa.Column("clearance", sa.String(10), nullable=False),
        sa.Column("sites", sa.Text),
        sa.Column("verticals", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("last_used_at", sa.BigInteger),
    )
    held = sa.text("revoked_at IS NULL")
    op.create_index("uq_api_key_name", "api_key", ["name"], unique=True, sqlite_where=held, postgresql_where=held)
