"""A checksum at a model file's end, because tflite-runtime 2.14 crashes the process on a damaged file.

It also tells our writer's files from others: neither runtime notices when a file breaks the writer's rules.
The last 8 bytes are "SEAL" and the CRC-32 (little-endian) of all before them; the runtimes do not read them.
The sha256 in a manifest is what guards against a file that was altered on purpose.
"""

from __future__ import annotations

import struct
import zlib

_MARK = b"SEAL"
_TAIL = struct.Struct("<4sI")


def seal(data: bytes) -> bytes:
    """A model file's bytes with the checksum appended."""
    return data + _TAIL.pack(_MARK, zlib.crc32(data))


def is_sealed(data: bytes) -> bool:
    """Whether the file ends with a checksum that fits the rest of it."""
    body = memoryview(data)[: -_TAIL.size]
    return data[-_TAIL.size :] == _TAIL.pack(_MARK, zlib.crc32(body))
