from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.generations.weights import FLOAT32, INT8, Weights, find_weights, same_blocks
from tests.generations.small import network


def taken(data: bytes, runs: list[tuple[int | None, int]]) -> bytes:
    return b"".join(
        bytes(length) if start is None else data[start : start + length] for start, length in runs
    )


def test_dense_sparse_and_float_weights_are_found_where_they_lie() -> None:
    found = {one.key[:3]: one for one in find_weights(network())}
    assert set(found) == {(INT8, 128, 256), (INT8, 64, 128), (FLOAT32, 1, 64)}
    assert found[INT8, 128, 256].length == 128 * 256
    assert found[INT8, 128, 256].blocks is None
    sparse = found[INT8, 64, 128]
    assert sparse.blocks is not None and sparse.length == 16 * len(sparse.blocks) < 64 * 128


def test_a_found_constant_is_the_written_one() -> None:
    data = network()
    weights = np.random.default_rng(1).integers(-100, 100, (128, 256)).astype(np.int8)
    dense = next(one for one in find_weights(data) if one.key[:3] == (INT8, 128, 256))
    assert data[dense.start : dense.end] == weights.tobytes()


def test_equal_patterns_are_one_run() -> None:
    old, new = find_weights(network()), find_weights(network(moved=0.2))
    for before, after in zip(old, new, strict=True):
        assert same_blocks(before, after) == [(before.start, before.length)]


def test_blocks_that_are_left_are_found_again_when_others_were_pruned() -> None:
    old, new = network(), network(pruned=10)
    before, after = (next(one for one in find_weights(data) if one.blocks is not None) for data in (old, new))
    runs = same_blocks(before, after)
    assert len(runs) == 1 and after.length < before.length
    assert taken(old, runs) == new[after.start : after.end]


@given(st.sets(st.integers(0, 20), min_size=1), st.sets(st.integers(0, 20), min_size=1))
def test_new_blocks_come_from_nowhere_and_known_ones_from_their_places(old: set[int], new: set[int]) -> None:
    data = b"".join(bytes([block + 1]) * 16 for block in sorted(old))
    before = Weights((), 0, len(data), np.array(sorted(old)))
    after = Weights((), 0, 16 * len(new), np.array(sorted(new)))
    expected = b"".join(bytes([block + 1 if block in old else 0]) * 16 for block in sorted(new))
    assert taken(data, same_blocks(before, after)) == expected


@pytest.mark.parametrize("data", [b"", b"TFL3", b"\0\0\0\0TFL3", b"PK\3\4" + bytes(100)])
def test_another_file_has_no_weights(data: bytes) -> None:
    assert find_weights(data) == []


@given(st.data())
def test_a_damaged_file_has_weights_inside_it_or_none(data: st.DataObject) -> None:
    whole = bytearray(network())
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    found = find_weights(damaged)
    assert all(0 <= one.start <= one.end <= len(damaged) for one in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
