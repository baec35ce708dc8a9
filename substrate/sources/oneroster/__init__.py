"""OneRoster 1.1 and 1.2: `rest` reads a server, `drop` a folder of zips; `names` holds what both call things."""
