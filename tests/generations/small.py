"""A network of random weights, and others near it."""

from __future__ import annotations

import numpy as np
import pytest

from alexa_local.tflite.sparse import pack_blocks
from alexa_local.tflite.writer import Graph


def network(seed: int = 1, moved: float = 0.0, float_moved: float = 0.0, pruned: int = 0) -> bytes:
    """A network of random weights, of which some are moved by a step, and some more rows pruned."""
    pytest.importorskip("ai_edge_litert")
    chance, change = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    graph = Graph()
    x = graph.input("x", (1, 256))
    weights = chance.integers(-100, 100, (128, 256))
    weights += (change.random(weights.shape) < moved) * change.choice([-1, 1], weights.shape)
    hidden = graph.fully_connected(x, graph.constant(weights, "int8"))
    sparse = chance.integers(-100, 100, (64, 128)) * (chance.random((64, 8)) < 0.5).repeat(16, axis=1)
    sparse[:pruned] = 0
    hidden = graph.fully_connected(hidden, graph.sparse_constant(pack_blocks(sparse.astype(np.int8))))
    bias = chance.normal(size=(1, 64)).astype(np.float32)
    bias += np.float32(1e-4) * (change.random(bias.shape) < float_moved)
    graph.output("y", graph.add(hidden, graph.constant(bias)))
    return graph.to_bytes()


def large_network(moved: int = 0) -> bytes:
    """4 MB of weights, every one of which is moved by so many steps at most."""
    pytest.importorskip("ai_edge_litert")
    weights = np.random.default_rng(1).integers(-100, 100, (2048, 2048), np.int8)
    weights += np.random.default_rng(2).integers(-moved, moved + 1, weights.shape, np.int8)
    graph = Graph()
    x = graph.input("x", (1, 2048))
    graph.output("y", graph.fully_connected(x, graph.constant(weights, "int8")))
    return graph.to_bytes()
