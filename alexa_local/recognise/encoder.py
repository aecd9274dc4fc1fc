"""The recogniser's encoder, in either of its forms: one network, or a front with a large and a small branch.

With branches, a tiny network on the front's output, the arbiter, says at every step of 80 ms what the large
branch would be worth, and the small one runs where that is too little (Macoskey et al. 2021, "Amortized
Neural Networks for Low-Latency Speech Recognition"). Unlike theirs, the branches are layers that share the
same recurrent states, so that these stay valid across a switch at any step; and the threshold is not fixed,
so that a machine that is late can ask for less.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError
from alexa_local.models import Model
from alexa_local.tflite import Network, load

Vector = NDArray[np.float32]
States = dict[str, Vector]
Shapes = Mapping[str, tuple[int, ...]]
Policy = Literal["normal", "cheap", "large", "small"]
"""When the large branch runs: as usual, as on a machine that is late, always, or never."""


class Encoder(Protocol):
    """What both forms offer; one thread at a time may encode, any may say what is preferred.

    Attributes:
        frames_per_step: feature frames that one step takes.
        bands: numbers in each frame.
        has_branches: whether there is anything to choose.
        steps: how many were run.
        large_steps: those of them that were not run by a small branch.
    """

    frames_per_step: int
    bands: int
    has_branches: bool
    steps: int
    large_steps: int

    def start(self) -> States:
        """The state before the first step."""

    def encode(self, frames: Vector, states: States) -> tuple[Vector, States]:
        """One step: frames (frames_per_step, bands) and states to a vector (1, width) and new states."""

    def prefer(self, policy: Policy) -> None:
        """Choose so from the next step on."""

    def apart(self) -> Encoder:
        """The same networks, chosen between as usual, with counts of their own; for the same thread."""


def open_encoder(model: Model, threads: int = 1) -> Encoder:
    """The encoder of a recogniser's model, in the form that its manifest tells.

    Raises:
        ModelError: a file is missing or does not fit this program.
    """
    try:
        if "branches" in model.info:
            front, large, small = (
                load(model.path(f"encoder-{part}.tflite"), threads) for part in ("front", "large", "small")
            )
            return BranchingEncoder(front, large, small, model.info["branches"])
        return WholeEncoder(load(model.path("encoder.tflite"), threads))
    except (KeyError, ValueError, TypeError) as error:
        raise ModelError(
            f"Model {model.name} does not fit this program (its encoder: {error}). Reinstall the package."
        ) from error


class WholeEncoder:
    """An encoder without branches: nothing can be preferred, and every step is a large one."""

    has_branches = False

    def __init__(self, network: Network) -> None:
        """Take the network; ValueError or KeyError when it is no encoder."""
        self.frames_per_step, self.bands = network.inputs["frames"]
        self.steps = self.large_steps = 0
        self._network = network
        self._shapes = _states(network, "frames", "encoded")

    def start(self) -> States:
        """The state before the first step."""
        return _zeros(self._shapes)

    def encode(self, frames: Vector, states: States) -> tuple[Vector, States]:
        """One step."""
        self.steps += 1
        self.large_steps += 1
        out = self._network.run(frames=frames, **states)
        return out["encoded"], {name: out[f"{name}_out"] for name in states}

    def prefer(self, policy: Policy) -> None:
        """There is one way to do it."""

    def apart(self) -> Encoder:
        """The same network, with counts of its own."""
        return _uncounted(self)


class BranchingEncoder:
    """An encoder with a large and a small branch.

    Attributes:
        thresholds: what each policy sets.
        threshold: the large branch runs at a step when its worth, in log-odds, is above this.
    """

    has_branches = True

    def __init__(self, front: Network, large: Network, small: Network, thresholds: Mapping[str, Any]) -> None:
        """Take the networks, and the thresholds "normal" and "cheap".

        Raises:
            KeyError, TypeError, ValueError: they do not fit each other.
        """
        self.frames_per_step, self.bands = front.inputs["frames"]
        self.steps = self.large_steps = 0
        self._front, self._large, self._small = front, large, small
        self._of_front = _states(front, "frames", "heard")
        self._of_branch = _states(large, "heard", "encoded")
        _check_branches(front, large, small)
        self.thresholds: Mapping[Policy, float] = {
            "normal": float(thresholds["normal"]),
            "cheap": float(thresholds["cheap"]),
            "large": -math.inf,
            "small": math.inf,
        }
        if not self.thresholds["normal"] <= self.thresholds["cheap"]:
            raise ValueError("its cheap threshold is below the normal one")
        self.threshold = self.thresholds["normal"]

    def start(self) -> States:
        """The state before the first step."""
        return _zeros({**self._of_front, **self._of_branch})

    def encode(self, frames: Vector, states: States) -> tuple[Vector, States]:
        """One step, by the branch that the arbiter and the threshold choose."""
        front = self._front.run(frames=frames, **{name: states[name] for name in self._of_front})
        is_large = bool(front["worth"][0, 0] > self.threshold)
        self.steps += 1
        self.large_steps += is_large
        branch = self._large if is_large else self._small
        out = branch.run(heard=front["heard"], **{name: states[name] for name in self._of_branch})
        found = {**front, **out}
        return out["encoded"], {name: found[f"{name}_out"] for name in states}

    def prefer(self, policy: Policy) -> None:
        """Choose so from the next step on."""
        self.threshold = self.thresholds[policy]

    def apart(self) -> Encoder:
        """The same networks, chosen between as usual, with counts of their own."""
        made = _uncounted(self)
        made.prefer("normal")
        return made


_Either = TypeVar("_Either", WholeEncoder, BranchingEncoder)


def _uncounted(encoder: _Either) -> _Either:
    made = copy.copy(encoder)
    made.steps = made.large_steps = 0
    return made


def _zeros(shapes: Shapes) -> States:
    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}


def _states(network: Network, given: str, wanted: str) -> Shapes:
    """The states by name; ValueError when one does not come out as it goes in, or what is wanted does not."""
    if wanted not in network.outputs:
        raise ValueError(f"it does not give {wanted!r}")
    states = {name: shape for name, shape in network.inputs.items() if name != given}
    for name, shape in states.items():
        if network.outputs.get(f"{name}_out") != shape:
            raise ValueError(f"the state {name!r} does not come out as it goes in")
    return states


def _check_branches(front: Network, large: Network, small: Network) -> None:
    """Raise ValueError when one does not take what the other gives."""
    if front.outputs.get("worth") != (1, 1):
        raise ValueError("its front does not tell what a step is worth")
    if large.inputs.get("heard") != front.outputs["heard"]:
        raise ValueError("its branches do not take what its front hears")
    if large.inputs != small.inputs or large.outputs != small.outputs:
        raise ValueError("its branches do not take and give the same")
