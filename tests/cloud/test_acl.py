"""The access list, tried on a real mosquitto over TLS, with client certificates that openssl makes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from alexa_local.cloud.acl import Parties, access_list, configuration
from alexa_local.cloud.main import main
from alexa_local.config import MqttSettings
from alexa_local.errors import ConfigError, UsageError
from alexa_local.mqtt import Broker, Kind
from alexa_local.mqtt.probe import probe
from alexa_local.mqtt.tls import tls_context
from alexa_local.testing.gate import FakeGate
from alexa_local.testing.mosquitto import Mosquitto, find_mosquitto
from alexa_local.testing.owner import Owner

needs_broker = pytest.mark.skipif(
    not (find_mosquitto() and shutil.which("openssl")), reason="mosquitto or openssl is missing"
)
EVERYBODY = Parties(
    workers=("rerank",),
    publishers=("publisher",),
    home_assistant=("hass",),
    home_assistant_prefix="homeassistant",
    commanded=("zigbee2mqtt/+/set",),
)
LISTED = Parties(devices=("kitchen", "attic"), workers=("rerank",), publishers=("publisher",))


class Authority:
    """Signs certificates, in a folder that a broker may read."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        folder.chmod(0o755)
        self.folder = folder
        self._openssl("req", "-x509", *_KEY, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=Home")
        self.sign("broker", "subjectAltName=IP:127.0.0.1")

    def sign(self, name: str, more: str = "basicConstraints=CA:FALSE") -> None:
        """Make NAME.crt and NAME.key."""
        (self.folder / "ext").write_text(more, encoding="ascii")
        self._openssl("req", *_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        signed = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "ext", "-days", "2")
        self._openssl("x509", "-req", "-in", f"{name}.csr", *signed, "-out", f"{name}.crt")
        (self.folder / f"{name}.key").chmod(0o644)

    def files(self, name: str) -> tuple[Path, Path, Path]:
        """The authority, NAME's certificate and key."""
        return self.folder / "ca.crt", self.folder / f"{name}.crt", self.folder / f"{name}.key"

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)


_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("tls") / "certs")
    for name in ("kitchen", "attic", "rerank", "publisher", "hass", "stranger"):
        made.sign(name)
    return made


def _broker(folder: Path, authority: Authority, parties: Parties) -> Mosquitto:
    rules = folder / "acl"
    rules.write_text(access_list(parties), encoding="utf-8")
    rules.chmod(0o700)
    lines = configuration(str(rules)).replace("/etc/mosquitto/certs", str(authority.folder))
    own = [line for line in lines.splitlines() if not line.startswith(("listener", "per_listener"))]
    return Mosquitto(folder, "\n".join([*own, "user root", ""]))


@pytest.fixture(params=[EVERYBODY, LISTED], ids=["patterns", "listed"])
def guarded(request: pytest.FixtureRequest, tmp_path: Path, authority: Authority) -> Iterator[Mosquitto]:
    with _broker(tmp_path, authority, request.param) as server:
        yield server


def _come(server: Mosquitto, authority: Authority, name: str) -> closing[Owner]:
    return closing(Owner(server.port, "#", tls_context(*authority.files(name))))


@needs_broker
def test_each_hears_and_says_what_is_theirs_and_nothing_else(
    guarded: Mosquitto, authority: Authority
) -> None:
    with (
        _come(guarded, authority, "kitchen") as kitchen,
        _come(guarded, authority, "attic") as attic,
        _come(guarded, authority, "rerank") as worker,
        _come(guarded, authority, "publisher") as publisher,
        _come(guarded, authority, "stranger") as stranger,
    ):
        kitchen.publish("alexa-local/kitchen/lattice", b"l")
        worker.wait(lambda message: message.topic == "alexa-local/kitchen/lattice")
        worker.publish("alexa-local/kitchen/result", b"r")
        kitchen.wait(lambda message: message.topic == "alexa-local/kitchen/result")
        # what nobody may
        attic.publish("alexa-local/kitchen/result", b"forged")
        attic.publish("alexa-local/kitchen/state", b"forged", retain=True)
        attic.publish("alexa-local/kitchen/command", b"forged")
        attic.publish("alexa-local/models/asr-en/generation", b"forged", retain=True)
        attic.publish("alexa-local/models/models", b"forged", retain=True)
        worker.publish("alexa-local/models/asr-en/generation", b"forged", retain=True)
        worker.publish("alexa-local/kitchen/command", b"forged")
        publisher.publish("alexa-local/kitchen/result", b"forged")
        stranger.publish("alexa-local/kitchen/command", b"forged")
        stranger.publish("alexa-local/kitchen/result", b"forged")
        # and what ends the wait: models come to every device, and to the publisher, in this order
        publisher.publish("alexa-local/models/asr-en/generation", b"m", retain=True)
        for device in (kitchen, attic):
            device.wait(lambda message: message.topic == "alexa-local/models/asr-en/generation")
        assert [message.payload for message in kitchen.heard] == [b"r", b"m"]
        assert [message.payload for message in attic.heard] == [b"m"]
        others = [message.payload for message in (*worker.heard, *stranger.heard)]
        # by patterns, every user with a certificate is a device, and may fetch models as all devices do
        assert [payload for payload in others if payload != b"m"] == [b"l"]


