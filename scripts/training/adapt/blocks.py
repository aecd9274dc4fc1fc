"""Which 1x16 blocks may change when an update has few bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alexa_local.generations.delta import encode_steps
from alexa_local.tflite.sparse import BLOCK

Weights = Sequence[NDArray[np.int8]]
"""The int8 matrices (O, I) of a model."""


def block_sums(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums over the blocks of a matrix (O, I): (O, I // 16)."""
    rows, columns = values.shape
    return values.reshape(rows, columns // BLOCK, BLOCK).sum(axis=2)


def best_weights(paid: Sequence[NDArray[np.float32]], count: int) -> list[NDArray[np.bool_]]:
    """The weights of the `count` blocks, of all matrices', that paid most; none that paid nothing.

    Args:
        paid: for each matrix, what each weight's changes took from the loss, (O, I).
        count: how many blocks may change.

    Returns:
        For each matrix, bool (O, I).
    """
    sums = [block_sums(one) for one in paid]
    flat = np.concatenate([one.ravel() for one in sums])
    order = np.argsort(-flat, kind="stable")[:count]
    chosen = np.zeros(flat.size, bool)
    chosen[order[flat[order] > 0]] = True
    parts = np.split(chosen, np.cumsum([one.size for one in sums])[:-1])
    return [np.repeat(part.reshape(one.shape), BLOCK, axis=1) for part, one in zip(parts, sums, strict=True)]


def kept(before: Weights, after: Weights, chosen: Sequence[NDArray[np.bool_]]) -> list[NDArray[np.int8]]:
    """What is left of a change when the rest stays as it was."""
    return [np.where(which, new, old) for old, new, which in zip(before, after, chosen, strict=True)]


def coded_bytes(before: Weights, after: Weights) -> int:
    """What the weights' changes take in a package."""
    return sum(
        len(encode_steps(old.tobytes(), new.tobytes()))
        for old, new in zip(before, after, strict=True)
        if not np.array_equal(old, new)
    )


def affordable(
    before: Weights, after: Weights, paid: Sequence[NDArray[np.float32]], budget_bytes: float
) -> list[NDArray[np.bool_]]:
    """The weights of the blocks that paid most, as many as the budget has room for the changes of."""
    low, high = 0, sum(one.size for one in before) // BLOCK
    while high - low > max(1, high // 200):  # a half of a percent of the blocks is near enough
        count = (low + high + 1) // 2
        is_enough = coded_bytes(before, kept(before, after, best_weights(paid, count))) <= budget_bytes
        low, high = (count, high) if is_enough else (low, count - 1)
    return best_weights(paid, low)
