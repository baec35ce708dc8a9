"""Files become a title and Markdown: one reader a format, each a well-kept parser with everything dangerous turned off.

Read `parsed` (what every reader gives), `reading` (which reader reads what, and the limits), then a reader.
"""
