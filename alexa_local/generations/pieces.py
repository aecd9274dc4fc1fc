"""The inside of a package: a mark, then for each file, by name with manifest.json last, pieces in order.

A piece makes the next bytes of the new file: from stored bytes, from bytes of the old file of the same
name, or from both. It has a header, then the runs of the old file that it needs, then its payload.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import zstandard

from alexa_local.generations.delta import LEVEL, damaged, decode_floats, decode_steps, unpack
from alexa_local.generations.manifest import MOST_FILE_BYTES

MARK = b"ALG1"
COPY, STORED, PATCH, STEPS, FLOATS = range(5)
"""Pieces: old bytes as they are; stored bytes; both, by zstandard; and what `delta` does with weights."""

PIECE_BYTES = 2 << 20
WEIGHTS_BYTES = 512 << 10
"""What a piece makes at most, and one of weights, so that memory stays small; a copy may be longer."""

_BASE_BYTES = 2 * PIECE_BYTES
_PAYLOAD_SLACK_BYTES = 64 << 10
_COPY_BYTES = 256 << 10
_HEADER = struct.Struct("<BIIII")
_RUN = struct.Struct("<II")
_MOST_RUNS = WEIGHTS_BYTES // 16
_NOWHERE = (1 << 32) - 1

Run = tuple[int | None, int]
"""Bytes of the old file: where they begin (None: zeros that are in no file), and how many."""


@dataclass(frozen=True)
class Piece:
    """One piece, as it is stored.

    Attributes:
        kind: of COPY, STORED, PATCH, STEPS and FLOATS.
        length: the bytes of the new file that it makes.
        runs: what it needs of the old file.
        payload: what it needs else.
    """

    kind: int
    length: int
    runs: tuple[Run, ...] = ()
    payload: bytes = b""

    def to_bytes(self) -> bytes:
        """Header, runs and payload."""
        runs = b"".join(
            _RUN.pack(_NOWHERE if start is None else start, length) for start, length in self.runs
        )
        packed = min(runs, zstandard.compress(runs, LEVEL), key=len)
        header = _HEADER.pack(self.kind, self.length, len(self.runs), len(packed), len(self.payload))
        return header + packed + self.payload


class OldFile:
    """The file that pieces build upon; knows how long it is, and reads nothing outside."""

    def __init__(self, stream: BinaryIO | None, length: int) -> None:
        self._stream, self._length = stream, length

    def read(self, start: int | None, length: int) -> bytes:
        """Some of its bytes."""
        if start is None:
            return bytes(length)
        if self._stream is None or start + length > self._length:
            raise damaged("bytes outside the old file")
        self._stream.seek(start)
        data = self._stream.read(length)
        if len(data) != length:
            raise damaged("the old file became shorter")
        return data


def read_pieces(package: BinaryIO, length: int) -> Iterator[Piece]:
    """The pieces of one file, from where the package is read.

    Args:
        package: open where the file's first piece begins; afterwards where the next file's does.
        length: the bytes of the new file.

    Raises:
        UpdateError: the package ends early, or a piece breaks a limit.
    """
    while length:
        kind, makes, run_count, runs_bytes, payload_bytes = _HEADER.unpack(_exactly(package, _HEADER.size))
        if not 0 < makes <= min(length, _most(kind)):
            raise damaged("a piece of a length that cannot be")
        most_payload = 0 if kind == COPY else makes + _PAYLOAD_SLACK_BYTES
        if payload_bytes > most_payload or run_count > _MOST_RUNS:
            raise damaged("a piece that is too large")
        if runs_bytes > run_count * _RUN.size:
            raise damaged("runs that are too long")
        runs = _read_runs(_exactly(package, runs_bytes), run_count)
        needed = sum(run_length for _, run_length in runs)
        if needed > (makes if kind == COPY else _BASE_BYTES) or (
            kind not in (STORED, PATCH) and needed != makes
        ):
            raise damaged("a piece upon bytes of another length")
        yield Piece(kind, makes, runs, _exactly(package, payload_bytes))
        length -= makes


def make_bytes(piece: Piece, old: OldFile) -> Iterator[bytes]:
    """The bytes of the new file that a piece makes.

    Raises:
        UpdateError: the piece is damaged.
    """
    if piece.kind == COPY:
        for start, length in piece.runs:
            for at in range(0, length, _COPY_BYTES):
                yield old.read(None if start is None else start + at, min(_COPY_BYTES, length - at))
        return
    base = b"".join(old.read(start, length) for start, length in piece.runs)
    data = _DECODERS[piece.kind](base, piece)
    if len(data) != piece.length:
        raise damaged("a piece that makes another length")
    yield data


_DECODERS: dict[int, Callable[[bytes, Piece], bytes]] = {
    STORED: lambda _base, piece: unpack(piece.payload, piece.length),
    PATCH: lambda base, piece: unpack(piece.payload, piece.length, base),
    STEPS: lambda base, piece: decode_steps(base, piece.payload),
    FLOATS: lambda base, piece: decode_floats(base, piece.payload),
}


def _most(kind: int) -> int:
    """The bytes that a piece of this kind makes at most; 0 for what is no kind."""
    most = {COPY: MOST_FILE_BYTES, STORED: PIECE_BYTES, PATCH: PIECE_BYTES}
    return most.get(kind, WEIGHTS_BYTES if kind in (STEPS, FLOATS) else 0)


def _read_runs(packed: bytes, count: int) -> tuple[Run, ...]:
    size_bytes = count * _RUN.size
    runs = packed if len(packed) == size_bytes else unpack(packed, size_bytes)
    return tuple((None if start == _NOWHERE else start, length) for start, length in _RUN.iter_unpack(runs))


def _exactly(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) != length:
        raise damaged("it ends early")
    return data
