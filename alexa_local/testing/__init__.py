"""Fakes that behave like the real thing: for our tests, and for anyone who builds on the package."""
