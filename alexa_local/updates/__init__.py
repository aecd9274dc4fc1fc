"""Newer generations of the models: fetched, checked, tried, and gone back from when they are no good."""
