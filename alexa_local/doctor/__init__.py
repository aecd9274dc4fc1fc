"""Finds out how the assistant is: sound, processor, models, broker, room; and mends gain and device."""

from alexa_local.doctor.examination import Patient, examine, examine_sound, status_of
from alexa_local.doctor.findings import Finding, failure

__all__ = ["Finding", "Patient", "examine", "examine_sound", "failure", "status_of"]
