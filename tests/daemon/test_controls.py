"""Buttons and LEDs on a running daemon: gpiozero's mock pins, and a bus that understands APA102."""

import queue
import sys

import numpy as np
import pytest

from alexa_local.config import ButtonSettings, IndicatorSettings
from alexa_local.errors import DeviceError, ThreadDied
from alexa_local.testing.parts import FakeHome
from alexa_local.testing.spi import FakeSpi

MUTE, ACTION, LOCAL_ONLY = 23, 17, 24
QUIET = np.zeros(1600, np.int16)


class WatchedSpi(FakeSpi):
    """A bus on which a test can wait for light."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: queue.Queue[list] = queue.Queue()

    def writebytes2(self, values: bytes) -> None:
        super().writebytes2(values)
        self.sent.put(self.lit())

    def wait_for(self, wanted) -> None:
        """Until the first LED's light fulfils it."""
        while not wanted(*self.sent.get(timeout=20)[0]):
            pass


@pytest.fixture
def spi(monkeypatch) -> WatchedSpi:
    fake = WatchedSpi()
    monkeypatch.setitem(sys.modules, "spidev", fake)
    return fake


@pytest.fixture
def daemon(start, monkeypatch, spi):
    gpiozero = pytest.importorskip("gpiozero")
    from gpiozero.pins.mock import MockFactory

    factory = MockFactory()
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    settings = {
        "indicators": IndicatorSettings("apa102", count=3),
        "buttons": ButtonSettings(MUTE, ACTION, LOCAL_ONLY),
    }
    daemon = start(FakeHome(["light"]), settings=settings)

    def press(number: int) -> None:
        factory.pin(number).drive_low()
        factory.pin(number).drive_high()

    daemon.press = press
    yield daemon
    daemon.end()
    factory.reset()


def is_red(red, green, blue) -> bool:
    return red > 0 and green == blue == 0


def is_dark(*light) -> bool:
    return light == (0, 0, 0)


def test_the_mute_button_mutes_visibly_and_unmutes(daemon, spi):
    daemon.press(MUTE)
    daemon.microphone.step()
    daemon.event("muted")
    assert daemon.ask("status")["state"] == "muted"
    spi.wait_for(is_red)
    daemon.press(MUTE)
    daemon.microphone.step()
    assert daemon.event("idle") == {"reason": "unmuted"}
    spi.wait_for(is_dark)


def test_the_action_button_wakes_and_the_second_press_gives_up(daemon, spi):
    daemon.press(ACTION)
    daemon.microphone.step()
    daemon.event("listening")
    spi.wait_for(lambda red, green, blue: blue > 0)
    daemon.press(ACTION)
    daemon.microphone.step()
    spi.wait_for(is_dark)
    assert daemon.ask("status")["state"] == "waiting"


def test_the_action_button_leaves_a_muted_microphone_muted(daemon):
    daemon.press(MUTE)
    daemon.microphone.step()
    daemon.event("muted")
    daemon.press(ACTION)
    assert daemon.ask("status")["state"] == "muted"
    daemon.press(MUTE)
    daemon.microphone.step()
    daemon.event("idle")
    assert daemon.ask("status")["state"] == "waiting", "an old press is not answered later"


def test_the_action_button_ends_what_rings_and_does_not_wake(daemon):
    daemon.home.ringing = True
    daemon.press(ACTION)
    daemon.press(LOCAL_ONLY)  # done after it, in the same thread
    daemon.event("local_only")
    assert not daemon.home.ringing and daemon.ask("status")["state"] == "waiting"


def test_the_local_only_button_switches_the_mode(daemon):
    daemon.press(LOCAL_ONLY)
    assert daemon.event("local_only") == {"on": True} and daemon.home.local_only
    daemon.press(LOCAL_ONLY)
    assert daemon.event("local_only") == {"on": False} and not daemon.home.local_only


def test_leds_that_fail_end_the_daemon_as_any_dead_thread_does(daemon, spi):
    assert daemon.ask("status")["threads"]["indicator"]
    spi.wait_for(lambda *_: True)
    spi.fails = True
    daemon.ask("mute", on=True)
    daemon.microphone.step()
    daemon.join()
    assert isinstance(daemon.error, ThreadDied) and "indicator" in str(daemon.error)


def test_at_the_end_the_leds_are_dark(daemon, spi):
    daemon.ask("stop")
    daemon.join()
    assert daemon.code == 0 and spi.lit() == [(0, 0, 0)] * 3 and spi.closed


def test_configured_leds_without_their_library_are_told_at_the_start(start, monkeypatch):
    monkeypatch.setitem(sys.modules, "spidev", None)
    with pytest.raises(AssertionError, match=DeviceError.__name__):
        start(settings={"indicators": IndicatorSettings("apa102")})
