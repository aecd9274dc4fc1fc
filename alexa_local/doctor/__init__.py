"""Finds out how the assistant is: sound, processor, models, broker, room; and mends gain and device."""

from alexa_local.doctor.examination import (
    Patient,
    examine_daemon,
    examine_machine,
    examine_sound,
    status_of,
)
from alexa_local.doctor.findings import Finding, failure
from alexa_local.doctor.unit import Unit, unit_of

__all__ = [
    "Finding",
    "Patient",
    "Unit",
    "examine_daemon",
    "examine_machine",
    "examine_sound",
    "failure",
    "status_of",
    "unit_of",
]
