"""The transducer's own language model, taken away."""

from __future__ import annotations

import numpy as np
import pytest

from alexa_local.recognise.internal import InternalLanguage
from alexa_local.recognise.search import BeamSearch, added

BLANK, COMMON, RARE, NEVER = range(4)
EXPECTED = np.log(np.array([0.5, 0.4, 0.1 - 1e-9, 1e-9], np.float32))


def expects(_: tuple[int, ...]) -> np.ndarray:
    return EXPECTED


def test_the_rarer_piece_gets_more_and_the_end_nothing() -> None:
    internal = InternalLanguage(expects, context=2, weight=0.5)
    scores = internal.scores(internal.start)
    np.testing.assert_allclose(scores[[COMMON, RARE]], [-0.5 * np.log(0.8), -0.5 * np.log(0.2)], rtol=1e-5)
    assert scores[BLANK] == 0.0


def test_no_piece_gets_more_than_it_says() -> None:
    internal = InternalLanguage(expects, context=2, weight=0.5)
    assert internal.scores(internal.start).max() <= internal.most_after(internal.start) == pytest.approx(4.5)


def test_a_state_is_the_last_labels() -> None:
    internal = InternalLanguage(expects, context=2, weight=0.5)
    assert internal.next(internal.next(internal.start, COMMON), RARE) == (COMMON, RARE)
    assert InternalLanguage(expects, context=0, weight=0.5).next((), COMMON) == ()


def test_what_is_expected_no_longer_beats_what_is_heard_a_little_better() -> None:
    """The sound says "rare" 3 to 2, the transducer's own expectation "common" 4 to 1."""
    posterior = np.array([0.2, 4 * 0.2, 1 * 0.3, 0.0]) + 1e-6
    log_p = np.log(posterior / posterior.sum()).astype(np.float32)
    silence = np.log(np.array([1.0, 1e-9, 1e-9, 1e-9], np.float32))

    def heard_with(weight: float) -> int:
        scorers = {"internal": InternalLanguage(expects, context=1, weight=weight)}
        search = BeamSearch(8, 1, labels_per_step=1, margin=50.0, scorers=scorers)
        for step in (log_p, silence):
            search.advance(lambda readings, step=step: np.repeat(step[None], len(readings), 0))
        paths = [path for path in search.lattice().n_best(8) if path.labels]
        assert search.by_sound(paths[0]) + added(scorers["internal"], paths[0].labels) == pytest.approx(
            paths[0].score, abs=1e-5
        )
        return paths[0].labels[0]

    assert (heard_with(0.0), heard_with(1.0)) == (COMMON, RARE)
