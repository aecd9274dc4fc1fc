"""Collects the names that the broker tells of, and hands them on when no more come for a moment.

At a new connection hundreds of kept messages come at once; to learn names takes a good part of a second.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable

from alexa_local.config import MqttSettings
from alexa_local.errors import AlexaLocalError, MessageError
from alexa_local.mqtt import Broker, Kind, device_id, home_assistant, topics
from alexa_local.mqtt.discovered import Discovered
from alexa_local.mqtt.message import Message, Subscription
from alexa_local.mqtt.topics import Names

_LOG = logging.getLogger(__name__)

_QUIET_S, _LATEST_S = 0.5, 5.0
"""Seconds without anything new, and seconds since the first that was new, after which they are handed on."""

_REST = 3.0
"""After names were learned, none are for so many times as long as that took: whoever changes them all the
time shall not keep the processor busy."""


class ToldNames:
    """Messages come in the connection's thread; `turn` is another's.

    Attributes:
        due_s: when `turn` has something to do; infinity for never.
    """

    def __init__(
        self,
        settings: MqttSettings,
        broker: Broker,
        learn: Callable[[tuple[Names, ...]], None],
        wake: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self.due_s, self._latest_s = math.inf, math.inf
        self._learn, self._wake, self._clock = learn, wake, clock
        self._lock, self._not_before_s = threading.Lock(), -math.inf
        self._catalogue, self._invalid = Names(), 0
        self._discovered = Discovered(settings.home_assistant_prefix)
        if settings.catalogue:
            topic = topics.catalogue_topic(settings.topic_prefix, device_id(settings))
            broker.subscribe(Subscription(Kind.COMMAND, topic, self._take_catalogue, retained=True))
        if settings.home_assistant and settings.home_assistant_devices:
            for each in home_assistant.config_filters(settings.home_assistant_prefix):
                broker.subscribe(Subscription(Kind.COMMAND, each, self._take_discovery, retained=True))

    @property
    def refused(self) -> int:
        """Messages that could not be read, or were too many."""
        return self._invalid + self._discovered.refused

    def turn(self) -> None:
        """Hand on what there is, if it is time to."""
        with self._lock:
            began_s = self._clock()
            if began_s < self.due_s:
                return
            self.due_s = self._latest_s = math.inf
            sources = self._catalogue, self._discovered.names()
        try:
            self._learn(sources)
        except AlexaLocalError as error:
            _LOG.error("The names that the broker told of are not known: %s", error)
        with self._lock:
            ended_s = self._clock()
            self._not_before_s = ended_s + _REST * (ended_s - began_s)
            if self.due_s < math.inf:  # more came meanwhile
                self.due_s = max(self.due_s, self._not_before_s)

    def _take_catalogue(self, message: Message) -> None:
        try:
            names = topics.read_catalogue(message)
        except MessageError as error:
            self._invalid += 1
            _LOG.warning("A catalogue was refused (%d so far): %s", self._invalid, error)
            return
        with self._lock:
            self._catalogue, before = names, self._catalogue
            if names != before:
                self._changed()

    def _take_discovery(self, message: Message) -> None:
        with self._lock:
            if self._discovered.take(message):
                self._changed()

    def _changed(self) -> None:
        now_s = self._clock()
        self._latest_s = min(self._latest_s, now_s + _LATEST_S)
        self.due_s = max(min(now_s + _QUIET_S, self._latest_s), self._not_before_s)
        self._wake()
