"""Carries out what the owner configured: a program is run without a shell, a message is published."""

from __future__ import annotations

import json
import logging
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from alexa_local.config import CommandSettings, DeviceSettings
from alexa_local.errors import RequestRefused
from alexa_local.mqtt import Kind
from alexa_local.understand.owner import OwnerAction, fill

_LOG = logging.getLogger(__name__)
RUN_LIMIT_S = 10.0
"""Seconds a program may take; the person waits for the answer."""

OUTPUT_LIMIT_BYTES = 64 * 1024
"""Bytes of a program's output that are kept; the rest is read and dropped."""


class Publisher(Protocol):
    """Whoever sends MQTT messages: `alexa_local.mqtt.Broker`, or the fake in alexa_local.testing."""

    def publish(self, kind: Kind, topic: str, payload: str) -> None:
        """Send one message of a kind.

        Raises:
            NetworkError: it could not be sent.
            RequestRefused: local-only mode forbids it.
        """


class _SilentPublisher:
    """Sends nothing."""

    def publish(self, kind: Kind, topic: str, payload: str) -> None:
        """Take it for sent."""


class Commands:
    """Runs and publishes, with `{slot}` replaced by the slot's value."""

    def __init__(
        self,
        publisher: Publisher | None = None,
        run: Callable[[Sequence[str]], str] | None = None,
        on_run: Callable[[str], None] = lambda program: None,
    ) -> None:
        """Take whoever sends messages, None without a broker, and whoever runs programs (`run_program`).

        `on_run` is told the name of each program before it is started: what that sends is not ours to know.
        """
        self._publisher = publisher
        self._program, self._on_run = run or run_program, on_run

    def rehearsed(self) -> Commands:
        """The same, but nothing leaves: what would be sent or run is taken for done."""
        return Commands(_SilentPublisher() if self._publisher else None, lambda arguments: "")

    def perform(
        self, command: CommandSettings | DeviceSettings, values: Mapping[str, Any], payload: str = ""
    ) -> str:
        """Do what a command says: publish, run, or both.

        Args:
            command: the topic, payload and program.
            values: what stands for each `{slot}`; a slot that was not said is empty.
            payload: the message when the command names none.

        Returns:
            The first line that the program printed, "" without one.

        Raises:
            RequestRefused: the program failed, or local-only mode forbids the message.
            NetworkError: the broker cannot be reached.
        """
        texts = {name: as_text(value) for name, value in values.items()}
        if command.topic:
            topic = fill(command.topic, {name: _in_topic(text) for name, text in texts.items()})
            self._publish(topic, _message(command.payload or payload, texts))
        return self._run([fill(part, texts) for part in command.run]) if command.run else ""

    def perform_owners(self, action: OwnerAction, slots: Mapping[str, Any]) -> str:
        """Do what the owner wants done for an intent of their own; returns and raises as `perform`."""
        if action.topic:
            self._publish(*action.message(slots))
        return self._run(action.argv(slots)) if action.run else ""

    def _run(self, arguments: Sequence[str]) -> str:
        self._on_run(arguments[0])
        return self._program(arguments)

    def _publish(self, topic: str, payload: str) -> None:
        if self._publisher is None:
            raise RequestRefused("No broker is configured. Set mqtt.host in the configuration.")
        self._publisher.publish(Kind.COMMAND, topic, payload)


def as_text(value: Any) -> str:
    """A value as a program reads it: 21.0 as 21, and nothing as an empty text."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def run_program(arguments: Sequence[str], limit_s: float = RUN_LIMIT_S) -> str:
    """Run a program to its end and return the first line it printed; its complaints go to our log.

    Raises:
        RequestRefused: there is no such program, it failed, or it took too long (then it is killed
            together with its children).
    """
    name = Path(arguments[0]).name
    try:
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True
        )
    except (OSError, ValueError) as error:
        _LOG.warning("%s cannot be run: %s", arguments[0], error)
        raise RequestRefused(f"I could not run {name}. Check the command in the configuration.") from error
    with process:
        try:
            output = _read_until_exit(process, limit_s)
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            _LOG.warning("%s took longer than %.0f s and was killed", arguments[0], limit_s)
            raise RequestRefused(f"{name} took too long, so I stopped it.") from None
    if process.returncode:
        _LOG.warning("%s ended with exit status %d", arguments[0], process.returncode)
        raise RequestRefused(f"{name} failed. Its message is in the log.")
    lines = output.decode("utf-8", "replace").split("\n", 1)
    return lines[0].strip()


def _read_until_exit(process: subprocess.Popen[bytes], limit_s: float) -> bytes:
    """Collect output until the program ends, even if a child it left behind keeps the pipe open."""
    assert process.stdout is not None
    kept, deadline_s = bytearray(), time.monotonic() + limit_s
    exited = os.pidfd_open(process.pid)
    os.set_blocking(process.stdout.fileno(), False)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(exited, selectors.EVENT_READ)
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select(max(0.0, deadline_s - time.monotonic()))}
                if not ready or time.monotonic() > deadline_s:
                    raise TimeoutError
                block = process.stdout.read(OUTPUT_LIMIT_BYTES) or b""
                kept += block[: OUTPUT_LIMIT_BYTES - len(kept)]
                if exited in ready and not block:
                    return bytes(kept)
                if process.stdout.fileno() in ready and not block:  # closed before the program ended
                    selector.unregister(process.stdout)
    finally:
        os.close(exited)


def _message(template: str, texts: Mapping[str, str]) -> str:
    """A payload; in one that is JSON, a quotation mark within a name ends no string."""
    if template.lstrip().startswith(('{"', "[")):
        texts = {name: json.dumps(text, ensure_ascii=False)[1:-1] for name, text in texts.items()}
    return fill(template, texts)


def _in_topic(text: str) -> str:
    """A value that adds no level and no wildcard to a topic."""
    return re.sub(r"[/+#\x00]", "", text)
