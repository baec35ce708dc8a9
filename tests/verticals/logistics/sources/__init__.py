"""Tests of how rows become logistics records."""
