"""1x16 blocks of int8 weights: pruning them, and packing what is left as TFLite's sparse kernels read it.

Those kernels keep a ledger of bytes: the number of blocks of each row and each block's index.
A row of more than 255 blocks overflows it and gives garbage without an error, so it is refused here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError

BLOCK = 16
"""Columns of a block; the only width that the int8 kernels of both runtimes have."""

MOST_COLUMNS = 255 * BLOCK
"""4080: the columns of 255 blocks, as far as the kernels' ledger of bytes can count."""


@dataclass(frozen=True)
class BlockSparse:
    """An int8 matrix of which only the blocks that hold something are kept.

    Attributes:
        shape: (rows, columns) of the whole matrix.
        values: int8, shape (blocks, 16), row by row.
        segments: int32, shape (rows + 1,): row r holds blocks segments[r] to segments[r + 1].
        indices: int32, shape (blocks,): each block's position in its row, 0 to 254.
    """

    shape: tuple[int, int]
    values: NDArray[np.int8]
    segments: NDArray[np.int32]
    indices: NDArray[np.int32]


def check_columns(columns: int) -> None:
    """Refuse a width that the sparse kernels compute wrongly.

    Raises:
        ModelError: not a multiple of 16, or more than 4080.
    """
    if columns % BLOCK:
        raise ModelError(
            f"A block-sparse layer's columns must be a multiple of {BLOCK}, and {columns} is not. "
            "Widen the layer, or pad weights with pad_columns and inputs with layers.pad_input."
        )
    if columns > MOST_COLUMNS:
        raise ModelError(
            f"A block-sparse layer has at most {MOST_COLUMNS} columns (255 blocks a row), not {columns}: "
            "past that the kernels' ledger overflows silently. Split the layer, or store it dense."
        )


def pack_blocks(quantised: NDArray[np.int8]) -> BlockSparse:
    """Keep the 1x16 blocks of an int8 (O, I) matrix that are not all zero.

    Raises:
        ModelError: the columns break a rule of the kernels.
    """
    rows, columns = quantised.shape
    check_columns(columns)
    blocks = quantised.reshape(rows, columns // BLOCK, BLOCK)
    kept: NDArray[np.bool_] = np.any(blocks, axis=2)
    if not kept.any():
        kept[0, 0] = True  # a constant without a byte would be taken for a tensor to be computed
    counts = kept.sum(axis=1)
    segments = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    indices = np.nonzero(kept)[1].astype(np.int32)
    return BlockSparse((rows, columns), np.ascontiguousarray(blocks[kept]), segments, indices)


def share_of_empty_blocks(weight: NDArray[np.float32]) -> float:
    """Of the 1x16 blocks of a float32 (O, I) matrix, how many are all zero; 0 if it has no such blocks."""
    rows, columns = weight.shape
    if columns % BLOCK or columns > MOST_COLUMNS:
        return 0.0
    return 1.0 - float(np.any(weight.reshape(rows, columns // BLOCK, BLOCK), axis=2).mean())


def prune_blocks(weight: NDArray[np.float32], sparsity: float) -> NDArray[np.float32]:
    """Zero the given share of the 1x16 blocks of a float32 (O, I) matrix, those of least magnitude."""
    rows, columns = weight.shape
    check_columns(columns)
    blocks = weight.reshape(rows, columns // BLOCK, BLOCK)
    weakest = np.argsort(np.abs(blocks).sum(axis=2).ravel(), kind="stable")
    kept = np.ones(weakest.size, bool)
    kept[weakest[: round(sparsity * weakest.size)]] = False
    return (blocks * kept.reshape(rows, -1, 1)).reshape(rows, columns).astype(np.float32)


def pad_columns(weight: NDArray[np.float32], multiple: int = BLOCK) -> NDArray[np.float32]:
    """Append columns of zeros until the columns of a float32 (O, I) matrix are a multiple."""
    return np.pad(weight, ((0, 0), (0, -weight.shape[1] % multiple)))
