"""Presses, on gpiozero's own mock pins."""

import sys

import pytest

from alexa_local.config import ButtonSettings
from alexa_local.errors import DeviceError
from alexa_local.indicate import Buttons, open_buttons


def ran(buttons: Buttons, presses) -> None:
    """Do the presses, and then `run` to its end in this thread."""
    presses()
    buttons._presses.put(None)
    buttons.run()


def test_a_press_does_what_the_button_is_for_and_letting_go_does_nothing(pins):
    done = []
    actions = {name: lambda name=name: done.append(name) for name in ("mute", "action", "local_only")}
    buttons = open_buttons(ButtonSettings(mute=23, action=17), actions)

    def presses():
        for number in (17, 23, 23):
            pins.pin(number).drive_low()
            pins.pin(number).drive_high()

    ran(buttons, presses)
    assert done == ["action", "mute", "mute"]
    buttons.stop()


def test_who_plays_with_a_button_fills_no_memory_and_holds_nobody_up(pins):
    done = []
    buttons = Buttons({"mute": lambda: done.append("mute")})
    for _ in range(100):
        buttons.press("mute")
    buttons.stop()
    buttons.run()
    assert len(done) < 8 and buttons.lost_presses == 92


def test_without_buttons_there_is_nothing():
    assert open_buttons(ButtonSettings(), {}) is None


def test_a_missing_library_is_told_with_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with pytest.raises(DeviceError, match=r"buttons.action needs the library gpiozero.*alexa-local\[board\]"):
        open_buttons(ButtonSettings(action=17), {})


def test_a_defect_in_what_a_button_does_is_not_swallowed():
    def defect():
        raise ZeroDivisionError

    buttons = Buttons({"mute": defect})
    buttons.press("mute")
    with pytest.raises(ZeroDivisionError):
        buttons.run()