@needs_broker
def test_home_assistant_sees_and_commands_the_devices(tmp_path: Path, authority: Authority) -> None:
    with (
        _broker(tmp_path, authority, EVERYBODY) as server,
        _come(server, authority, "hass") as hass,
        _come(server, authority, "kitchen") as kitchen,
        _come(server, authority, "attic") as attic,
    ):
        kitchen.publish("alexa-local/kitchen/state", b"s", retain=True)
        kitchen.publish("homeassistant/device/alexa-local/kitchen/config", b"c", retain=True)
        attic.publish("homeassistant/device/alexa-local/kitchen/config", b"forged", retain=True)
        kitchen.publish("zigbee2mqtt/lamp/set", b"on")
        hass.wait(lambda message: message.payload == b"c")
        hass.publish("alexa-local/kitchen/command", b"k")
        hass.publish("homeassistant/light/x/config", b"d", retain=True)
        hass.publish("homeassistant/status", b"online")
        kitchen.wait(lambda message: message.payload == b"online")
        kitchen.publish("alexa-local/kitchen/state", b"end")
        hass.wait(lambda message: message.payload == b"end")
        assert [message.payload for message in kitchen.heard] == [b"c", b"k", b"d", b"online"]
        seen = [message.payload for message in hass.heard if message.topic.startswith("alexa-local")]
        assert seen == [b"s", b"end"]
        assert b"forged" not in [message.payload for message in hass.heard]


@needs_broker
def test_a_device_comes_with_its_certificate_and_not_without(tmp_path: Path, authority: Authority) -> None:
    ca, certificate, key = authority.files("kitchen")
    with _broker(tmp_path, authority, EVERYBODY) as server, _come(server, authority, "kitchen") as heard:
        settings = MqttSettings(
            "127.0.0.1",
            server.port,
            tls_ca_file=ca,
            tls_cert_file=certificate,
            tls_key_file=key,
            device_id="kitchen",
        )
        assert probe(settings) == ("", "Success")
        without = MqttSettings("127.0.0.1", server.port, tls_ca_file=ca, device_id="kitchen")
        assert probe(without)[0] in ("encryption", "protocol")
        with closing(Broker(settings, FakeGate(), connect_limit_s=60.0, confirm_limit_s=60.0)) as broker:
            broker.start()
            broker.publish(Kind.COMMAND, "zigbee2mqtt/lamp/set", "ON")
            broker.publish(Kind.UPDATES, "alexa-local/kitchen/models", "{}")
        assert not heard.on("zigbee2mqtt/lamp/set")


@needs_broker
@pytest.mark.parametrize(
    ("certificate", "key", "told"),
    [
        ("none.crt", "kitchen.key", r"mqtt\.tls_cert_file: .*none\.crt cannot be read"),
        ("kitchen.crt", "none.key", r"mqtt\.tls_key_file: .*none\.key cannot be read \(No such file"),
        ("kitchen.crt", "attic.key", r"mqtt\.tls_key_file: .*attic\.key cannot be used with .*kitchen\.crt"),
        ("kitchen.crt", "ext", r"mqtt\.tls_key_file: .*ext cannot be used"),
        ("ext", "kitchen.key", r"mqtt\.tls_key_file: .* with the certificate .*ext"),
        ("kitchen.crt", "locked.key", r"locked\.key .* \(it has a password\)"),
    ],
)
def test_a_key_that_is_missing_locked_or_anothers_is_named(
    authority: Authority, certificate: str, key: str, told: str
) -> None:
    folder = authority.folder
    locked = ("-in", folder / "kitchen.key", "-aes256", "-passout", "pass:x", "-out", folder / "locked.key")
    subprocess.run(["openssl", "ec", *locked], check=True, capture_output=True)
    with pytest.raises(ConfigError, match=told):
        tls_context(folder / "ca.crt", folder / certificate, folder / key)


def test_the_command_prints_both_or_writes_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["acl", "--worker", "rerank"]) == 0
    told = capsys.readouterr().out
    assert "#   use_identity_as_username true\n" in told and "pattern write alexa-local/%u/lattice\n" in told
    assert "homeassistant" not in told
    file = tmp_path / "acl"
    assert main(["acl", "--device", "kitchen", "--home-assistant", "hass", "--out", str(file)]) == 0
    assert f"acl_file {file}\n" in capsys.readouterr().out
    assert "user kitchen\ntopic write alexa-local/kitchen/availability\n" in file.read_text()
    assert "topic readwrite homeassistant/#\n" in file.read_text()
    assert main(["acl", "--out", str(tmp_path / "none" / "acl")]) == 74
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    "parties",
    [
        Parties(devices=("models",)),
        Parties(devices=("Küche",)),
        Parties(devices=("a", "a")),
        Parties(devices=("a",), workers=("a",)),
        Parties(workers=("a b",)),
        Parties(workers=("a\ntopic readwrite #",)),
        Parties(publishers=("%u",)),
        Parties(home_assistant=("+",)),
        Parties(commanded=("a\ntopic readwrite #",)),
        Parties(commanded=("$SYS/#",)),
    ],
)
def test_a_name_that_would_be_another_rule_is_refused(parties: Parties) -> None:
    with pytest.raises(UsageError):
        access_list(parties)
