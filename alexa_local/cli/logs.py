"""The log: lines for people on standard error, or lines with a priority where journald reads them."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping

_LEVELS = (logging.INFO, logging.DEBUG)
_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


class _JournalFormatter(logging.Formatter):
    """Puts sd-daemon(3)'s priority before every line, a traceback's too."""

    def format(self, record: logging.LogRecord) -> str:
        prefix = f"<{_PRIORITIES.get(record.levelno, 6)}>"
        return "\n".join(prefix + line for line in super().format(record).splitlines())


class _PlainFormatter(logging.Formatter):
    """`alexa-local: warning: No microphone found.`"""

    def format(self, record: logging.LogRecord) -> str:
        level = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        return f"alexa-local: {level}{super().format(record)}"


def set_up_logging(verbosity: int, env: Mapping[str, str] = os.environ) -> None:
    """Log warnings; with `verbosity` 1, or as a service, what goes on; with 2 everything."""
    in_journal = "JOURNAL_STREAM" in env and not sys.stderr.isatty()
    level = _LEVELS[min(verbosity, 2) - 1] if verbosity else logging.INFO if in_journal else logging.WARNING
    handler = logging.StreamHandler(sys.stderr)
    if in_journal:
        handler.setFormatter(_JournalFormatter("%(name)s: %(message)s"))
    else:
        handler.setFormatter(_PlainFormatter("%(message)s" if verbosity < 2 else "%(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("alexa_local").setLevel(level)
