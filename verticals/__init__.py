"""Whose ERP: one package a vertical, each with the same file names, found through an entry point.

Read `hospital` in this order: `records`, `sources`, `quality`, `features`, `series`, `rules/`, `templates/`, `sample`.
"""
