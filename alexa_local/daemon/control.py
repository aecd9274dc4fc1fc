"""The control socket's server: one thread, JSON lines, and no client can hold it up.

A request is one line such as {"command": "say", "text": "stop"}; its answer is one line, {"ok": true, ...}
or {"ok": false, "error": "...", "code": 64}. After {"command": "events"} every event follows as a line.
Clients who send nonsense are told so, clients who do not read lose events, and clients who vanish
are forgotten.
"""

from __future__ import annotations

import concurrent.futures
import json
import logging
import select
import selectors
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from alexa_local.daemon.events import EventBus, Subscription, as_json
from alexa_local.errors import AlexaLocalError, Stopping, UsageError

_log = logging.getLogger(__name__)

LONGEST_REQUEST_BYTES = 4 << 20
"""A request above this is refused; importing ten thousand contacts stays below."""

_MOST_CLIENTS = 32
_FULL_OUTBOX_BYTES = 64 << 10
_IDLE_S = 60.0
_READ_BYTES = 64 << 10
_FINISH_S = 2.0
_STOPPING = "The daemon is stopping and did not do that. Start it and try again."

Answer = Mapping[str, Any]
Command = Callable[[Mapping[str, Any]], "Answer | Future[Answer]"]
"""Takes the request, returns the answer or its promise; UsageError when the request lacks something."""


class _Client:
    """One connection: what it sent and did not get answered, and what it was not sent yet."""

    def __init__(self, connection: socket.socket, now_s: float) -> None:
        self.connection = connection
        self.inbox = bytearray()
        self.outbox = bytearray()
        self.waiting: Future[Answer] | None = None
        self.subscription: Subscription | None = None
        self.lost_told = 0
        self.closing = False
        self.active_s = now_s

    def send(self, answer: Mapping[str, Any]) -> None:
        self.outbox += json.dumps(answer, ensure_ascii=False, default=str).encode() + b"\n"

    def refuse(self, error: AlexaLocalError) -> None:
        self.send({"ok": False, "error": str(error), "code": error.exit_code})

    def mask(self) -> int:
        """What to wait for; never nothing, as a closing client with nothing to send is forgotten."""
        return (0 if self.closing else selectors.EVENT_READ) | (selectors.EVENT_WRITE if self.outbox else 0)

    def fill_from_subscription(self) -> None:
        """Move events to the outbox while it has room; the rest wait in the queue, which drops and counts."""
        if not self.subscription or len(self.outbox) >= _FULL_OUTBOX_BYTES:
            return
        lost = self.subscription.queue.dropped - self.lost_told
        if lost:
            self.lost_told += lost
            self.send({"event": "events_lost", "time_s": round(time.time(), 3), "count": lost})
        for event in self.subscription.queue.drain(64):
            self.send(as_json(event))


