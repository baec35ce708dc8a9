"""Where records come from. Read `source` first (the contract), then `folder` and `fhir` (two origins)."""
