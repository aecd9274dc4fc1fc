"""Whatever is asked, switched, lost and restarted: in local-only mode nothing of speech leaves."""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest import mock
from uuid import UUID

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alexa_local.act import LocalOnly
from alexa_local.config import MqttSettings
from alexa_local.errors import NetworkError, RequestRefused, StorageError
from alexa_local.mqtt import Broker, Exchange, Kind, Message, Outbox, connection
from alexa_local.store import Store, open_store
from alexa_local.testing.clock import FakeClock
from alexa_local.testing.session import FakeNetwork

LATTICE, LAMP, STATE = "alexa-local/d/lattice", "home/lamp", "alexa-local/d/state"
HOSTS = st.sampled_from(["broker.example.org", "localhost"])


class Device(RuleBasedStateMachine):
    """A device's way out with everything but the network and the daemon's threads real."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "home.db"
        self._network = FakeNetwork(self._left)
        self._patch = mock.patch.object(connection, "Session", self._network)
        self._patch.start()
        self._store: Store | None = None
        self._is_up = True

    @initialize(host=HOSTS, updates=st.booleans())
    def begin(self, host: str, updates: bool) -> None:
        self._settings = MqttSettings(host=host, device_id="d", rerank="all")
        self._updates = updates
        self._start()

    def _start(self) -> None:
        self._store = open_store(self._path)
        self._store.read("PRAGMA synchronous = OFF")  # no power cuts here, and many files
        self.mode = LocalOnly(self._store, False, self._changed, self._updates)
        self.broker = Broker(self._settings, self.mode, 0.0, 0.0)
        self.broker.farewell = lambda: Message(STATE, b"local only", retain=True)
        self.outbox = Outbox(self._store, FakeClock(), self.mode)
        self.exchange = Exchange(self._settings, self.broker, lambda *_: None, lambda: None)
        if self.mode.on:
            self.outbox.clear()  # as the daemon does when it starts
        self.broker.start()
        self._let_through()

    def _changed(self) -> int:
        self.broker.gate_changed()
        return self.outbox.clear() if self.mode.on else 0

    def _left(self, topic: str, payload: bytes) -> None:
        if self.mode.on:
            assert topic != LATTICE, "something of speech left in local-only mode"
            if self._settings.host != "localhost":
                assert topic == STATE or self._updates, "not even a command goes to another machine"
                assert topic != LAMP

    def _let_through(self) -> None:
        """What the network does between two things that happen, where it is up."""
        for session in self._network.sessions if self._is_up else ():
            session.connect()
            if not session.is_slow:
                session.write()
                session.confirm()

    @rule()
    def somebody_speaks(self) -> None:
        """A request is kept, and sent as the thread `outbox` does: without a look at the mode."""
        try:
            self.outbox.add(b"lattice")
        except RequestRefused:
            assert self.mode.on
        else:
            assert not self.mode.on
        for each in self.outbox.waiting():
            self._send(each.id)

    @rule()
    def a_careless_module_sends(self) -> None:
        """What it has kept for itself from before the switch."""
        self._send(UUID(int=1))

    def _send(self, request: UUID) -> None:
        sent = self.exchange.send(request, self.outbox.payload(request) or b"kept elsewhere", 60)
        assert not (sent and self.mode.on)
        self._let_through()

    @rule()
    def a_lamp_is_switched(self) -> None:
        try:
            self.broker.publish(Kind.COMMAND, LAMP, "ON")
        except RequestRefused:
            assert self.mode.on
        except NetworkError:
            pass
        self._let_through()

    @rule(on=st.booleans(), full=st.booleans())
    def the_mode_is_switched(self, on: bool, full: bool) -> None:
        """Also on a disk that refuses: then it is on, or stays on, for as long as the process lives."""
        assert self._store is not None
        was_on = self.mode.on
        self._store.read(f"PRAGMA query_only = {int(full)}")
        try:
            self.mode.set(on)
        except StorageError:
            assert full and self.mode.on == (on or was_on)
        else:
            assert self.mode.on is on
        finally:
            self._store.read("PRAGMA query_only = 0")
        if self.mode.on and not full:
            assert self.outbox.waiting() == []
        self._let_through()

    @rule(slow=st.booleans(), is_up=st.booleans())
    def the_network_changes(self, slow: bool, is_up: bool) -> None:
        """Slow, what is handed to it waits; down, it also forgets who was there."""
        self._network.is_slow, self._is_up = slow, is_up
        for session in self._network.sessions:
            session.is_slow = slow
            if not is_up:
                session.lose()
        self._let_through()

    @rule()
    def it_is_killed_and_starts_again(self) -> None:
        assert self._store is not None
        for session in self._network.sessions:
            session.cut()  # a process that is gone sends nothing
        self._store.close()
        self._start()

    @rule()
    def it_ends_and_starts_again(self) -> None:
        assert self._store is not None
        self.broker.close()
        self._store.close()
        self._start()

    @invariant()
    @precondition(lambda self: self._store is not None)
    def a_shut_gate_has_no_connection_but_for_what_may_pass(self) -> None:
        alive = [each for each in self._network.sessions if not each.ended.is_set()]
        assert len(alive) <= 1
        if self.mode.on and self._settings.host != "localhost" and not self._updates:
            assert not alive

    def teardown(self) -> None:
        self._patch.stop()
        if self._store is not None:
            self._store.close()
        self._folder.cleanup()


TestDevice = Device.TestCase
TestDevice.settings = settings(max_examples=settings.default.max_examples // 2)
