"""How easily the wake word fires: steps that a model's maker has measured, and what the loudspeaker does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from alexa_local.errors import ModelError
from alexa_local.models import Model

Step = Literal["lowest", "low", "medium", "high", "highest"]
"""From the fewest false accepts to the fewest misses."""

Playing = Literal["", "speech", "alarm", "music"]
"""What comes out of the loudspeaker: nothing, a reply, something that rings, music."""

STEPS: tuple[Step, ...] = get_args(Step)


@dataclass(frozen=True)
class Level:
    """When it fires.

    Attributes:
        threshold: score of the wake word's network, 0 to 1.
        verification: what the second opinion must give, 0 to 1, where there is one.
    """

    threshold: float
    verification: float = 0.0


@dataclass(frozen=True)
class Levels:
    """When it fires, by what is played.

    Attributes:
        silence: nothing is.
        speech: the device speaks, and must not wake itself.
        music: music plays or something rings, over which people are harder to hear.
    """

    silence: Level
    speech: Level
    music: Level

    @staticmethod
    def all_alike(level: Level) -> Levels:
        """Whatever is played."""
        return Levels(level, level, level)

    def of(self, what: Playing) -> Level:
        """The one for what is played."""
        return {"": self.silence, "speech": self.speech}.get(what, self.music)


@dataclass(frozen=True)
class Measured:
    """A step of sensitivity, and what its maker measured with it on recordings that taught and chose nothing.

    Attributes:
        step: its name.
        level: when it fires.
        missed_pct: per cent of the words that were missed, in quiet rooms.
        missed_noise_pct: in noise and music 10 dB below the voice.
        false_per_hour: how often an hour of other speech woke it.
    """

    step: Step
    level: Level
    missed_pct: float
    missed_noise_pct: float
    false_per_hour: float


def measured(model: Model) -> tuple[Measured, ...]:
    """The steps of a model, the quietest first: of "wake-verify", or of a wake word without that.

    Raises:
        ModelError: it has not all of them.
    """
    try:
        rows = {row["step"]: row for row in model.info["sensitivity"]}
        return tuple(_measured(step, rows[step]) for step in STEPS)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"Model {model.name} does not tell its steps of sensitivity ({error!r}). Reinstall the package, "
            "or set `wake.threshold`."
        ) from error


def _measured(step: Step, row: dict[str, Any]) -> Measured:
    level = Level(float(row["threshold"]), float(row.get("verification", 0.0)))
    rates = (float(row[key]) for key in ("missed_pct", "missed_noise_pct", "false_per_hour"))
    return Measured(step, level, *rates)


def levels_at(steps: tuple[Measured, ...], step: Step, threshold: float | None = None) -> Levels:
    """A step as it is while nothing plays; one less while the device speaks, one more over music.

    Args:
        steps: all of them.
        step: the chosen one.
        threshold: the owner's own number, for the first stage, whatever is played.
    """
    known = [one.level for one in steps]
    if threshold is not None:
        known = [replace(level, threshold=threshold) for level in known]
    at = STEPS.index(step)
    return Levels(known[at], known[max(0, at - 1)], known[min(len(known) - 1, at + 1)])
