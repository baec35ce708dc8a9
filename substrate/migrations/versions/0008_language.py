"""The language of a generation; all that were made before are in English."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("rag_generation", sa.Column("language", sa.String(20), nullable=False, server_default="english"))
