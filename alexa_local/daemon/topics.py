"""The thread `topics`: tells the broker how the assistant is, and takes commands and names from there.

What comes from the broker is only put aside in the connection's thread. What goes out goes now or not at all,
but for the retained state, which is sent again whenever the broker is found.
"""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from alexa_local import __version__
from alexa_local.config import MqttSettings
from alexa_local.daemon.announcement import Announcement, Memory
from alexa_local.daemon.events import EventBus
from alexa_local.daemon.parts import Do
from alexa_local.daemon.queues import BoundedQueue
from alexa_local.daemon.remote import Remote
from alexa_local.daemon.report import ALWAYS, Report
from alexa_local.daemon.told_names import ToldNames
from alexa_local.errors import MessageError, StorageError
from alexa_local.messages import Event
from alexa_local.mqtt import Broker, Kind, device_id, topics
from alexa_local.mqtt.message import Message, Subscription
from alexa_local.mqtt.topics import Names

_LOG = logging.getLogger(__name__)

COMMANDS = 64
"""Commands that wait; what comes beyond is dropped, and counted."""

_STATE_EVERY_S = 0.2
_ERROR_S = 2.1
"""Seconds after an event at which the state is looked at again, as one that failed is over then by itself."""

_AGAIN_S = 1.0


class Topics:
    """Everything of this device at the broker, but lattices, results and models."""

    def __init__(
        self,
        settings: MqttSettings,
        broker: Broker,
        bus: EventBus,
        status: Callable[[], tuple[Mapping[str, Any], str]],
        is_local_only: Callable[[], bool],
        actions: Mapping[str, Do],
        learn: Callable[[tuple[Names, ...]], None],
        memory: Memory,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Subscribe to what the settings allow; `run` does the rest.

        Args:
            settings: which topics, and what may be told and taken.
            broker: where they are.
            bus: tells what happens.
            status: the daemon's status, and what it is doing.
            is_local_only: whether that mode is on.
            actions: what the commands do, by name; called in this thread.
            learn: takes the names that the broker told of, source by source; called in this thread.
            memory: what outlives the process.
            clock: seconds that only go forward.
            chance: gives numbers from 0 to below 1.
        """
        self._settings, self._broker, self._status, self._clock = settings, broker, status, clock
        self._device, self._prefix = device_id(settings), settings.topic_prefix
        self._wake, self._stopping = threading.Event(), False
        self._report = Report(settings.events)
        self._remote = Remote(settings.commands, actions, self._answer)
        self._commands: BoundedQueue[Message] = BoundedQueue("commands", COMMANDS)
        self._commands_dropped = self._events_lost = 0
        self._state_due_s, self._state_sent_s, self._look_again_s = clock(), -math.inf, math.inf
        self._session = 0
        self._told: tuple[int, Mapping[str, Any]] = (0, {})
        self._names = ToldNames(settings, broker, learn, self._wake.set, clock)
        self._announcement = Announcement(settings, broker, memory, self._wake.set, clock, chance)
        self._events = bus.subscribe(self._happened, lambda _: not is_local_only())
        if settings.commands:
            topic = topics.command_topic(self._prefix, self._device)
            broker.subscribe(Subscription(Kind.COMMAND, topic, self._take_command))
        broker.farewell = self._farewell
        broker.when_listening(self._listening)

    def run(self) -> None:
        """Work until `stop`."""
        while not self._stopping:
            self._wake.wait(self._patience_s())
            self._wake.clear()
            if not self._stopping:
                self.turn()

    def turn(self) -> None:
        """Do what there is to do now."""
        for event in self._events.queue.drain(self._events.queue.size):
            self._tell_event(event)
        if self._clock() >= min(self._state_due_s, self._look_again_s):
            self._tell_state()
        for message in self._commands.drain(COMMANDS):
            self._remote.take(message)
        self._announcement.turn()
        self._names.turn()

    def stop(self) -> None:
        """Make `run` return, from any thread."""
        self._stopping = True
        self._events.close()
        self._wake.set()

    def report(self) -> Mapping[str, int]:
        """Commands by what became of them, and what could not be told or read; for the status."""
        counts = {f"commands_{name}": count for name, count in sorted(self._remote.counts.items())}
        more = {"events_untold": self._events_lost, "names_refused": self._names.refused}
        return {**counts, **{name: count for name, count in more.items() if count}}

    @property
    def dropped(self) -> int:
        """Commands and events that were too many."""
        return self._commands_dropped + self._events.queue.dropped

    def _patience_s(self) -> float | None:
        """Seconds until there is something to do, None for no such time."""
        due_s = min(self._state_due_s, self._look_again_s, self._announcement.due_s, self._names.due_s)
        return None if due_s == math.inf else max(0.0, due_s - self._clock())

    def _happened(self) -> None:
        """Called by whichever thread tells of an event."""
        self._changed()
        self._look_again_s = self._clock() + _ERROR_S

    def _changed(self) -> None:
        self._state_due_s = min(self._state_due_s, max(self._clock(), self._state_sent_s + _STATE_EVERY_S))
        self._wake.set()

    def _listening(self) -> None:
        """Called by the connection's thread: the broker may have forgotten everything."""
        self._session += 1
        self._announcement.soon(0.0)
        self._state_due_s = self._clock()
        self._wake.set()

    def _take_command(self, message: Message) -> None:
        """Called by the connection's thread; of a storm the first are taken."""
        if len(self._commands) >= COMMANDS:
            self._commands_dropped += 1
            return
        self._commands.put(message)
        self._wake.set()

    def _answer(self, about: bytes, answer: Mapping[str, Any]) -> None:
        """Called by whichever thread did the command; its answer holds what was said and replied."""
        kind = Kind.SPEECH if answer["command"] == "say" else Kind.PRESENCE
        topic = topics.command_result_topic(self._prefix, self._device)
        self._post(kind, "command-result", topic, answer, about)
        self._changed()

    def _tell_event(self, event: Event) -> None:
        told = self._report.take(event)
        if told is not None:
            topic = topics.events_topic(self._prefix, self._device)
            self._events_lost += not self._post(Kind.SPEECH, "event", topic, told)

    def _tell_state(self) -> None:
        """Send the state if it has become another one; where that fails, the next connection has it sent."""
        if self._clock() >= self._look_again_s:
            self._look_again_s = math.inf
        self._state_due_s = math.inf
        try:
            state = self._session, self._report.state(*self._status())
        except StorageError as error:
            _LOG.error("How it is cannot be told over MQTT: %s", error)
            return
        if state == self._told:
            return
        if self._post_state(state[1]):
            self._told, self._state_sent_s = state, self._clock()
        elif self._broker.connected:
            self._state_due_s = self._clock() + _AGAIN_S

    def _post_state(self, state: Mapping[str, Any]) -> bool:
        kind = Kind.PRESENCE if not state.keys() - ALWAYS else Kind.SPEECH
        return self._post(kind, "state", topics.state_topic(self._prefix, self._device), state, retain=True)

    def _farewell(self) -> Message | None:
        """What stays at the broker once the gate is shut; called by the thread that shuts it."""
        state = {"muted": self._told[1].get("muted", False), "version": __version__, "local_only": True}
        return topics.encoded("state", topics.state_topic(self._prefix, self._device), state, retain=True)

    def _post(
        self,
        kind: Kind,
        schema: str,
        topic: str,
        value: Mapping[str, Any],
        about: bytes = b"",
        retain: bool = False,
    ) -> bool:
        try:
            message = topics.encoded(schema, topic, value, retain, about)
        except MessageError as error:  # a defect, which is no reason to be silent about everything else
            _LOG.error("Something is not told over MQTT: %s", error)
            return False
        return self._broker.post(kind, topic, message.payload, message.properties, message.retain)
