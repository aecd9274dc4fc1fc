"""Frames in steps: none is lost, none comes twice, however the stream is cut."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.frontend import LEFT_FRAMES, STEP_FRAMES, Steps, probability
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import MEL_BANDS


def numbered(count: int) -> np.ndarray:
    """Frames that hold their number."""
    return np.repeat(np.arange(count, dtype=np.float32)[:, None], MEL_BANDS, axis=1)


@given(st.lists(st.integers(0, 11), max_size=8))
def test_however_frames_come_each_step_holds_the_next_four_and_those_before(cuts: list[int]) -> None:
    frames, steps, found, at = numbered(sum(cuts)), Steps(), [], 0
    for cut in cuts:
        found += steps.push(frames[at : at + cut])
        at += cut
    known = np.concatenate([np.full((LEFT_FRAMES, MEL_BANDS), LOG_FLOOR, np.float32), frames])
    assert len(found) == at // STEP_FRAMES and steps.waiting == at % STEP_FRAMES
    for number, step in enumerate(found):
        np.testing.assert_array_equal(step, known[number * STEP_FRAMES :][: LEFT_FRAMES + STEP_FRAMES])


def test_a_probability_stays_within_0_and_1_at_any_logit() -> None:
    assert probability(0.0) == 0.5
    assert 0.0 < probability(-1e6) < 1e-20 and probability(1e6) <= 1.0
