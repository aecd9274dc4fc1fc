"""Training the server's language model: what is exported scores as what was trained; no text is left out."""

from __future__ import annotations

import argparse
from pathlib import Path
from random import Random

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is for training only")

from alexa_local.cloud.language_model import LanguageModel  # noqa: E402
from alexa_local.cloud.pieces import Pieces  # noqa: E402
from alexa_local.models import open_model  # noqa: E402
from alexa_local.testing.language_model import PIECES  # noqa: E402
from scripts.training.lm import export  # noqa: E402
from scripts.training.lm.network import Network  # noqa: E402
from scripts.training.lm.train import Training, batches, perplexity, read_lines  # noqa: E402

SHAPE = argparse.Namespace(width=12, hidden=16, layers=2, dropout=0.0, minutes=0.02, rate=0.01)
TEXTS = ["call anna", "call an", "anna can call", "a nana"] * 8


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "pieces.txt").write_text("".join(f"{one}\n" for one in PIECES))
    (tmp_path / "texts.txt").write_text("".join(f"{one}\n" for one in TEXTS))
    return tmp_path


def test_an_exported_model_scores_sentences_as_the_trained_one(run: Path) -> None:
    torch.manual_seed(3)
    network = Network(len(PIECES), 12, 16, 2, 0.0).eval()
    network.expect(torch.arange(len(PIECES)))
    folder = run / "model"
    folder.mkdir()
    export.write_weights(network.state_dict(), 2, folder / "weights.npz")
    (folder / "pieces.txt").write_bytes((run / "pieces.txt").read_bytes())
    export.write_manifest(folder, {})
    model, pieces = LanguageModel(open_model("model", run)), Pieces(PIECES)
    for text in ["", "call anna", "anna can't"]:
        line = torch.tensor([pieces.of(text)])
        given = torch.nn.functional.pad(line, (1, 0))[:, :-1]
        with torch.no_grad():
            wanted = network(given).log_softmax(-1).gather(2, line[..., None]).sum()
        assert model.log_probabilities([text])[0] == pytest.approx(float(wanted), abs=0.03 * line.numel())


def test_every_sentence_is_in_one_batch_of_its_length(run: Path) -> None:
    lines = read_lines(run / "texts.txt", Pieces(PIECES))
    found = list(batches(lines, 40, Random(1)))
    rows = sorted(tuple(row[1:].tolist()) for batch in found for row in batch)
    assert rows == sorted(tuple(line.tolist()) for line in lines)
    assert all(batch[:, 1:].numel() <= 40 for batch in found)
    assert all((batch[:, 0] == 0).all() for batch in found)


def test_training_learns_and_goes_on_where_it_was(run: Path) -> None:
    pieces = Pieces(PIECES)
    lines = read_lines(run / "texts.txt", pieces)
    torch.manual_seed(1)
    training = Training(run, pieces, SHAPE)
    before = perplexity(training.network, lines)
    training.run(lines, lines, 60)
    after = perplexity(training.network, lines)
    assert after < before / 2
    again = Training(run, pieces, SHAPE)
    assert perplexity(again.network, lines) == pytest.approx(after)
    assert again.read == training.read
    np.testing.assert_allclose(again.spent_s, training.spent_s)
