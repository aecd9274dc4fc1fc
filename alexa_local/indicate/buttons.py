"""Buttons on GPIO pins: the library's own thread only notes a press, a supervised one acts on it."""

from __future__ import annotations

import functools
import queue
from collections.abc import Callable, Mapping
from typing import Any

from alexa_local.config import ButtonSettings
from alexa_local.indicate.board import library, opening

_BOUNCE_S = 0.05
_WAITING_PRESSES = 8


class Buttons:
    """Buttons by name; `run` calls the function that goes with each press, until `stop`."""

    def __init__(self, actions: Mapping[str, Callable[[], object]]) -> None:
        self._actions = dict(actions)
        self._presses: queue.Queue[str | None] = queue.Queue(_WAITING_PRESSES)
        self._pins: list[Any] = []
        self.lost_presses = 0

    def add(self, name: str, pin: Any) -> None:
        """Take a `gpiozero.Button`."""
        pin.when_pressed = functools.partial(self.press, name)
        self._pins.append(pin)

    def press(self, name: str) -> None:
        """A button was pressed; returns at once, from any thread."""
        try:
            self._presses.put_nowait(name)
        except queue.Full:
            self.lost_presses += 1  # somebody plays with it

    def run(self) -> None:
        """The thread "buttons"."""
        while (name := self._presses.get()) is not None:
            self._actions[name]()

    def stop(self) -> None:
        """Let the pins go, and make `run` return, from any thread."""
        for pin in self._pins:
            pin.close()
        while True:
            try:
                self._presses.put_nowait(None)
                return
            except queue.Full:
                self._presses.get_nowait()  # what waits is no longer done


def open_buttons(settings: ButtonSettings, actions: Mapping[str, Callable[[], object]]) -> Buttons | None:
    """The buttons that are configured, each between its pin and ground; None when there are none.

    Args:
        settings: their pins.
        actions: what "mute", "action" and "local_only" do; called in the thread that calls `Buttons.run`.

    Raises:
        DeviceError: a library is missing, or the board refuses.
    """
    pins = {"mute": settings.mute, "action": settings.action, "local_only": settings.local_only}
    wired = {name: pin for name, pin in pins.items() if pin is not None}
    if not wired:
        return None
    buttons = Buttons(actions)
    for name, pin in wired.items():
        setting = f"buttons.{name}"
        gpiozero = library("gpiozero", setting)
        with opening(setting):
            buttons.add(name, gpiozero.Button(pin, pull_up=True, bounce_time=_BOUNCE_S))
    return buttons
