"""Making packages, where there is time and memory: each part of a file is stored in the shortest way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import zstandard

from alexa_local.errors import StorageError, UpdateError
from alexa_local.generations.delta import LEVEL, encode_floats, encode_steps
from alexa_local.generations.folders import files_of, version_of
from alexa_local.generations.manifest import DELTA, FULL, KINDS, Package, digest_of
from alexa_local.generations.packages import in_order
from alexa_local.generations.pieces import (
    COPY,
    FLOATS,
    MARK,
    PATCH,
    PIECE_BYTES,
    STEPS,
    STORED,
    WEIGHTS_BYTES,
    Piece,
    Run,
)
from alexa_local.generations.weights import INT8, Weights, find_weights, same_blocks

_AROUND_BYTES = PIECE_BYTES // 2
"""How far bytes of a patched file may have moved."""


def make_package(kind: str, old: Path | None, new: Path, out: Path) -> Package:
    """Write a package, and say what the manifest says of it.

    Args:
        kind: of `manifest.KINDS`.
        old: the folder of the generation that it builds upon; None for a full one.
        new: the folder that it leads to.
        out: the file to be written.

    Raises:
        UpdateError: a folder is no model's.
        StorageError: the package cannot be written.
    """
    if kind not in KINDS or (old is None) != (kind == FULL):
        raise UpdateError(f"No package of the kind {kind!r} upon {old}. A full one builds upon nothing.")
    old_files = {} if old is None else files_of(old)
    sha256, length = hashlib.sha256(), 0
    try:
        with out.open("wb") as stream:
            for data in _package(kind, old, set(old_files), new):
                sha256.update(data)
                length += stream.write(data)
    except OSError as error:
        raise StorageError(
            f"The package {out} cannot be made ({error.strerror}). Name another folder."
        ) from error
    base = (None, "") if old is None else (version_of(old), digest_of(old_files))
    return Package(kind, sha256.hexdigest(), length, *base)


def _package(kind: str, old: Path | None, old_names: set[str], new: Path) -> Iterator[bytes]:
    yield MARK
    for name in in_order(iter(files_of(new))):
        before = (old / name).read_bytes() if old is not None and name in old_names else b""
        for piece in _joined(_file(kind, before, (new / name).read_bytes())):
            yield piece.to_bytes()


def _file(kind: str, old: bytes, new: bytes) -> Iterator[Piece]:
    if kind != DELTA:
        yield from _patched(old, 0, len(old), new)
        return
    known = {one.key: one for one in find_weights(old)}
    pairs = [(known[one.key], one) for one in find_weights(new) if one.key in known]
    old_at = new_at = 0
    for before, after in pairs:
        yield from _patched(old, old_at, max(before.start, old_at), new[new_at : after.start])
        yield from _weights(old, before, new, after)
        old_at, new_at = before.end, after.end
    yield from _patched(old, old_at, len(old), new[new_at:])


def _patched(old: bytes, begin: int, end: int, new: bytes) -> Iterator[Piece]:
    """Pieces for bytes that are likely to be like old[begin:end]."""
    if new and old[begin:end] == new:
        yield Piece(COPY, len(new), ((begin, len(new)),))
        return
    for at in range(0, len(new), PIECE_BYTES):
        part = new[at : at + PIECE_BYTES]
        start = max(begin, min(begin + at - _AROUND_BYTES, end))
        stop = max(start, min(begin + at + PIECE_BYTES + _AROUND_BYTES, end))
        yield min(_ways(old, start, stop, part), key=_size)


def _ways(old: bytes, start: int, stop: int, new: bytes) -> Iterator[Piece]:
    yield Piece(STORED, len(new), (), zstandard.ZstdCompressor(level=LEVEL).compress(new))
    if stop > start:
        base = zstandard.ZstdCompressionDict(old[start:stop], zstandard.DICT_TYPE_RAWCONTENT)
        window = zstandard.ZstdCompressionParameters.from_level(
            LEVEL, source_size=len(new), dict_size=stop - start, window_log=23
        )
        payload = zstandard.ZstdCompressor(compression_params=window, dict_data=base).compress(new)
        yield Piece(PATCH, len(new), ((start, stop - start),), payload)


def _weights(old: bytes, before: Weights, new: bytes, after: Weights) -> Iterator[Piece]:
    """Pieces for the weights of one constant."""
    kind, encode = (STEPS, encode_steps) if after.kind == INT8 else (FLOATS, encode_floats)
    runs = same_blocks(before, after)
    for at in range(0, after.length, WEIGHTS_BYTES):
        part = new[after.start + at : min(after.start + at + WEIGHTS_BYTES, after.end)]
        here = tuple(_cut(runs, at, len(part)))
        base = b"".join(
            bytes(length) if start is None else old[start : start + length] for start, length in here
        )
        if base == part:
            yield Piece(COPY, len(part), here)
            continue
        stored = Piece(STORED, len(part), (), zstandard.ZstdCompressor(level=LEVEL).compress(part))
        yield min(Piece(kind, len(part), here, encode(base, part)), stored, key=_size)


def _cut(runs: list[Run], begin: int, length: int) -> Iterator[Run]:
    """The runs of the bytes from `begin` on."""
    at = 0
    for start, run_length in runs:
        first, last = max(begin, at), min(begin + length, at + run_length)
        if first < last:
            yield None if start is None else start + first - at, last - first
        at += run_length


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The same pieces, with copies of neighbouring bytes made one."""
    waiting: Piece | None = None
    for piece in pieces:
        if waiting is not None and piece.kind == COPY and len(waiting.runs) == len(piece.runs) == 1:
            (start, length), (next_start, next_length) = waiting.runs[0], piece.runs[0]
            if start is not None and next_start == start + length:
                waiting = Piece(COPY, length + next_length, ((start, length + next_length),))
                continue
        if waiting is not None:
            yield waiting
        waiting = None
        if piece.kind == COPY:
            waiting = piece
        else:
            yield piece
    if waiting is not None:
        yield waiting


def _size(piece: Piece) -> int:
    return len(piece.to_bytes())
