"""What the exported whisper network must compute on known frames, in numpy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alexa_local.frontend import LEFT_FRAMES, STEP_FRAMES
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import MEL_BANDS
from alexa_local.tflite import reference
from alexa_local.tflite.layers import Kind
from scripts.training.patches import PATCH_BANDS, PATCH_STRIDE, PATCHES, WINDOW_FRAMES
from scripts.training.wake.probe import probe_frames
from scripts.training.whisper.network import (
    DEPTH,
    FALL_A_STEP,
    WhisperNetwork,
)


def heard(network: WhisperNetwork, kind: Kind = "int8") -> NDArray[np.float32]:
    """Logit and weight at each step of the known frames, float32 (60, 2)."""
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    frames = np.concatenate([np.full((LEFT_FRAMES, MEL_BANDS), LOG_FLOOR, np.float32), probe_frames()])
    loudest = LOG_FLOOR
    states = {
        name: (np.zeros((1, size), np.float32), np.zeros((1, size), np.float32))
        for name, size in (("first", network.first.hidden_size), ("second", network.second.hidden_size))
    }
    found = []
    for start in range(0, len(frames) - LEFT_FRAMES, STEP_FRAMES):
        step = frames[start : start + WINDOW_FRAMES]
        loudest = max(float(step[LEFT_FRAMES:].mean()), loudest - FALL_A_STEP)
        step = (np.maximum(step - np.float32(loudest - DEPTH), 0) - weights["mean"]) * weights["scale"]
        starts = range(0, PATCHES * PATCH_STRIDE, PATCH_STRIDE)
        x = np.stack([step[:, at : at + PATCH_BANDS].ravel() for at in starts])  # (8, 64) -> (14, 96)
        x = np.maximum(reference.linear(x, weights["patch.weight"], weights["patch.bias"], kind), 0)
        x = reference.linear(x.reshape(1, -1), weights["mix.weight"], weights["mix.bias"], kind)
        x = np.maximum(x, 0)
        for name, joined in (("first", False), ("second", True)):
            w_ih, w_hh = weights[f"{name}.weight_ih_l0"], weights[f"{name}.weight_hh_l0"]
            bias = weights[f"{name}.bias_ih_l0"] + weights[f"{name}.bias_hh_l0"]
            states[name] = reference.lstm_cell(x, *states[name], w_ih, w_hh, bias, kind, joined)
            x = states[name][0]
        found.append(reference.linear(x, weights["head.weight"], weights["head.bias"], kind)[0])
    return np.array(found, np.float32)
