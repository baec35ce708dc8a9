"""How Alembic reaches the database: over the connection that `substrate.migrate` hands it, in its transaction."""

from __future__ import annotations

from alembic import context

from substrate.schema import SYSTEM

context.configure(connection=context.config.attributes["connection"], target_metadata=SYSTEM)
context.run_migrations()
