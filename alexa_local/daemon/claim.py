"""One daemon to a socket: a lock decides who holds it, so that what a crash left behind is no obstacle."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
from pathlib import Path

from alexa_local.errors import AlreadyRunning, ConfigError, StorageError

_LONGEST_BYTES = 107  # of sockaddr_un.sun_path, without its final zero


class Claim:
    """The held lock and the listening socket, until `close`."""

    def __init__(self, path: Path) -> None:
        """Take the socket at `path`.

        Raises:
            AlreadyRunning: another daemon holds it.
            ConfigError: no socket can be at such a path.
            StorageError: its folder cannot be written to.
        """
        self.path = path
        if len(os.fsencode(path)) > _LONGEST_BYTES:
            raise ConfigError(
                f"The socket's path {path} is longer than {_LONGEST_BYTES} bytes. Set `daemon.socket`."
            )
        try:
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._lock = self._take_lock(path.with_name(path.name + ".lock"))
            try:
                self.listener = self._listen(path)
            except BaseException:
                os.close(self._lock)
                raise
        except OSError as error:
            raise StorageError(
                f"The control socket {path} cannot be made ({error.strerror}). "
                "Set `daemon.socket` to a path in a folder that you may write to."
            ) from error

    @staticmethod
    def _take_lock(path: Path) -> int:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(lock)
            raise AlreadyRunning(
                f"Another daemon (process {holder}) holds {path.with_suffix('')}. "
                "Stop it with `alexa-local stop`, or give this one a `daemon.socket` of its own."
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        return lock

    @staticmethod
    def _listen(path: Path) -> socket.socket:
        if path.exists() and not stat.S_ISSOCK(path.stat().st_mode):
            raise ConfigError(f"{path} is no socket. Move it away, or set `daemon.socket` to another path.")
        path.unlink(missing_ok=True)  # nobody listens there: we hold the lock
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        before = os.umask(0o177)  # nobody else, from the first moment on
        try:
            listener.bind(str(path))
        except OSError:
            listener.close()
            raise
        finally:
            os.umask(before)
        path.chmod(0o660)
        listener.listen(16)
        return listener

    def close(self) -> None:
        """Remove the socket; the lock's file stays, since removing it would let two daemons hold one."""
        self.listener.close()
        self.path.unlink(missing_ok=True)
        os.close(self._lock)
