"""A journald of a test: takes entries of the native protocol where libsystemd sends them.

Run it as `python -m alexa_local.testing.journal OUTPUT COMMAND...` within `unshare --mount`: the folder /run
is covered there, the command's output goes to what $JOURNAL_STREAM names, and each entry becomes a line of
JSON in OUTPUT.
"""

from __future__ import annotations

import array
import json
import mmap
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TextIO

_SOCKET = Path("/run/systemd/journal/socket")
_LONGEST_BYTES = 1 << 20


def parse_entry(entry: bytes) -> dict[str, str]:
    """The fields of one entry: `NAME=value` lines, or a name, a little-endian length and as many bytes."""
    fields, rest = {}, entry
    while rest:
        line, _, rest = rest.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            length = int.from_bytes(rest[:8], "little")
            value, rest = rest[8 : 8 + length], rest[8 + length + 1 :]
        fields[name.decode()] = value.decode()
    return fields


class FakeJournal:
    """Writes what it is sent to `out`, until it is closed."""

    def __init__(self, path: Path, out: TextIO) -> None:
        self._out = out
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """Take what was sent so far, and end."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.connect(self._socket.getsockname())
            end.send(b"\n")
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while (entry := self._next()) != b"\n":
            self._out.write(json.dumps(parse_entry(entry)) + "\n")

    def _next(self) -> bytes:
        """The next entry; a large one comes as a file descriptor."""
        data, attached, *_ = self._socket.recvmsg(_LONGEST_BYTES, socket.CMSG_SPACE(4))
        for _, _, descriptors in attached:
            numbers = array.array("i", descriptors)
            with mmap.mmap(numbers[0], 0, prot=mmap.PROT_READ) as memory:
                data = bytes(memory)
            os.close(numbers[0])
        return data


def main(output: str, *command: str) -> int:
    """Run the command with a journal; returns its exit status."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    _SOCKET.parent.mkdir(parents=True)
    stream, ours = socket.socketpair()
    about = os.fstat(stream.fileno())
    env = {**os.environ, "JOURNAL_STREAM": f"{about.st_dev}:{about.st_ino}"}
    with Path(output).open("w", encoding="utf-8") as out, ours:
        end = stream.fileno()
        journal = FakeJournal(_SOCKET, out)
        plain = threading.Thread(target=_copy_lines, args=(ours, out))
        plain.start()
        try:
            with stream:
                return subprocess.run(command, env=env, stdout=end, stderr=end, check=False).returncode
        finally:
            journal.close()
            plain.join()


def _copy_lines(ours: socket.socket, out: TextIO) -> None:
    """Write what was printed and did not come as an entry."""
    with ours.makefile(encoding="utf-8") as lines:
        for line in lines:
            out.write(json.dumps({"UNSTRUCTURED": line}) + "\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
