"""Lattices in few bytes, for the wire.

    "AL"  version (1)  flags (bit 0: the body is deflated)  CRC-32 of the body as it is stored, little-endian
    body: varints
        milliseconds of the unit of time
        words: how many; UTF-8 bytes; the words, each after another with a NUL in between
        nodes: how many; for each but the first, its time less the one before
        arcs: how many; then one column after another: nodes from the last arc's start, nodes from its own
        start to its end, word, its beginning less its start node's time, its length, acoustic score, language
        score, bias score

Signed numbers are zigzag. Scores are in 1/32 nat; a sum of n of them is off by n/64 at most. Posteriors are
not in it: the reader reckons them from the scores, and so what is read is a lattice in any case.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from itertools import accumulate, pairwise
from math import gcd

from alexa_local.errors import LatticeError
from alexa_local.messages import Lattice, LatticeArc
from alexa_local.recognise.lattice import pruned, with_posteriors

MAGIC, VERSION = b"AL", 1
WIRE_BYTES = 1000
"""What a request's lattice should need at most."""

SCORE_UNITS = 32
"""Units in a nat."""

_HEADER = struct.Struct("<2sBBI")
_DEFLATED = 1
_MOST_BYTES = 4 << 20
"""A body that becomes larger than this is refused before it is read."""
_COLUMNS = 8


def to_bytes(lattice: Lattice) -> bytes:
    """Write a lattice."""
    times = [_ms(time_s) for time_s in lattice.times_s]
    spans = [(_ms(arc.start_s), _ms(arc.end_s)) for arc in lattice.arcs]
    unit = gcd(*times, *(time for span in spans for time in span)) or 1
    words = sorted({arc.word for arc in lattice.arcs})
    number = {word: at for at, word in enumerate(words)}
    text = "\0".join(words).encode()
    columns: list[Iterable[int]] = [
        (b - a for a, b in pairwise([0, *(arc.start for arc in lattice.arcs)])),
        (arc.end - arc.start for arc in lattice.arcs),
        (number[arc.word] for arc in lattice.arcs),
        (
            _zigzag((start - times[arc.start]) // unit)
            for arc, (start, _) in zip(lattice.arcs, spans, strict=True)
        ),
        (_zigzag((end - start) // unit) for start, end in spans),
        (_zigzag(round(arc.acoustic * SCORE_UNITS)) for arc in lattice.arcs),
        (_zigzag(round(arc.language * SCORE_UNITS)) for arc in lattice.arcs),
        (_zigzag(round(arc.bias * SCORE_UNITS)) for arc in lattice.arcs),
    ]
    body = _varints([unit, len(words), len(text)]) + text
    body += _varints([len(times), *(_zigzag((b - a) // unit) for a, b in pairwise(times)), len(lattice.arcs)])
    body += b"".join(map(_varints, columns))
    small = zlib.compressobj(9, wbits=-15)
    deflated = small.compress(body) + small.flush()
    flags, stored = (_DEFLATED, deflated) if len(deflated) < len(body) else (0, body)
    return _HEADER.pack(MAGIC, VERSION, flags, zlib.crc32(stored)) + stored


def to_bytes_within(lattice: Lattice, most_bytes: int) -> bytes:
    """Write a lattice without its least likely arcs, so that it needs no more bytes than these.

    The likeliest path stays, even if it alone needs more.
    """
    data, arcs = to_bytes(lattice), len(lattice.arcs)
    while len(data) > most_bytes:
        arcs = min(arcs - 1, arcs * most_bytes // len(data))
        smaller = pruned(lattice, most_arcs=arcs)
        if len(smaller.arcs) == len(lattice.arcs):
            break
        lattice, arcs = smaller, len(smaller.arcs)
        data = to_bytes(lattice)
    return data


def from_bytes(data: bytes) -> Lattice:
    """Read a lattice.

    Raises:
        LatticeError: it is none, was altered or cut short, or a newer program wrote it.
    """
    if len(data) < _HEADER.size or data[:2] != MAGIC:
        raise LatticeError("This is no lattice in the binary form. Give a file that ends in .lat.")
    _, version, flags, crc = _HEADER.unpack_from(data)
    if version != VERSION:
        raise LatticeError(f"The lattice has version {version}, not {VERSION}. Update the program.")
    stored = data[_HEADER.size :]
    if zlib.crc32(stored) != crc:
        raise LatticeError("The lattice was altered or cut short. Fetch or make it again.")
    try:
        return _read(_Numbers(_inflated(stored) if flags & _DEFLATED else stored))
    except (ValueError, IndexError, OverflowError, zlib.error) as error:
        raise LatticeError(f"The lattice is damaged ({error}). Make it again.") from error


def _inflated(stored: bytes) -> bytes:
    inflate = zlib.decompressobj(wbits=-15)
    body = inflate.decompress(stored, _MOST_BYTES)
    if not inflate.eof:
        raise ValueError("its body is too large or ends too early")
    return body


class _Numbers:
    """Reads varints; what is asked for is bounded by what is there."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def one(self) -> int:
        value = shift = 0
        while True:
            byte = self._body[self._at]
            self._at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 49:
                raise ValueError("a number is too large")

    def some(self, count: int) -> list[int]:
        """So many numbers, of a byte at least each."""
        self.check(count)
        return [self.one() for _ in range(count)]

    def raw(self, count: int) -> bytes:
        """So many bytes."""
        self.check(count)
        self._at += count
        return self._body[self._at - count : self._at]

    def check(self, count: int) -> None:
        """Refuse a count for which there are not enough bytes."""
        if count > len(self._body) - self._at:
            raise ValueError(f"it ends before {count} values")


def _read(numbers: _Numbers) -> Lattice:
    unit, word_count, text_bytes = numbers.some(3)
    words = numbers.raw(text_bytes).decode().split("\0")
    if len(words) != word_count:
        raise ValueError(f"it has {len(words)} words, not {word_count}")
    nodes = numbers.one()
    if nodes < 2:
        raise ValueError(f"it has {nodes} nodes")
    times = list(accumulate((_signed(step) for step in numbers.some(nodes - 1)), initial=0))
    count = numbers.one()
    numbers.check(count * _COLUMNS)
    starts = list(accumulate(numbers.some(count)))
    rows = zip(starts, *(numbers.some(count) for _ in range(_COLUMNS - 1)), strict=True)
    arcs = []
    for start, length, word, begin, lasting, acoustic, language, bias in rows:
        if not (length and start + length < nodes):
            raise ValueError(f"an arc leads from node {start} to {start + length} of {nodes}")
        first = times[start] + _signed(begin)
        scores = [_signed(score) / SCORE_UNITS for score in (acoustic, language, bias)]
        arcs.append(
            LatticeArc(
                start,
                start + length,
                words[word],
                _seconds(first, unit),
                _seconds(first + _signed(lasting), unit),
                *scores,
            )
        )
    return with_posteriors([_seconds(time, unit) for time in times], arcs)


def _ms(time_s: float) -> int:
    return round(time_s * 1000)


def _seconds(units: int, unit_ms: int) -> float:
    return round(units * unit_ms / 1000, 3)


def _zigzag(number: int) -> int:
    return number * 2 if number >= 0 else -number * 2 - 1


def _signed(number: int) -> int:
    return -(number + 1) // 2 if number & 1 else number // 2


def _varints(numbers: Iterable[int]) -> bytes:
    found = bytearray()
    for number in numbers:
        while number > 127:
            found.append(number & 127 | 128)
            number >>= 7
        found.append(number)
    return bytes(found)
