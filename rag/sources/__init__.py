"""Where documents come from: each source says what should exist now, and reads it when it is asked.

Read `files` (what all sources of files share), `folder`, `repository` and `checkout`, `history`; for tickets
`ticket_files` with `json_stream`, `ticket_said`, `ticket_parts` with `ticket_values`, `ticket_register`,
`ticket_telling`, `tickets`; then `declared`.
"""
