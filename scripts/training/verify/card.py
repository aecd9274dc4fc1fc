"""The card of the second opinion on a wake word, made of its manifest."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

_TEMPLATE = Path(__file__).with_name("card.md.in")


def card(manifest: dict[str, Any]) -> str:
    """The text of CARD.md."""
    figures, training = manifest["figures"], manifest["training"]
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        bytes=f"{manifest['files']['verify.tflite']['bytes'] / 1000:.0f}",
        milliseconds=f"{figures['milliseconds_an_opinion']:.0f}",
        steps=_table(manifest["sensitivity"]),
        dev=_table([{"step": step, **row} for step, row in figures["dev"].items()]),
        scenes=_scenes(figures["by_scene"]),
        alone=_alone(figures["without_an_opinion"]),
        command=training["command"],
        words=training["examples"]["the word"],
        others=training["examples"]["other"],
    )


def _table(rows: list[dict[str, Any]]) -> str:
    lines = ["| step | first | second | missed % | in noise % | false accepts |", "|---|---|---|---|---|---|"]
    for row in rows:
        false = f"{row['false_accepts']} in {row['hours']} h: {row['false_per_hour']} an hour"
        values = [row[key] for key in ("step", "threshold", "verification", "missed_pct", "missed_noise_pct")]
        lines.append(f"| {' | '.join(map(str, [*values, false]))} |")
    return "\n".join(lines)


def _scenes(by_scene: dict[str, dict[str, float]]) -> str:
    steps = list(next(iter(by_scene.values())))
    lines = [f"| scene | {' | '.join(steps)} |", "|---" * (len(steps) + 1) + "|"]
    lines += [
        f"| {name} | {' | '.join(str(row[step]) for step in steps)} |" for name, row in by_scene.items()
    ]
    return "\n".join(lines)


def _alone(rows: list[dict[str, Any]]) -> str:
    lines = ["| threshold | missed % | in noise % | false accepts an hour |", "|---|---|---|---|"]
    lines += [
        f"| {row['threshold']} | {row['missed_pct']} | {row['missed_noise_pct']} | {row['false_per_hour']} |"
        for row in rows
    ]
    return "\n".join(lines)
