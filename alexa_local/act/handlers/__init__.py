"""One small function for each intent, and the table that finds it."""

from alexa_local.act.handlers import alarms, clock, devices, itself, lists, people, sound, timers
from alexa_local.act.handlers.base import Handler

TABLES: tuple[dict[str, Handler], ...] = tuple(
    module.HANDLERS for module in (clock, timers, alarms, sound, devices, lists, people, itself)
)
"""The tables of all modules; no intent is in two."""

HANDLERS: dict[str, Handler] = {intent: handler for table in TABLES for intent, handler in table.items()}
"""Every handler by its intent."""
