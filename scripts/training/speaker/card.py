"""The model card, written from the manifest so that its figures cannot differ from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TEMPLATE = Path(__file__).with_name("card.md.in")


def _in_order(training: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A training after those that it went on from."""
    before = training["started_from"]
    return [*(_in_order(before) if before else []), training]


def card(manifest: Mapping[str, Any], folder: Path) -> str:
    """CARD.md for a manifest, whose files lie in a folder."""
    figures, training = manifest["figures"], manifest["training"]
    rates, counts = figures["equal_error_pct"], figures["counts"]
    scenes = list(dict.fromkeys(scene for kind in rates for scene in rates[kind]))
    calibration = manifest["calibration"]
    trainings = _in_order(training)
    return _TEMPLATE.read_text(encoding="utf-8").format(
        kilobytes=sum(path.stat().st_size for path in folder.glob("*.tflite")) / 1000,
        parameters=training["parameters"] / 1000,
        microseconds=figures["microseconds_a_second"],
        core_pct=figures["microseconds_a_second"] / 10_000,
        speakers=training["speakers"],
        pseudo_speakers=training["pseudo_speakers"],
        kinds="\n".join(
            f"- {kind}: {of['clips']} clips, {of['speakers']} speakers, "
            f"{of['seconds of speech, median']} s of speech in the median clip, "
            f"{of['too little speech']} with too little to tell"
            for kind, of in counts.items()
        ),
        scenes="\n".join(
            f"| {scene} | " + " | ".join(str(rates[kind].get(scene, "")) for kind in rates) + " |"
            for scene in scenes
        ),
        chapters=", ".join(
            f"{rate} % {where}" for where, rate in figures["equal_error_pct_chapters"].items()
        ),
        groups=", ".join(f"{name} {rate} %" for name, rate in figures["equal_error_pct_within"].items()),
        det="\n".join(
            f"| {first['false_accepts_pct']} | {first['missed_pct']} | {second['missed_pct']} |"
            for first, second in zip(figures["det"]["readers"], figures["det"]["words"], strict=True)
        ),
        enrolled="\n".join(
            f"| {name} | {of['known_pct']} | {of['strangers_known_pct']} | {of['sure_pct']} | "
            f"{of['strangers_sure_pct']} | {of['known_at_1_pct_of_strangers']} |"
            for name, of in figures["enrolled"].items()
        ),
        known=calibration["known_probability"],
        sure=calibration["sure_probability"],
        commands="\n".join(one["command"] for one in trainings),
        minutes=sum(one["cpu_minutes"] for one in trainings),
        batches=" and ".join(str(one["batches"]) for one in trainings),
    )
