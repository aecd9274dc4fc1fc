"""Where the weights lie in a `.tflite` file: enough of flatbuffers to follow its offsets, and no library.

Only the maker of a package reads this; a device gets byte ranges. A file that cannot be followed has no
weights, and is treated like any other file.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from alexa_local.generations.delta import BLOCK

FLOAT32, INT8 = 0, 9
"""Of TFLite's TensorType."""

_ROOT_MARK = b"TFL3"
_SUBGRAPHS, _BUFFERS = 2, 4  # fields of Model
_TENSORS = 0  # of SubGraph
_SHAPE, _TYPE, _BUFFER, _SPARSITY = 0, 1, 2, 6  # of Tensor
_DATA = 0  # of Buffer
_DIMENSIONS = 2  # of SparsityParameters
_SEGMENTS_TYPE, _SEGMENTS, _INDICES_TYPE, _INDICES = 2, 3, 4, 5  # of DimensionMetadata
_INDEX_TYPES = {1: "<i4", 2: "<u2", 3: "<u1"}  # of SparseIndexVector
_LEAST_BYTES = 64
_ITEM_BYTES = {FLOAT32: 4, INT8: 1}


@dataclass(frozen=True)
class Weights:
    """The bytes of one constant.

    Attributes:
        key: what it is in its file, the same in another generation: type, shape, and its number among equals.
        start: where it begins in the file.
        length: its bytes.
        blocks: int64, shape (N,): of a block-sparse matrix, which 1x16 blocks are stored; None when all are.
    """

    key: tuple[object, ...]
    start: int
    length: int
    blocks: NDArray[np.int64] | None = None

    @property
    def kind(self) -> object:
        """INT8 or FLOAT32."""
        return self.key[0]

    @property
    def end(self) -> int:
        """Where it ends in the file."""
        return self.start + self.length


def find_weights(data: bytes) -> list[Weights]:
    """The int8 and float32 constants of a file, in the order in which they lie; none in another file."""
    try:
        found = sorted(_constants(data), key=lambda one: one.start)
    except (struct.error, IndexError, KeyError, ValueError):
        return []
    apart = all(a.end <= b.start for a, b in pairwise(found))
    return found if apart and all(one.end <= len(data) for one in found) else []


def same_blocks(old: Weights, new: Weights) -> list[tuple[int | None, int]]:
    """Where each part of the new weights comes from: runs of (offset in the old file or None, bytes)."""
    if old.length == new.length and np.array_equal(old.blocks, new.blocks):  # type: ignore[arg-type]  # None is 0-d
        return [(old.start, old.length)]
    if old.blocks is None or new.blocks is None:
        return [(None, new.length)]
    places = np.searchsorted(old.blocks, new.blocks)
    there = np.append(old.blocks, -1)[places] == new.blocks
    places[~there] = -1
    # A run ends where the next block of the old file is another than the next one.
    breaks = np.flatnonzero(np.diff(places) != there[:-1]) + 1
    return [
        (None if run[0] < 0 else old.start + BLOCK * int(run[0]), BLOCK * len(run))
        for run in np.split(places, breaks)
    ]


def _constants(data: bytes) -> Iterator[Weights]:
    if data[4:8] != _ROOT_MARK:
        return
    model = _Table(data, _pointed(data, 0))
    buffers = model.tables(_BUFFERS)
    seen: set[int] = set()
    count: Counter[tuple[object, ...]] = Counter()
    for graph in model.tables(_SUBGRAPHS):
        for tensor in graph.tables(_TENSORS):
            number, kind = tensor.number(_BUFFER, "<I"), tensor.number(_TYPE, "<b")
            start, length = buffers[number].vector(_DATA)
            if number in seen or kind not in _ITEM_BYTES or length < _LEAST_BYTES:
                continue
            if length % _ITEM_BYTES[kind]:
                raise ValueError("a constant that ends within a number")
            seen.add(number)
            what = (kind, *tensor.array(_SHAPE, "<i4").tolist())
            count[what] += 1
            yield Weights((*what, count[what]), start, length, _stored_blocks(tensor, length))


def _stored_blocks(tensor: _Table, length: int) -> NDArray[np.int64] | None:
    sparsity = tensor.table(_SPARSITY)
    if sparsity is None:
        return None
    _, columns, _ = sparsity.tables(_DIMENSIONS)
    segments = columns.table(_SEGMENTS), _INDEX_TYPES[columns.number(_SEGMENTS_TYPE, "<B")]
    indices = columns.table(_INDICES), _INDEX_TYPES[columns.number(_INDICES_TYPE, "<B")]
    if segments[0] is None or indices[0] is None:
        raise ValueError("a sparse tensor without indices")
    bounds = segments[0].array(0, segments[1]).astype(np.int64)
    in_row = indices[0].array(0, indices[1]).astype(np.int64)
    blocks = np.repeat(np.arange(len(bounds) - 1), bounds[1:] - bounds[:-1]) << 32 | in_row
    if len(blocks) * BLOCK != length or np.any(np.diff(blocks) <= 0):
        raise ValueError("blocks in another order")
    return blocks


class _Table:
    """A flatbuffers table: its fields by number."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at
        self._fields = at - int(struct.unpack_from("<i", data, at)[0])
        if at < 0 or self._fields < 0:
            raise ValueError("an offset outside")

    def number(self, field: int, code: str) -> int:
        """A number; 0 by default."""
        place = self._place(field)
        return int(struct.unpack_from(code, self._data, place)[0]) if place else 0

    def table(self, field: int) -> _Table | None:
        """A table, or None."""
        place = self._place(field)
        return _Table(self._data, _pointed(self._data, place)) if place else None

    def vector(self, field: int) -> tuple[int, int]:
        """Where a vector's first entry lies, and how many it has."""
        place = self._place(field)
        if not place:
            return 0, 0
        start = _pointed(self._data, place)
        return start + 4, int(struct.unpack_from("<I", self._data, start)[0])

    def tables(self, field: int) -> list[_Table]:
        """A vector of tables."""
        start, count = self.vector(field)
        if count > len(self._data) // 4:
            raise ValueError("a vector longer than the file")
        return [_Table(self._data, _pointed(self._data, start + 4 * index)) for index in range(count)]

    def array(self, field: int, dtype: str) -> NDArray[np.generic]:
        """A vector of numbers."""
        start, count = self.vector(field)
        return np.frombuffer(self._data, dtype, count, start) if count else np.empty(0, dtype)

    def _place(self, field: int) -> int:
        (size,) = struct.unpack_from("<H", self._data, self._fields)
        if 4 + 2 * field >= size:
            return 0
        (offset,) = struct.unpack_from("<H", self._data, self._fields + 4 + 2 * field)
        return self._at + offset if offset else 0


def _pointed(data: bytes, at: int) -> int:
    return at + int(struct.unpack_from("<I", data, at)[0])
