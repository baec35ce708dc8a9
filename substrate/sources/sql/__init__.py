"""Any SQL database as a source. Read `options` first (what is said), then `walk` (what is asked) and `source`."""
