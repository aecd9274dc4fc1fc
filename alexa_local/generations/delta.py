"""Differences between two versions of the same weights, as few bytes as their changes are worth.

What training moves of an int8 weight is a step or two, of few weights or of few 1x16 blocks. So these are
told apart, each in a stream of its own that zstandard's entropy coder (Huffman, FSE) gets near its limit:
which blocks changed, which of their weights, which way, and how far beyond one step.
"""

from __future__ import annotations

import struct

import numpy as np
import zstandard
from numpy.typing import NDArray

from alexa_local.errors import UpdateError

BLOCK = 16
"""Weights in a block, as in the sparse layers."""

LEVEL = 19
_STREAM = struct.Struct("<BII")
_RAW, _ZSTD = 0, 1
_BITS, _GAPS = 0, 1
_FAR = 255
_PLANES = 4

Bytes = NDArray[np.uint8]


def encode_steps(old: bytes, new: bytes) -> bytes:
    """How int8 weights became others; of the same number."""
    moved = (_array(new) - _array(old)).view(np.int8)
    moved = np.pad(moved, (0, -len(moved) % BLOCK))
    changed: NDArray[np.bool_] = np.any(moved.reshape(-1, BLOCK), axis=1)
    return min((_encode_steps(moved, blocks) for blocks in (changed, np.ones_like(changed))), key=len)


