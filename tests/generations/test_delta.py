from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.errors import UpdateError
from alexa_local.generations.delta import (
    decode_floats,
    decode_steps,
    encode_floats,
    encode_steps,
    unpack,
)

CHANCE = np.random.default_rng(1)
WEIGHTS = CHANCE.integers(-127, 128, 1 << 18).astype(np.int8)


def moved(share: float, run: int = 1) -> bytes:
    """The weights, of which a share is moved by one step, in runs of so many."""
    places = (CHANCE.random(WEIGHTS.size // run) < share).repeat(run)
    return (WEIGHTS + places * CHANCE.choice([-1, 1], WEIGHTS.size)).astype(np.int8).tobytes()


def entropy_bits(share: float) -> float:
    return float(-(share * np.log2(share) + (1 - share) * np.log2(1 - share)))


@given(st.data())
def test_any_weights_become_any_others(data: st.DataObject) -> None:
    length = data.draw(st.integers(0, 200))
    old = data.draw(st.binary(min_size=length, max_size=length))
    new = data.draw(st.one_of(st.just(old), st.binary(min_size=length, max_size=length)))
    assert decode_steps(old, encode_steps(old, new)) == new


@given(st.lists(st.tuples(*[st.integers(0, (1 << 32) - 1)] * 2), max_size=50))
def test_any_floats_become_any_others(values: list[tuple[int, int]]) -> None:
    old, new = (np.array([pair[i] for pair in values], "<u4").tobytes() for i in range(2))
    assert decode_floats(old, encode_floats(old, new)) == new


def test_changes_far_apart_and_large_ones_come_back() -> None:
    new = bytearray(WEIGHTS.tobytes())
    for place in (0, 700, 30_000, len(new) - 1):
        new[place] = (new[place] + 128) % 256
    assert decode_steps(WEIGHTS.tobytes(), encode_steps(WEIGHTS.tobytes(), bytes(new))) == bytes(new)


@pytest.mark.parametrize("share", [0.03, 0.1, 0.3])
def test_scattered_steps_cost_little_more_than_their_entropy(share: float) -> None:
    least_bytes = (entropy_bits(share) + share) * WEIGHTS.size / 8
    assert len(encode_steps(WEIGHTS.tobytes(), moved(share))) < 1.08 * least_bytes


@pytest.mark.parametrize("share", [0.03, 0.1, 0.3])
def test_steps_of_whole_blocks_cost_little_more_than_their_entropy(share: float) -> None:
    least_bytes = (entropy_bits(share) / 16 + share) * WEIGHTS.size / 8
    assert len(encode_steps(WEIGHTS.tobytes(), moved(share, run=16))) < 1.15 * least_bytes


@given(st.integers(0, 10_000), st.integers(1, 255), st.sampled_from(["steps", "floats"]))
def test_a_damaged_code_is_a_named_error_or_other_weights(place: int, change: int, kind: str) -> None:
    encode, decode = (encode_steps, decode_steps) if kind == "steps" else (encode_floats, decode_floats)
    old, new = (
        WEIGHTS[:4096].tobytes(),
        (WEIGHTS[:4096] + (WEIGHTS[:4096] % 7 == 0)).astype(np.int8).tobytes(),
    )
    coded = bytearray(encode(old, new))
    coded[place % len(coded)] ^= change
    try:
        assert len(decode(old, bytes(coded))) == len(old)
    except UpdateError:
        pass


@given(st.binary(max_size=100), st.binary(max_size=64))
def test_noise_is_a_named_error_or_other_weights(coded: bytes, old: bytes) -> None:
    for decode in (decode_steps, decode_floats):
        try:
            assert len(decode(old, coded)) == len(old)
        except UpdateError:
            pass


def test_floats_that_end_within_one_are_refused() -> None:
    with pytest.raises(UpdateError, match="floats of another length"):
        decode_floats(b"123", encode_floats(b"", b""))


def test_a_frame_that_says_to_be_enormous_is_not_unpacked() -> None:
    enormous = b"\x28\xb5\x2f\xfd\xe0" + (1 << 50).to_bytes(8, "little") + b"\x01\x00\x00"
    with pytest.raises(UpdateError, match="another length"):
        unpack(enormous, 100)
