"""A network link that can be cut: everything to a server on this machine goes through it, and is counted."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Sequence
from types import TracebackType

_READ_BYTES = 64 << 10


class Link:
    """Listens on a port of its own and hands bytes on, both ways, in one thread.

    Attributes:
        port: where to connect to, on 127.0.0.1.
        sent_bytes: what clients sent through it.
        received_bytes: what they got.
        connections: how many there have been.
    """

    def __init__(self, server_port: int) -> None:
        self.sent_bytes = self.received_bytes = self.connections = 0
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Lock()
        self._others: dict[socket.socket, tuple[socket.socket, bool]] = {}
        self._left_open: list[socket.socket] = []
        self._is_cut = self._holds = self._ended = False
        self._hold_at_bytes: int | None = None
        self._held = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._woken, self._waker = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="link")
        self._thread.start()

    def cut(self, tell_server: bool = True) -> None:
        """End all connections, and refuse new ones; without `tell_server` the server does not notice."""
        with self._lock:
            self._is_cut = True
            for side, (_, is_client) in list(self._others.items()):
                self._selector.unregister(side)
                if is_client or tell_server:
                    side.close()
                else:
                    self._left_open.append(side)
            self._others.clear()

    def hold(self, holds: bool = True) -> None:
        """Swallow everything, as a broken cable does, while all connections seem to stand."""
        with self._lock:
            self._holds = holds

    def hold_after(self, sent_bytes: int) -> threading.Event:
        """Swallow everything once clients have sent so much; the event tells when that begins."""
        with self._lock:
            self._hold_at_bytes, self._held = self.sent_bytes + sent_bytes, threading.Event()
            return self._held

    def mend(self) -> None:
        """Let new connections through."""
        with self._lock:
            self._is_cut = self._holds = False
            self._hold_at_bytes = None

    def __enter__(self) -> Link:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        self._waker.send(b"x")
        self._thread.join(10)
        self.cut()
        for each in (self._listener, self._woken, self._waker, *self._left_open):
            each.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._ended:
            self._take(self._selector.select())
        while ready := [each for each in self._selector.select(0) if each[0].fileobj in self._others]:
            self._take(ready)  # what was sent before the end is handed on, and counted

    def _take(self, ready: Sequence[tuple[selectors.SelectorKey, int]]) -> None:
        for key, _ in ready:
            with self._lock:
                if key.fileobj is self._listener:
                    self._accept()
                elif isinstance(key.fileobj, socket.socket) and key.fileobj in self._others:
                    self._hand_on(key.fileobj)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            if self._is_cut:
                raise ConnectionError
            server = socket.create_connection(("127.0.0.1", self._server_port), 5)
        except OSError:
            client.close()
            return
        self.connections += 1
        self._others |= {client: (server, True), server: (client, False)}
        for side in (client, server):
            self._selector.register(side, selectors.EVENT_READ)

    def _hand_on(self, side: socket.socket) -> None:
        other, from_client = self._others[side]
        try:
            data = side.recv(_READ_BYTES)
            if self._hold_at_bytes is not None and self.sent_bytes >= self._hold_at_bytes:
                self._holds = True
                self._held.set()
            if data and not self._holds:
                other.sendall(data)
        except OSError:
            data = b""
        if from_client:
            self.sent_bytes += len(data)
        else:
            self.received_bytes += len(data)
        if not data:
            for each in (side, other):
                with contextlib.suppress(KeyError):
                    self._selector.unregister(each)
                self._others.pop(each, None)
                each.close()