class ControlServer:
    """Answers the clients of `listener` in `run`, until `stop`."""

    def __init__(
        self,
        listener: socket.socket,
        commands: Mapping[str, Command],
        bus: EventBus,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listener = listener
        self._commands = commands
        self._bus = bus
        self._clock = clock
        self._clients: dict[socket.socket, _Client] = {}
        self._selector = selectors.DefaultSelector()
        self._waker, self._woken = socket.socketpair()
        for end in (self._waker, self._woken):
            end.setblocking(False)
        self._stopping = False

    def stop(self) -> None:
        """Make `run` return, from any thread."""
        self._stopping = True
        self.wake()

    def wake(self) -> None:
        """Make `run` look at promises and subscriptions again, from any thread."""
        try:
            self._waker.send(b"\0")
        except OSError:
            pass  # full: it is awake already; closed: it is over

    def run(self) -> None:
        """Serve until `stop`."""
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        while not self._stopping:
            for key, events in self._selector.select(timeout=_IDLE_S / 4):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._woken:
                    self._woken.recv(4096)
                else:
                    self._serve(self._clients[key.fileobj], events)  # type: ignore[index]
            for client in list(self._clients.values()):
                self._advance(client)
        self._farewell()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError as error:  # it went away again, or we are out of descriptors
            _log.warning("A client of the control socket could not be accepted: %s", error)
            return
        connection.setblocking(False)
        client = _Client(connection, self._clock())
        self._clients[connection] = client
        self._selector.register(connection, selectors.EVENT_READ)
        if len(self._clients) > _MOST_CLIENTS:
            client.refuse(AlexaLocalError("Too many clients are connected to the daemon. Try again later."))
            client.closing = True

    def _serve(self, client: _Client, events: int) -> None:
        client.active_s = self._clock()
        try:
            if events & selectors.EVENT_READ:
                data = client.connection.recv(_READ_BYTES)
                if not data:
                    self._forget(client)
                    return
                client.inbox += data if not client.closing else b""
            if events & selectors.EVENT_WRITE:
                del client.outbox[: client.connection.send(client.outbox)]
        except BlockingIOError:
            pass
        except OSError:
            self._forget(client)

    def _advance(self, client: _Client) -> None:
        """Answer what can be answered now, and wait for the right things next."""
        if client.connection not in self._clients:
            return
        if client.waiting and client.waiting.done():
            self._settle(client, client.waiting)
        while not client.waiting and not client.closing and b"\n" in client.inbox and not client.outbox:
            line, _, rest = client.inbox.partition(b"\n")
            client.inbox = bytearray(rest)
            self._request(client, bytes(line))
        if len(client.inbox) > LONGEST_REQUEST_BYTES and not client.closing:
            client.refuse(UsageError(f"A request is longer than {LONGEST_REQUEST_BYTES} bytes. Split it."))
            client.inbox.clear()
            client.closing = True
        client.fill_from_subscription()
        idle = not (client.waiting or client.subscription) and self._clock() - client.active_s > _IDLE_S
        if idle or (client.closing and not client.outbox):
            self._forget(client)
        else:
            self._selector.modify(client.connection, client.mask())

    def _request(self, client: _Client, line: bytes) -> None:
        try:
            request = json.loads(line)
            if not isinstance(request, dict) or not isinstance(request.get("command"), str):
                raise ValueError
        except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
            client.refuse(
                UsageError('That is no request. Send one JSON object a line, such as {"command": "status"}.')
            )
            return
        try:
            self._dispatch(client, request["command"], request)
        except AlexaLocalError as error:
            client.refuse(error)

    def _dispatch(self, client: _Client, name: str, request: Mapping[str, Any]) -> None:
        if name == "events":
            client.subscription = client.subscription or self._bus.subscribe(self.wake)
            client.send({"ok": True})
        elif name in self._commands:
            answer = self._commands[name](request)
            if isinstance(answer, Future):
                client.waiting = answer
                answer.add_done_callback(lambda _: self.wake())
            else:
                client.send({"ok": True, **answer})
        else:
            known = ", ".join(sorted([*self._commands, "events"]))
            raise UsageError(f"There is no command {name[:40]!r}. The commands are {known}.")

    @staticmethod
    def _settle(client: _Client, promise: Future[Answer]) -> None:
        client.waiting = None
        if promise.cancelled():
            client.refuse(Stopping(_STOPPING))
            return
        error = promise.exception()
        if error is None:
            client.send({"ok": True, **promise.result()})
        else:
            client.refuse(
                error if isinstance(error, AlexaLocalError) else AlexaLocalError(f"It failed: {error}.")
            )

    def _forget(self, client: _Client) -> None:
        self._selector.unregister(client.connection)
        del self._clients[client.connection]
        client.connection.close()
        if client.subscription:
            client.subscription.close()

    def _accept_waiting(self) -> None:
        """Take those in who have connected and were not noticed yet."""
        while select.select([self._listener], [], [], 0)[0]:
            before = len(self._clients)
            self._accept()
            if len(self._clients) == before:
                return

    def _farewell(self) -> None:
        """Send the last answers to those who read at once, and close everything.

        What was not begun never is; what was begun may take a moment more. So nobody is left in doubt.
        """
        self._accept_waiting()
        for client in list(self._clients.values()):
            if client.waiting:
                if not client.waiting.cancel():
                    concurrent.futures.wait([client.waiting], _FINISH_S)
                if client.waiting.done():
                    self._settle(client, client.waiting)
            elif not client.subscription and not client.closing:
                client.refuse(Stopping(_STOPPING))
            client.fill_from_subscription()
            try:
                client.connection.send(client.outbox)
            except OSError:
                pass
            self._forget(client)
        self._selector.close()
        self._waker.close()
        self._woken.close()
