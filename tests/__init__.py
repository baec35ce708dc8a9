"""The tests mirror the rooms; `conftest` holds the databases they run on."""
