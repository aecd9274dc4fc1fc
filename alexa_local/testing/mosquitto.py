"""A real broker on a free loopback port: the only network that the tests use."""

from __future__ import annotations

import queue
import shutil
import socket
import subprocess
import threading
from pathlib import Path
from types import TracebackType

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from alexa_local.errors import NetworkError


def find_mosquitto() -> str | None:
    """The program's path, or None when the Debian package `mosquitto` is not installed."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class Mosquitto:
    """One mosquitto process that can be stopped and started again on the same port.

    Attributes:
        port: its TCP port on 127.0.0.1.
    """

    def __init__(self, folder: Path, more_configuration: str = "allow_anonymous true\n") -> None:
        self.port = _free_port()
        self._configuration = folder / "mosquitto.conf"
        self._configuration.write_text(
            f"listener {self.port} 127.0.0.1\n{more_configuration}", encoding="utf-8"
        )
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        program = find_mosquitto()
        if program is None:
            raise NetworkError("There is no mosquitto. Install it with: sudo apt install mosquitto")
        self._process = subprocess.Popen(
            [program, "-c", str(self._configuration)],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stderr is not None
        said = []
        for line in self._process.stderr:
            said.append(line)
            if "running" in line:
                return
        self.stop()
        raise NetworkError(f"mosquitto did not start: {''.join(said)}")

    def freeze(self, frozen: bool = True) -> None:
        """Make it silent without closing anything, like a cable that is cut; or let it go on."""
        assert self._process is not None
        self._process.send_signal(19 if frozen else 18)  # SIGSTOP, SIGCONT

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def __enter__(self) -> Mosquitto:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Listener:
    """A second client that hears what the broker passes on, of some topics or all."""

    def __init__(self, port: int, username: str = "", password: str = "", topics: str = "#") -> None:
        self._messages: queue.Queue[tuple[str, str]] = queue.Queue()
        self._subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe(topics, qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        if username:
            self._client.username_pw_set(username, password)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if not self._subscribed.wait(60):
            raise NetworkError("The broker did not take the subscription. Look at its configuration.")

    def next(self, limit_s: float = 60.0) -> tuple[str, str]:
        """The next (topic, payload); queue.Empty when none comes in time."""
        return self._messages.get(timeout=limit_s)

    def close(self) -> None:
        """Go away."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._messages.put((message.topic, message.payload.decode()))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
