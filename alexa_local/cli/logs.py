"""The log: lines for people on standard error, or entries with fields where journald reads them."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping

_LEVELS = (logging.INFO, logging.DEBUG)


class _PlainFormatter(logging.Formatter):
    """`alexa-local: warning: No microphone found.`"""

    def format(self, record: logging.LogRecord) -> str:
        level = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        return f"alexa-local: {level}{super().format(record)}"


def set_up_logging(verbosity: int, env: Mapping[str, str] = os.environ) -> None:
    """Log warnings; with `verbosity` 1, or as a service, what goes on; with 2 everything."""
    in_journal = "JOURNAL_STREAM" in env and not sys.stderr.isatty()
    level = _LEVELS[min(verbosity, 2) - 1] if verbosity else logging.INFO if in_journal else logging.WARNING
    handler: logging.Handler
    if in_journal:
        from systemd.journal import JournalHandler

        handler = JournalHandler(SYSLOG_IDENTIFIER="alexa-local")  # priority, thread and logger become fields
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_PlainFormatter("%(message)s" if verbosity < 2 else "%(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("alexa_local").setLevel(level)
