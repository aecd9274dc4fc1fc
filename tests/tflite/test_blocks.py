"""Pruning, packing and quantising, without a runtime."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from alexa_local.tflite.quantise import dequantise_rows, quantise_rows
from alexa_local.tflite.sparse import BLOCK, BlockSparse, pack_blocks, pad_columns, prune_blocks


def unpack(blocks: BlockSparse) -> np.ndarray:
    """The matrix that packed blocks stand for, one block at a time."""
    rows, columns = blocks.shape
    whole = np.zeros((rows, columns // BLOCK, BLOCK), np.int8)
    for row in range(rows):
        for place in range(blocks.segments[row], blocks.segments[row + 1]):
            whole[row, blocks.indices[place]] = blocks.values[place]
    return whole.reshape(rows, columns)


matrices = st.tuples(st.integers(1, 5), st.integers(1, 4)).flatmap(
    lambda size: arrays.arrays(
        np.int8, (size[0], size[1] * BLOCK), elements=st.sampled_from([0, 0, 0, 0, 1, -127])
    )
)


@given(matrices)
def test_packed_blocks_hold_the_whole_matrix(matrix: np.ndarray) -> None:
    np.testing.assert_array_equal(unpack(pack_blocks(matrix)), matrix)


@given(matrices)
def test_only_blocks_with_something_in_them_are_kept(matrix: np.ndarray) -> None:
    kept = pack_blocks(matrix).values
    assert kept.any(axis=1).all() or (len(kept) == 1 and not matrix.any())


weights = arrays.arrays(np.float32, (3, 8), elements=st.floats(-1e6, 1e6, width=32))


@given(weights)
def test_a_quantised_weight_is_within_half_a_step(weight: np.ndarray) -> None:
    quantised, scales = quantise_rows(weight)
    error = np.abs(dequantise_rows(quantised, scales) - weight)
    assert (error <= scales[:, None] * 0.501).all()
    assert (quantised[weight == 0] == 0).all()


def test_a_row_of_zeros_quantises_to_zeros() -> None:
    quantised, scales = quantise_rows(np.zeros((2, 4), np.float32))
    assert not quantised.any()
    assert scales.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("sparsity", [0.0, 0.25, 0.5, 1.0])
def test_pruning_removes_the_wanted_share_and_the_weakest_first(sparsity: float) -> None:
    weight = np.arange(1, 8 * 64 + 1, dtype=np.float32).reshape(8, 64)
    pruned = prune_blocks(weight, sparsity)
    kept = pruned.reshape(-1, BLOCK).any(axis=1)
    assert kept.tolist() == [False] * round(32 * sparsity) + [True] * round(32 * (1 - sparsity))
    np.testing.assert_array_equal(pruned[pruned != 0], weight[pruned != 0])


def test_equal_blocks_are_pruned_to_the_exact_share() -> None:
    """A threshold would keep or drop all blocks of one magnitude together."""
    assert np.count_nonzero(prune_blocks(np.ones((4, 64), np.float32), 0.5)) == 4 * 64 // 2


def test_padding_appends_zeros_up_to_a_whole_block() -> None:
    padded = pad_columns(np.ones((2, 20), np.float32))
    assert padded.shape == (2, 32)
    assert padded.sum() == 40
    assert pad_columns(padded).shape == (2, 32)
