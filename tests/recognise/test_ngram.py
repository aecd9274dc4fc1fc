"""The n-gram model: counted by the training's own code, read by the runtime's."""

from pathlib import Path

import numpy as np
import pytest

from alexa_local.errors import ModelError
from alexa_local.recognise.ngram import EDGE, PieceNgrams
from alexa_local.recognise.search import BeamSearch
from scripts.training.asr import ngram

PIECES = 6
LINES = [[1, 2, 3], [1, 2, 3], [1, 2, 4], [5, 1, 2], [3, 3, 5], [1, 2, 3, 4, 5, 1, 2, 3]]


@pytest.fixture(scope="module")
def models() -> list:
    return ngram.kneser_ney(ngram.count(LINES, order=4), PIECES)


@pytest.fixture(scope="module")
def file(models, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("ngrams") / "ngrams.npz"
    ngram.write(models, PIECES, path)
    return path


def after(model: PieceNgrams, labels: tuple[int, ...]) -> np.ndarray:
    """What the model says after some labels."""
    state = model.start
    for label in labels:
        state = model.next(state, label)
    return model.scores(state)


CONTEXTS = [(), (1,), (1, 2), (5, 1, 2), (4, 4, 4), (3, 3), (2, 1, 1)]


@pytest.mark.parametrize("context", CONTEXTS)
def test_what_may_follow_any_context_sums_to_one(file: Path, context: tuple[int, ...]) -> None:
    assert np.exp(after(PieceNgrams(file, 1.0, 0.0), context)).sum() == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize("context", CONTEXTS)
def test_the_file_says_what_was_counted(file: Path, models: list, context: tuple[int, ...]) -> None:
    padded = ((EDGE,) * 3 + context)[-3:]
    found = after(PieceNgrams(file, 1.0, 0.0), context)
    for piece in range(PIECES):
        wanted = ngram._lower(models, padded, piece)
        assert np.exp(found[piece]) == pytest.approx(wanted, rel=5e-3, abs=1e-5)


@pytest.mark.parametrize("labels", [(), (1,), (3, 3)])
def test_surprise_knows_no_weight_and_no_bonus(file: Path, labels: tuple[int, ...]) -> None:
    plain, weighted = PieceNgrams(file, 1.0, 0.0), PieceNgrams(file, 0.3, 1.5)
    assert weighted.surprise(labels) == pytest.approx(plain.surprise(labels), abs=1e-4)
    assert np.exp(-plain.surprise(labels)).sum() == pytest.approx(1.0, abs=2e-3)


def test_frequent_continuations_are_likelier(file: Path) -> None:
    found = after(PieceNgrams(file, 1.0, 0.0), (1, 2))
    assert np.argmax(found) == 3
    assert found[3] > found[4] > found[1]


def test_weight_and_bonus_change_pieces_and_the_weight_alone_the_end(file: Path) -> None:
    plain, changed = after(PieceNgrams(file, 1.0, 0.0), (1,)), after(PieceNgrams(file, 0.5, 2.0), (1,))
    assert changed[1:] == pytest.approx(0.5 * plain[1:] + 2.0)
    assert changed[EDGE] == pytest.approx(0.5 * plain[EDGE])


def test_it_decides_between_pieces_that_sound_alike(file: Path) -> None:
    """Pieces 1 and 2 are certain, then 4 is heard a little better than 3, which the text prefers."""
    certain = -20.0 * (1 - np.eye(PIECES, dtype=np.float32))
    heard = np.log(np.array([0.2, 0.01, 0.01, 0.385, 0.39, 0.005], np.float32))

    def search(language: PieceNgrams | None) -> tuple[int, ...]:
        scorers = {"language": language} if language else None
        found = BeamSearch(8, context=1, labels_per_step=1, scorers=scorers)
        for before, row in ((0, certain[1]), (1, certain[2]), (2, heard)):
            scores = {before: row}
            found.advance(
                lambda readings, s=scores: np.stack([s.get(c[-1], certain[0]) for c, _ in readings])
            )
        return found.lattice().n_best(1)[0].labels

    assert search(None) == (1, 2, 4)
    assert search(PieceNgrams(file, 1.0, 0.5)) == (1, 2, 3)


def test_a_state_forgets_what_the_tables_do_not_tell_apart(file: Path) -> None:
    model = PieceNgrams(file, 1.0, 0.0)
    states = {model.next(model.next(model.start, first), 4) for first in (3, 4, 5)}
    assert states == {(4,)}  # none of them is ever before 4 and goes on
    assert len(model.start) <= 3


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "ngrams.npz"
    broken.write_bytes(b"not a table")
    with pytest.raises(ModelError, match=r"ngrams\.npz"):
        PieceNgrams(broken, 1.0, 0.0)
