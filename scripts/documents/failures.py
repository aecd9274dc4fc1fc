"""The exit codes, from the tree of errors."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from alexa_local import errors
from alexa_local.errors import AlexaLocalError


def by_code() -> Iterator[tuple[int, str]]:
    """(exit code, what it tells), ascending; errors that share a code share a line."""
    told: dict[int, list[str]] = {}
    for cls in vars(errors).values():
        if inspect.isclass(cls) and issubclass(cls, AlexaLocalError) and cls is not AlexaLocalError:
            told.setdefault(cls.exit_code, []).append(" ".join((cls.__doc__ or "").split()))
    for code in sorted(told):
        yield code, " ".join(told[code])


def reference() -> str:
    """A Markdown table of them."""
    from scripts.documents.blocks import table

    return table(("code", "what happened"), [(str(code), text) for code, text in by_code()])
