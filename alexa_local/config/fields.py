"""Fields of settings that say more than their type: a range, or that they are secret."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def number(default: Any, low: float, high: float) -> Any:
    """A field whose value lies between two numbers, both allowed."""
    return field(default=default, metadata={"low": low, "high": high})


def secret(default: Any) -> Any:
    """A field that is never shown."""
    return field(default=default, repr=False, metadata={"secret": True})
