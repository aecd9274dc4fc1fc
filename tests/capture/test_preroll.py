import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.capture import PreRoll


@given(pushes=st.lists(st.integers(0, 40), max_size=12), since=st.integers(0, 200))
def test_since_gives_what_a_list_of_everything_would(pushes, since):
    ring, everything = PreRoll(0.25), np.zeros((0, 3), np.float32)
    for count in pushes:
        rows = np.arange(len(everything), len(everything) + count, dtype=np.float32)[:, None].repeat(
            3, axis=1
        )
        ring.push(rows)
        everything = np.concatenate([everything, rows])
    assert ring.next_frame == len(everything)
    assert ring.oldest_frame == max(0, len(everything) - 25)
    expected = everything[max(since, ring.oldest_frame) :]
    assert np.array_equal(ring.since(since)[:, :1].reshape(-1) if len(expected) else [], expected[:, 0])


def test_before_the_first_row_there_is_nothing():
    assert len(PreRoll(1.0).since(0)) == 0


def test_reset_counts_from_zero_again():
    ring = PreRoll(1.0)
    ring.push(np.ones((50, 64), np.float32))
    ring.reset()
    ring.push(np.zeros((2, 64), np.float32))
    assert ring.since(0).shape == (2, 64)
    assert ring.since(0).max() == 0


def test_samples_can_be_kept_as_well():
    ring = PreRoll(0.001, rows_per_s=16_000)
    ring.push(np.arange(100, dtype=np.int16))
    assert list(ring.since(0)) == list(range(84, 100))