def decode_steps(old: bytes, coded: bytes) -> bytes:
    """The weights that `encode_steps` was given as new.

    Raises:
        UpdateError: the code is damaged.
    """
    streams = _Streams(coded, most_bytes=2 * len(old) + 2 * BLOCK)
    blocks = streams.positions(-(-len(old) // BLOCK))
    inside = streams.positions(len(blocks) * BLOCK)
    negative = streams.bits(len(inside))
    far = streams.positions(len(inside))
    beyond = streams.numbers(len(far))
    streams.end()
    steps = np.ones(len(inside), np.uint8)
    steps[far] += beyond + np.uint8(1)
    np.negative(steps, out=steps, where=negative)
    new = np.pad(_array(old), (0, -len(old) % BLOCK))
    new[blocks[inside // BLOCK] * BLOCK + inside % BLOCK] += steps
    return new[: len(old)].tobytes()


def encode_floats(old: bytes, new: bytes) -> bytes:
    """How float32 values became others, of the same number: differences in their order, byte by byte."""
    change = (_ordered(new) - _ordered(old)).view(np.int32)
    zigzag = ((change << 1) ^ (change >> 31)).astype("<u4")
    return b"".join(_pack(plane.tobytes()) for plane in zigzag.view(np.uint8).reshape(-1, _PLANES).T)


def decode_floats(old: bytes, coded: bytes) -> bytes:
    """The values that `encode_floats` was given as new.

    Raises:
        UpdateError: the code is damaged.
    """
    count, left = divmod(len(old), _PLANES)
    if left:
        raise damaged("floats of another length")
    streams = _Streams(coded, most_bytes=count)
    planes = np.stack([streams.numbers(count) for _ in range(_PLANES)], axis=1)  # 4 of (N,) -> (N, 4)
    streams.end()
    zigzag = np.ascontiguousarray(planes).view("<u4")[:, 0]
    ordered = _ordered(old) + ((zigzag >> 1) ^ -(zigzag & 1))
    top = np.uint32(1 << 31)
    return np.where(ordered & top, ordered ^ top, ~ordered).astype("<u4").tobytes()


def _encode_steps(moved: NDArray[np.int8], blocks: NDArray[np.bool_]) -> bytes:
    weights = moved.reshape(-1, BLOCK)[blocks].ravel()
    inside = weights != 0
    steps = weights[inside].astype(np.int16)
    beyond = np.abs(steps) - 2
    return b"".join(
        [
            _pack_positions(blocks),
            _pack_positions(inside),
            _pack(np.packbits(steps < 0).tobytes()),
            _pack_positions(beyond >= 0),
            _pack(beyond[beyond >= 0].astype(np.uint8).tobytes()),
        ]
    )


def _pack_positions(mask: NDArray[np.bool_]) -> bytes:
    """Where a mask is true: as its bits, or as the gaps between, whichever is shorter."""
    gaps = np.diff(np.flatnonzero(mask), prepend=-1) - 1
    codes = np.full(int((gaps // _FAR + 1).sum()), _FAR, np.uint8)
    codes[np.cumsum(gaps // _FAR + 1) - 1] = gaps % _FAR
    as_bits = bytes([_BITS]) + _pack(np.packbits(mask).tobytes())
    as_gaps = bytes([_GAPS]) + _pack(codes.tobytes())
    return min(as_bits, as_gaps, key=len)


def _pack(data: bytes) -> bytes:
    """A stream: there is little to repeat in it, so matches are hardly looked for, and only long ones."""
    search = zstandard.ZstdCompressionParameters.from_level(
        LEVEL, source_size=len(data), search_log=1, min_match=7, strategy=zstandard.STRATEGY_BTOPT
    )
    packed = zstandard.ZstdCompressor(compression_params=search).compress(data)
    if len(packed) < len(data):
        return _STREAM.pack(_ZSTD, len(data), len(packed)) + packed
    return _STREAM.pack(_RAW, len(data), len(data)) + data


def unpack(packed: bytes, length: int, base: bytes = b"") -> bytes:
    """Decompress one zstandard frame of known length; `base` is what it may refer to.

    Raises:
        UpdateError: the frame is damaged, or says another length.
    """
    try:
        if zstandard.frame_content_size(packed) != length:
            raise damaged("a frame of another length")
        dictionary = zstandard.ZstdCompressionDict(base, zstandard.DICT_TYPE_RAWCONTENT) if base else None
        data = zstandard.ZstdDecompressor(dict_data=dictionary).decompress(packed) if length else b""
    except (zstandard.ZstdError, MemoryError) as error:
        raise damaged(str(error)) from error
    if len(data) != length:
        raise damaged("a frame that ends early")
    return data


def damaged(fact: str) -> UpdateError:
    """What every fault in a package is reported as."""
    return UpdateError(f"The update's package is damaged ({fact}). Fetch it again, or publish it again.")


class _Streams:
    """Reads a code's streams one after the other, and believes no length."""

    def __init__(self, coded: bytes, most_bytes: int) -> None:
        self._coded, self._at, self._most_bytes = memoryview(coded), 0, most_bytes

    def positions(self, among: int) -> NDArray[np.int32]:
        """Indices below `among`, rising."""
        kind = self._take(1)[0]
        data = self._next()
        if kind == _BITS:
            return np.flatnonzero(_bits(data, among)).astype(np.int32)
        codes = _array(data)
        ends = np.cumsum(np.where(codes == _FAR, _FAR, codes + np.int32(1)), dtype=np.int32)
        found = ends[codes != _FAR] - 1
        if kind != _GAPS or (len(found) and found[-1] >= among):
            raise damaged("positions outside")
        return found

    def bits(self, count: int) -> NDArray[np.bool_]:
        """So many booleans."""
        return _bits(self._next(), count)

    def numbers(self, count: int) -> Bytes:
        """So many bytes."""
        data = self._next()
        if len(data) != count:
            raise damaged("a stream of another length")
        return _array(data)

    def end(self) -> None:
        """There is nothing more."""
        if self._at != len(self._coded):
            raise damaged("extra bytes")

    def _next(self) -> bytes:
        kind, length, packed_length = _STREAM.unpack(self._take(_STREAM.size))
        if length > self._most_bytes:
            raise damaged("a stream that is too long")
        packed = bytes(self._take(packed_length))
        if kind == _ZSTD:
            return unpack(packed, length)
        if kind != _RAW or packed_length != length:
            raise damaged("an unknown stream")
        return packed

    def _take(self, length: int) -> memoryview:
        taken = self._coded[self._at : self._at + length]
        if len(taken) != length:
            raise damaged("it ends early")
        self._at += length
        return taken


def _bits(data: bytes, count: int) -> NDArray[np.bool_]:
    if len(data) != -(-count // 8):
        raise damaged("a mask of another length")
    return np.unpackbits(_array(data), count=count).astype(np.bool_)


def _array(data: bytes) -> Bytes:
    return np.frombuffer(data, np.uint8)


def _ordered(data: bytes) -> NDArray[np.uint32]:
    """float32 values as whole numbers in the same order, uint32, shape (N,)."""
    raw = np.frombuffer(data, "<u4")
    top = np.uint32(1 << 31)
    return np.where(raw & top, ~raw, raw | top).astype(np.uint32)
