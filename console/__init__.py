"""The doors: the command line. Equal and thin; no decision is taken here.

Read in this order: `cli`, then one file a command group, then `terminal` for how things look.
"""
