"""The model card, written from the manifest so that its figures cannot differ from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scripts.training.wake.words import Word

_TEMPLATE = Path(__file__).with_name("card.md.in")


def card(manifest: dict[str, Any], word: Word) -> str:
    """CARD.md for a manifest."""
    figures, trainings = manifest["figures"], manifest["training"]
    validation, dev = figures["validation"], figures["dev"]
    (file,) = manifest["files"].values()
    return _TEMPLATE.read_text(encoding="utf-8").format(
        name=manifest["name"],
        word=word,
        kilobytes=file["bytes"] / 1000,
        microseconds=figures["microseconds_a_step"],
        network=manifest["network"],
        threshold=manifest["threshold"],
        words=figures["words"],
        scenes=_lines(
            [scene, _percent(missed), _percent(dev["missed_pct"].get(scene))]
            for scene, missed in validation["missed_pct"].items()
        ),
        by_pitch=_lines(figures["missed_by_pitch"].items()),
        false_rows=_lines(figures["false_accepts"].items()),
        validation=validation,
        dev=dev,
        names=figures["names_with_the_word"],
        steps=_lines(
            [row["step"], row["threshold"], row["missed_pct"], row["missed_noise_pct"], _false(row)]
            for row in manifest["sensitivity"]
        ),
        det=_curves(figures["det"], figures["before"]),
        trainings="those of one training"
        if len(trainings) == 1
        else f"the mean of {len(trainings)} trainings",
        minutes=_spent(trainings, "cpu_minutes"),
        batches=_spent(trainings, "batches"),
        mine_every=trainings[0]["mine_every"],
    )


def _spent(trainings: list[dict[str, Any]], what: str) -> Any:
    """A sum over trainings and what they went on from, once."""
    before = [one["started_from"] for one in trainings if one["started_from"]]
    return sum(one[what] for one in trainings) + (_spent(before[:1], what) if before else 0)


def _lines(rows: Any) -> str:
    return "\n".join(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value} %"


def _false(row: dict[str, Any]) -> str:
    return f"{row['false_per_hour']} ({row['false_accepts']} in {row['hours']} h)"


def _curves(new: list[dict[str, Any]], before: list[list[dict[str, Any]]]) -> str:
    """Rows at equal rates of false accepts: this model's and those of the ones before it."""
    scenes = list(new[0]["missed_pct"])
    lines = [f"| at most an hour | model | {' | '.join(scenes)} |", "|---" * (len(scenes) + 2) + "|"]
    for at, row in enumerate(new):
        for name, one in [("this", row), *(("before", curve[at]) for curve in before)]:
            cells = [one["at_most_per_hour"], name, *(one["missed_pct"][scene] for scene in scenes)]
            lines.append(_lines([cells]))
    return "\n".join(lines)
