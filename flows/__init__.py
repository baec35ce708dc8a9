"""When: the order in which the rooms' functions run. Thin; no decision is taken here.

Read `cycle`.
"""
