"""Where documents come from: each source says what should exist now, and reads it when it is asked.

Read `files` (what all sources of files share), `folder`, `repository` and `checkout`, `history`, then `declared`.
"""
