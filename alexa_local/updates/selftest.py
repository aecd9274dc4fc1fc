"""Whether a model does here what it did where it was made; asked before it is used for the first time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import AlexaLocalError, ModelError
from alexa_local.messages import MEL_BANDS
from alexa_local.models import Model, open_folder
from alexa_local.recognise import EndOfSpeech, Recogniser
from alexa_local.recognise.end_of_speech import NETWORK_FILE as _END_OF_SPEECH
from alexa_local.speaker import SpeakerEmbedder
from alexa_local.speaker.embedding import FRAMES_FILE as _SPEAKER
from alexa_local.tflite import load
from alexa_local.wake import WakeWord
from alexa_local.whisper import WhisperDetector
from alexa_local.whisper.detector import NETWORK_FILE as _WHISPER

_REMEDY = "Publish a generation that was made for this program (scripts.training.selftest tries one)."
_BLOCK_FRAMES = 8
_ANY_FRAMES = 64
_PIECES, _WAKE_WORD = "pieces.txt", "wake.tflite"


def try_model(folder: Path) -> None:
    """Try the model that lies in a folder.

    Where its manifest names a file of the self-test, every network must give what it gave to its maker, and
    a known sentence must be understood; in any case every network must run, with finite outputs, and the
    part of the program that uses the model must take it.

    Raises:
        ModelError: something of it is missing, altered, or not as it should be.
    """
    model = open_folder(folder)
    model = replace(model, name=str(model.info.get("name", model.name)))  # the folder may be a slot
    expected = _expected(model)
    for file in sorted(model.info["files"]):
        if file.endswith(".tflite"):
            _try_network(model.path(file), expected)
    _try_use(model, expected)


def _expected(model: Model) -> Mapping[str, NDArray[Any]]:
    """What its maker kept of it: inputs and outputs by name; empty where there is nothing of that."""
    if "selftest" not in model.info:
        return {}
    try:
        with np.load(model.path(str(model.info["selftest"]["file"])), allow_pickle=False) as kept:
            return dict(kept)
    except ModelError:
        raise
    except Exception as error:  # numpy raises a dozen kinds for a damaged file
        raise ModelError(f"The self-test of {model.name} cannot be read ({error}). {_REMEDY}") from error


def _try_network(path: Path, expected: Mapping[str, NDArray[Any]]) -> None:
    network = load(path)
    inputs = {
        name: _input(expected.get(f"{path.stem}/in/{name}"), shape) for name, shape in network.inputs.items()
    }
    for name, got in network.run(**inputs).items():
        if not np.isfinite(got).all():
            raise ModelError(f"{path.name} gives numbers that are none for {name!r}. {_REMEDY}")
        wanted = expected.get(f"{path.stem}/out/{name}")
        if wanted is not None:
            _compare(path, name, got.ravel(), wanted.astype(np.float64), float(expected["tolerance"]))


def _input(kept: NDArray[Any] | None, shape: tuple[int, ...]) -> NDArray[Any]:
    """A network's input as it was kept, or else nothing but zeros."""
    if kept is None:
        return np.zeros(shape, np.int8)  # which every other type can stand for
    return kept.astype(np.float32) if kept.dtype == np.float16 else kept


def _compare(path: Path, name: str, got: NDArray[Any], wanted: NDArray[np.float64], tolerance: float) -> None:
    """Compare the first numbers of an output (N,) with those that were kept."""
    if len(got) < len(wanted) or not len(wanted):
        raise ModelError(f"{path.name} gives {len(got)} numbers for {name!r}, not {len(wanted)}. {_REMEDY}")
    off = float(np.max(np.abs(got[: len(wanted)] - wanted)))
    allowed = tolerance * max(1.0, float(np.max(np.abs(wanted))))
    if not off <= allowed:
        raise ModelError(
            f"{path.name} computes {name!r} otherwise than where it was made: "
            f"it is off by {off:.3g}, and {allowed:.3g} is allowed. {_REMEDY}"
        )


def _try_use(model: Model, expected: Mapping[str, NDArray[Any]]) -> None:
    """Have the part of the program that uses such a model use it."""
    files = model.info["files"]
    frames = np.random.default_rng(0).normal(0.0, 3.0, (_ANY_FRAMES, MEL_BANDS)).astype(np.float32)
    try:
        if _PIECES in files:
            _try_sentence(Recogniser(model), expected, frames)
        elif _END_OF_SPEECH in files:
            EndOfSpeech(model).push(frames)
        elif _WAKE_WORD in files:
            WakeWord(model).push(frames)
        elif _WHISPER in files:
            WhisperDetector(model).begin(frames)
        elif _SPEAKER in files:
            SpeakerEmbedder(model).push(frames)
    except AlexaLocalError:
        raise
    except Exception as error:  # whatever a model that does not fit makes of the code that reads it
        raise ModelError(f"Model {model.name} cannot be used ({error!r}). {_REMEDY}") from error


def _try_sentence(
    recogniser: Recogniser, expected: Mapping[str, NDArray[Any]], frames: NDArray[np.float32]
) -> None:
    """Recognise the known sentence, or else any frames (T, 64), of which nothing is expected."""
    known = expected.get("features")
    heard = frames if known is None else known.astype(np.float32)
    stream = recogniser.stream()
    for first in range(0, len(heard), _BLOCK_FRAMES):
        stream.push(heard[first : first + _BLOCK_FRAMES])
    readings = stream.finish()
    if known is not None and (not readings or readings[0].text != str(expected["words"])):
        raise ModelError(f"The sentence of the self-test is not understood. {_REMEDY}")
