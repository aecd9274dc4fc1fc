"""The network on numpy: many sentences at once, as if each were read by itself, piece by piece."""

from __future__ import annotations

from math import exp
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alexa_local.cloud.language_model import LanguageModel
from alexa_local.errors import ModelError
from alexa_local.models import Model, open_model
from alexa_local.testing.language_model import PIECES, write_manifest


def opened(folder: Path) -> Model:
    return open_model(folder.name, folder.parent)


def alone(folder: Path, pieces: list[int]) -> float:
    """The textbook's LSTM, one piece after another (gates in PyTorch's order)."""
    file = np.load(folder / "weights.npz")
    matrix = {
        name: file[name] * file[f"{name}_scale"][:, None] for name in ("table", "narrow", "lstm0", "lstm1")
    }
    outputs, cells = [np.zeros(8), np.zeros(8)], [np.zeros(8), np.zeros(8)]
    found, last = 0.0, 0
    for piece in pieces:
        x = matrix["table"][last]
        for at in range(2):
            gates = matrix[f"lstm{at}"] @ np.concatenate([x, outputs[at]]) + file[f"lstm{at}_bias"]
            into, forget, out = (1 / (1 + np.exp(-gates[8 * gate : 8 * gate + 8])) for gate in (0, 1, 3))
            cells[at] = forget * cells[at] + into * np.tanh(gates[16:24])
            x = outputs[at] = out * np.tanh(cells[at])
        logits = matrix["table"] @ (matrix["narrow"] @ x + file["narrow_bias"]) + file["bias"]
        found += logits[piece] - np.log(np.exp(logits).sum())
        last = piece
    return float(found)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(texts=st.lists(st.text("cal n", max_size=9), min_size=1, max_size=12))
def test_sentences_that_begin_alike_have_the_scores_of_each_alone(
    model_folder: Path, texts: list[str]
) -> None:
    model = LanguageModel(opened(model_folder))
    found = model.log_probabilities(texts)
    assert found == pytest.approx([alone(model_folder, model.pieces.of(one)) for one in texts], abs=1e-4)


def test_the_first_piece_is_one_of_all(model_folder: Path) -> None:
    model = LanguageModel(opened(model_folder))
    ends = model.log_probabilities([""])[0]
    others = [alone(model_folder, [number]) for number in range(1, len(PIECES))]
    assert exp(ends) + sum(map(exp, others)) == pytest.approx(1.0)


def test_no_sentences_have_no_scores(model_folder: Path) -> None:
    assert len(LanguageModel(opened(model_folder)).log_probabilities([])) == 0


@pytest.mark.parametrize(
    ("file", "content"),
    [("weights.npz", b"PK\3\4 nothing"), ("pieces.txt", b"<edge>\n"), ("weights.npz", b"")],
)
def test_files_that_do_not_fit_are_told(model_folder: Path, file: str, content: bytes) -> None:
    (model_folder / file).write_bytes(content)
    write_manifest(model_folder)
    with pytest.raises(ModelError, match="does not fit"):
        LanguageModel(opened(model_folder))
