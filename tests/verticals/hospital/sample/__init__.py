"""Tests of the sample hospital feeds."""
