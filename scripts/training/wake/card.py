"""The model card, written from the manifest so that its figures cannot differ from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_TEMPLATE = Path(__file__).with_name("card.md.in")


def _cpu_minutes(training: dict[str, Any] | None) -> float:
    """Of a training and those before it."""
    return training["cpu_minutes"] + _cpu_minutes(training["started_from"]) if training else 0.0


def card(manifest: dict[str, Any]) -> str:
    """CARD.md for a manifest."""
    figures, training = manifest["figures"], manifest["training"]
    dev = figures["dev"]
    false_rows = [
        f"| {name.replace('_', ' ')} | | {row['false_accepts']} in {row['hours']} h |"
        for name, row in figures["false_accepts"].items()
    ]
    sensitivities = [
        f"| {row['threshold']} | {row['missed_pct']} | {row['false_per_hour']} |"
        for row in figures["sensitivities_validation"]
    ]
    (file,) = manifest["files"].values()
    return _TEMPLATE.read_text(encoding="utf-8").format(
        kilobytes=file["bytes"] / 1000,
        microseconds=figures["microseconds_a_step"],
        threshold=manifest["threshold"],
        positives=dev["positives"],
        dev_missed=dev["missed_pct"],
        noisy_missed=figures["dev_noise_10_db_missed_pct"],
        false_rows="\n".join(false_rows),
        dev_count=dev["false_accepts"],
        dev_hours=dev["hours"],
        dev_rate=dev["false_per_hour"],
        sensitivities="\n".join(sensitivities),
        minutes=_cpu_minutes(training),
        mine_every=training["mine_every"],
    )
