"""Tests of the ways out of the house, against real receivers."""
