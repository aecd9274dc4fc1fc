"""Newer models from the broker: it keeps them, and the device asks for one piece after the other.

PREFIX/models/NAME/generation             retained  the signed manifest
PREFIX/models/NAME/VERSION/PACKAGE/INDEX  retained  a piece of a package
PREFIX/DEVICE/models                      retained  what the device has, and what it is at
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping

from alexa_local.generations import generation_topic
from alexa_local.generations.topics import package_topic
from alexa_local.mqtt.broker import Broker
from alexa_local.mqtt.gate import Kind
from alexa_local.mqtt.message import Message, Subscription

Piece = tuple[str, int, str, int]
"""The model, its version, the package's sha256 and the piece's number, from 0 on."""


class ModelsLine:
    """What the thread `updates` needs of the broker, without knowing MQTT; answers come in another thread."""

    def __init__(
        self,
        broker: Broker,
        prefix: str,
        device: str,
        on_envelope: Callable[[str, bytes], None],
        on_piece: Callable[[Piece, bytes], None],
    ) -> None:
        """Hand on envelopes, by the name of the model, and pieces; both return at once."""
        self._broker, self._prefix = broker, prefix
        self._state_topic = f"{prefix}/{device}/models"
        self._on_envelope, self._on_piece = on_envelope, on_piece
        self._lock = threading.Lock()
        self._asked: Subscription | None = None
        self._listens: list[Subscription] = []
        self._told = b""
        broker.when_listening(self._tell_again)

    @property
    def connected(self) -> bool:
        """Whether the broker is there at this moment."""
        return self._broker.connected

    def listen(self, models: Iterable[str]) -> None:
        """Hear of generations of these models, those that are published already included."""
        while self._listens:
            self._broker.unsubscribe(self._listens.pop())
        for model in models:

            def take(message: Message, model: str = model) -> None:
                self._on_envelope(model, message.payload)

            topic = generation_topic(self._prefix, model)
            self._listens.append(Subscription(Kind.UPDATES, topic, take, retained=True))
            self._broker.subscribe(self._listens[-1])

    def ask(self, piece: Piece) -> None:
        """Have a piece come, and no other one any more."""
        model, version, sha256, index = piece

        def take(message: Message) -> None:
            self._on_piece(piece, message.payload)

        topic = f"{package_topic(self._prefix, model, version, sha256)}/{index}"
        asked = Subscription(Kind.UPDATES, topic, take, retained=True)
        self.drop()
        with self._lock:
            self._asked = asked
        self._broker.subscribe(asked)

    def drop(self) -> None:
        """Have no piece come any more."""
        with self._lock:
            asked, self._asked = self._asked, None
        if asked is not None:
            self._broker.unsubscribe(asked)

    def tell(self, report: Mapping[str, object]) -> None:
        """Say how the models are, now and whenever the broker is there again."""
        self._told = json.dumps(report, sort_keys=True).encode()
        self._tell_again()

    def _tell_again(self) -> None:
        if self._told:
            self._broker.post(Kind.PRESENCE, self._state_topic, self._told, retain=True)
