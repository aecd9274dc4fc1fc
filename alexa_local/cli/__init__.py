"""The commands that people type; every one of them loads what it needs only when it runs."""

from alexa_local.cli.main import main

__all__ = ["main"]
