import pytest
from house import House

from alexa_local.act import LocalOnly
from alexa_local.act.local_only import is_loopback
from alexa_local.config import MqttSettings
from alexa_local.errors import StorageError
from alexa_local.mqtt import Broker, Kind


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("192.168.1.5", False),
        ("::ffff:8.8.8.8", False),
        ("localhost.example.org", False),
        ("broker", False),
        ("127.0.0.1.example.org", False),
        ("", False),
    ],
)
def test_only_this_machine_is_this_machine(host: str, here: bool) -> None:
    assert is_loopback(host) is here


def test_the_mode_is_kept_and_closes_the_gate(house: House) -> None:
    gate = house.services.local_only
    assert gate.allows(Kind.COMMAND, "broker.example.org")
    assert house.reply("LocalOnlyOn") == "Local only mode is on. Nothing leaves this device."
    assert not gate.allows(Kind.COMMAND, "broker.example.org")
    assert gate.allows(Kind.COMMAND, "localhost") and not gate.allows(Kind.SPEECH, "localhost")
    house.restart()
    assert house.services.local_only.on
    assert house.reply("LocalOnlyOff") == "Local only mode is off."
    house.restart()
    assert not house.services.local_only.on


def test_the_configuration_decides_until_somebody_does(house: House) -> None:
    assert LocalOnly(house.store, at_first=True).on
    house.ask("LocalOnlyOff")
    assert not LocalOnly(house.store, at_first=True).on


def test_a_failing_disk_does_not_keep_the_mode_from_being_switched_on(house: House) -> None:
    told: list[bool] = []

    def note() -> int:
        told.append(mode.on)
        return 0

    mode = LocalOnly(house.store, on_change=note)
    house.store.read("PRAGMA query_only = 1")
    with pytest.raises(StorageError):
        mode.set(True)
    assert mode.on
    assert told == [True]
    with pytest.raises(StorageError):
        mode.set(False)
    assert mode.on


def test_what_was_deleted_with_it_is_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.services.local_only, "_on_change", lambda: 2)
    assert house.reply("LocalOnlyOn") == (
        "Local only mode is on. Nothing leaves this device. I deleted two requests that waited to be sent."
    )


def test_a_request_that_would_leave_the_machine_is_answered(house: House) -> None:
    broker = Broker(MqttSettings(host="192.0.2.1"), house.services.local_only)
    house.services.local_only.set(True)
    house.services.commands._publisher = broker
    outcome = house.ask("TurnOn", device="lamp")
    assert (outcome.ok, outcome.reply) == (
        False,
        "Local only mode is on, so I don't send anything over the network.",
    )
    broker.close()
