"""Tests of the sample school feeds."""
