"""Tests of the verticals."""
