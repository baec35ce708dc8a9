#!/bin/sh
# Makes the second database, Prefect's, when the server is first started; Prefect needs the extension pg_trgm.
set -eu
createdb --username "$POSTGRES_USER" prefect
psql --username "$POSTGRES_USER" --dbname prefect --command 'CREATE EXTENSION IF NOT EXISTS pg_trgm'
