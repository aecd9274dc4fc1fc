"""The threads `indicator` and `buttons`, where the configuration has LEDs and buttons."""

from __future__ import annotations

from alexa_local.config import Config
from alexa_local.daemon.controls import Controls
from alexa_local.daemon.parts import Host
from alexa_local.indicate import Indicator, Tracker, open_buttons, open_leds


def start_indicator(config: Config, host: Host) -> None:
    """Light the LEDs, if there are any.

    Raises:
        DeviceError: they are configured, but cannot be used.
    """
    leds = open_leds(config.indicators)
    if leds is None:
        return
    events = host.bus.subscribe()
    indicator = Indicator(leds, config.indicators, Tracker(), events.queue)
    host.spawn("indicator", lambda: indicator.run(host.stopping.is_set), events.close)


def start_buttons(config: Config, host: Host, controls: Controls) -> None:
    """Take presses of the buttons, if there are any.

    Raises:
        DeviceError: they are configured, but cannot be used.
    """
    actions = {
        "mute": controls.toggle_mute,
        "action": controls.press,
        "local_only": controls.toggle_local_only,
    }
    buttons = open_buttons(config.buttons, actions)
    if buttons is not None:
        host.spawn("buttons", buttons.run, buttons.stop)
