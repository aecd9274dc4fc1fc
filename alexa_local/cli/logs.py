"""The log: lines for people on standard error, or entries with fields where journald reads them.

What was said, what was answered and people's names stay out of it, at every level, unless the owner's
configuration says `log.transcripts: true`. Calls with such arguments carry `context.PRIVATE`. What the text
of an exception holds nobody knows, so that only its kind and its places in the code are written.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from alexa_local.context import current_request

_LEVELS = (logging.INFO, logging.DEBUG)
_HIDDEN = "…"
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG_PRIORITY = 7

_log = logging.getLogger(__name__)


class Log:
    """What the log's lines depend on beside what they say; set it as soon as it is known.

    Attributes:
        transcripts: whether the owner wants what was said, answers and names in the log.
        state: tells what the daemon is doing.
    """

    def __init__(self) -> None:
        self.transcripts = False
        self.state: Callable[[], str] = str


class _Formatter(logging.Formatter):
    """Leaves private things out."""

    def __init__(self, text: str, log: Log) -> None:
        super().__init__(text)
        self._about = log

    def format(self, record: logging.LogRecord) -> str:
        if self._about.transcripts:
            return super().format(record)
        shown = logging.makeLogRecord(record.__dict__)
        shown.exc_text = None
        if getattr(record, "private", False) and isinstance(record.args, tuple):
            shown.args = tuple(one if isinstance(one, int | float) else _HIDDEN for one in record.args)
        return super().format(shown)

    def formatException(self, ei: Any) -> str:
        return super().formatException(ei) if self._about.transcripts else _places(ei[1])


class _PlainFormatter(_Formatter):
    """`alexa-local: warning: No microphone found.`"""

    def format(self, record: logging.LogRecord) -> str:
        level = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        return f"alexa-local: {level}{super().format(record)}"


class _JournalHandler(logging.Handler):
    """Entries of journald's native protocol, with no field but those that are named here.

    systemd-python's own handler adds the arguments and the exception of each call, which may hold anything.
    """

    def __init__(self, log: Log) -> None:
        super().__init__()
        from systemd import journal  # type: ignore[attr-defined]  # as in `alexa_local.notify`

        self._send = journal.sendv
        self._about = log

    def emit(self, record: logging.LogRecord) -> None:
        """Send an entry; a journal that is away, or full, disturbs nobody."""
        try:
            text = self.format(record)
        except (TypeError, ValueError):  # a defect in the call: what it wanted to say, without its arguments
            text = str(record.msg)
        fields = {"MESSAGE": text, **self._fields(record)}
        try:
            self._send(*(f"{name}={value}".encode("utf-8", "replace") for name, value in fields.items()))
        except OSError:
            pass

    def _fields(self, record: logging.LogRecord) -> dict[str, str]:
        fields = {
            "PRIORITY": str(
                next((p for level, p in _PRIORITIES if record.levelno >= level), _DEBUG_PRIORITY)
            ),
            "SYSLOG_IDENTIFIER": "alexa-local",
            "COMPONENT": _component(record.name),
            "LOGGER": record.name,
            "THREAD_NAME": record.threadName or "",
            "CODE_FILE": record.pathname,
            "CODE_LINE": str(record.lineno),
            "CODE_FUNC": record.funcName or "",
            "REQUEST": str(current_request() or ""),
            "STATE": self._about.state(),
            "PRIVATE": "1" if self._about.transcripts else "",  # such entries stay out of support archives
        }
        return {name: value for name, value in fields.items() if value}


def set_up_logging(verbosity: int, env: Mapping[str, str] = os.environ) -> Log:
    """Log warnings; with `verbosity` 1, or as a service, what goes on; with 2 everything."""
    log, in_journal = Log(), is_journal(2, env)
    level = _LEVELS[min(verbosity, 2) - 1] if verbosity else logging.INFO if in_journal else logging.WARNING
    handler: logging.Handler
    if in_journal:
        handler = _JournalHandler(log)
        handler.setFormatter(_Formatter("%(message)s", log))
        sys.excepthook = _tell_defect
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(
            _PlainFormatter("%(message)s" if verbosity < 2 else "%(name)s: %(message)s", log)
        )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("alexa_local").setLevel(level)
    return log


def is_journal(descriptor: int, env: Mapping[str, str] = os.environ) -> bool:
    """Whether journald reads what is written there, as systemd tells by device and inode."""
    try:
        about = os.fstat(descriptor)
    except OSError:
        return False
    return env.get("JOURNAL_STREAM") == f"{about.st_dev}:{about.st_ino}"


def _tell_defect(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """Stand in for Python's own traceback, which would bring the exception's text into the journal."""
    _log.critical("A defect ended the program. Please report it.", exc_info=error)


def _component(logger: str) -> str:
    """`daemon` for `alexa_local.daemon.acting`; a library's own name."""
    parts = logger.split(".")
    return parts[1] if parts[0] == "alexa_local" and len(parts) > 1 else parts[0]


def _places(error: BaseException) -> str:
    """A traceback without the exception's text."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    earlier = f"{_places(before)}\n\nand then:\n\n" if before else ""
    return f"{earlier}{''.join(traceback.format_tb(error.__traceback__))}{type(error).__name__}"
