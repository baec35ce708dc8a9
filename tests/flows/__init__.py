"""Tests of the flows: the whole cycle, disturbed and undisturbed."""
