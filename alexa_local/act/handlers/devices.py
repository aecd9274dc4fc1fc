"""Lights, switches, covers, thermostats, locks and scenes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from alexa_local.act import spoken
from alexa_local.act.asking import Asked
from alexa_local.act.handlers.base import Handler, Slots, done, needed, refused, text
from alexa_local.act.home import SWITCHABLE
from alexa_local.act.services import Services
from alexa_local.config import DeviceSettings
from alexa_local.errors import AlexaLocalError, RequestRefused
from alexa_local.messages import Outcome

_LOG = logging.getLogger(__name__)
_OFF_KINDS = (*SWITCHABLE, "heater", "humidifier", "vacuum")
_BRIGHTNESS_STEP, _USUAL_BRIGHTNESS = 20, 50  # percent
_DEGREES_STEP, _USUAL_DEGREES = 1.0, 20.0  # Celsius
_COLDEST, _WARMEST = 5.0, 30.0  # Celsius; beyond is misheard, or unsafe

Change = Callable[[DeviceSettings], tuple[str, object, str]]
"""What one device is told: attribute, value, and the state that goes with it ("" for none)."""


def turn_on(services: Services, slots: Slots) -> Outcome:
    """The reading lamp is on."""
    return _tell(
        services, _switchable(services, slots, SWITCHABLE), slots, lambda _: ("state", "ON", ""), "on"
    )


def turn_off(services: Services, slots: Slots) -> Outcome:
    """Three lights in the kitchen are off."""
    return _tell(
        services, _switchable(services, slots, _OFF_KINDS), slots, lambda _: ("state", "OFF", ""), "off"
    )


def toggle(services: Services, slots: Slots) -> Outcome:
    """Over to the other state; several go the way of the first."""
    devices = _switchable(services, slots, SWITCHABLE)
    state = "OFF" if services.home.remembered(devices[0], "state") == "ON" else "ON"
    return _tell(services, devices, slots, lambda _: ("state", state, ""), state.lower())


def set_brightness(services: Services, slots: Slots) -> Outcome:
    """The reading lamp is at forty percent."""
    level = _percent(needed(slots, "level", "How bright?"))
    return _set_brightness(services, slots, lambda _: level)


def brightness_up(services: Services, slots: Slots) -> Outcome:
    """Brighter, by a fifth or as much as was said."""
    return _set_brightness(services, slots, _from_present(services, slots.get("amount") or _BRIGHTNESS_STEP))


def brightness_down(services: Services, slots: Slots) -> Outcome:
    """Dimmer, but never off."""
    return _set_brightness(
        services, slots, _from_present(services, -(slots.get("amount") or _BRIGHTNESS_STEP))
    )


def set_colour(services: Services, slots: Slots) -> Outcome:
    """The reading lamp is warm white."""
    colour = needed(slots, "colour", "Which colour?")
    devices = _found(services, slots, ("light",))
    return _tell(services, devices, slots, lambda _: ("colour", colour, "ON"), str(colour))


def set_temperature(services: Services, slots: Slots) -> Outcome:
    """The thermostat is set to twenty-one degrees."""
    degrees = float(needed(slots, "temperature", "To how many degrees?"))
    return _set_temperature(services, slots, lambda _: degrees)


def temperature_up(services: Services, slots: Slots) -> Outcome:
    """A degree warmer, or as much as was said."""
    return _change_temperature(services, slots, 1)


def temperature_down(services: Services, slots: Slots) -> Outcome:
    """A degree cooler, or as much as was said."""
    return _change_temperature(services, slots, -1)


def get_temperature(services: Services, slots: Slots) -> Outcome:
    """The thermostat is set to twenty-one degrees; nothing here measures what it really is."""
    device = _heating(services, slots)[0]
    degrees = services.home.remembered(device, "temperature")
    if not degrees:
        return refused(f"I don't know: nobody has set the {device.name} through me yet.")
    return done(
        f"The {device.name} is set to {spoken.number(float(degrees))} degrees", temperature=float(degrees)
    )


def open_cover(services: Services, slots: Slots) -> Outcome:
    """The blinds are opening."""
    return _move(services, slots, "OPEN", "opening")


def close_cover(services: Services, slots: Slots) -> Outcome:
    """The blinds are closing."""
    return _move(services, slots, "CLOSE", "closing")


def stop_cover(services: Services, slots: Slots) -> Outcome:
    """A tone is enough."""
    devices = _found(services, slots, ("cover",))
    outcome = _tell(services, devices, slots, lambda _: ("state", "STOP", ""), "stopped")
    return done(**outcome.action) if outcome.ok else outcome


def set_position(services: Services, slots: Slots) -> Outcome:
    """The blinds are going to fifty percent."""
    level = _percent(needed(slots, "level", "How far?"))
    devices = _found(services, slots, ("cover",))
    return _tell(
        services, devices, slots, lambda _: ("position", level, ""), f"going to {_percent_words(level)}"
    )


def lock(services: Services, slots: Slots) -> Outcome:
    """The front door is locked."""
    return _tell(
        services, _found(services, slots, ("lock",)), slots, lambda _: ("state", "LOCK", ""), "locked"
    )


def unlock(services: Services, slots: Slots) -> Outcome:
    """The front door is unlocked; one door at a time."""
    devices = _found(services, slots, ("lock",))
    if len(devices) > 1:
        raise Asked(f"Which one: {spoken.listing([one.name for one in devices], 'or')}?", "device")
    return _tell(services, devices, slots, lambda _: ("state", "UNLOCK", ""), "unlocked")


def activate_scene(services: Services, slots: Slots) -> Outcome:
    """Movie night is on."""
    name = needed(slots, "device", "Which scene?")
    scenes = services.home.find(name, kinds=("scene",), all_of_them=True)
    return _tell(services, scenes, slots, lambda _: ("state", "ON", ""), "on")


def unknown_device(services: Services, slots: Slots) -> Outcome:
    """I don't know any lava lamp."""
    return refused(f"I don't know any {needed(slots, 'name', 'Which device?')}")


def _found(services: Services, slots: Slots, kinds: Sequence[str]) -> list[DeviceSettings]:
    """The devices that the slots name; kinds are what is meant when they name none."""
    device, room, kind = text(slots, "device"), text(slots, "room"), text(slots, "kind")
    if kind:
        kinds = (kind,)
    elif device:
        kinds = ()
    return services.home.find(device, room, kinds, all_of_them=bool(slots.get("all")))


def _switchable(services: Services, slots: Slots, kinds: Sequence[str]) -> list[DeviceSettings]:
    """The devices that the slots name; a slip of the recogniser must not switch the whole home."""
    if not any(slots.get(name) for name in ("device", "room", "kind", "all")):
        raise Asked("Which device?", "device")
    return _found(services, slots, kinds)


def _heating(services: Services, slots: Slots) -> list[DeviceSettings]:
    """Thermostats, or heaters where there is none."""
    try:
        return _found(services, slots, ("thermostat",))
    except RequestRefused:
        return _found(services, slots, ("heater",))


def _tell(
    services: Services, devices: Sequence[DeviceSettings], slots: Slots, change: Change, result: str
) -> Outcome:
    """Tell each device, and say what became of it; one that fails does not keep the others from it."""
    told: list[DeviceSettings] = []
    fault: AlexaLocalError | None = None
    for device in devices:
        attribute, value, state = change(device)
        try:
            services.home.command(device, attribute, value, state)
            told.append(device)
        except AlexaLocalError as error:
            _LOG.warning("%s of kind %s was not told: %s", attribute, device.kind, error)
            fault = fault or error
    if fault and not told:
        raise fault
    if fault:
        counted = f"{spoken.number(len(told))} of {spoken.number(len(devices))}"
        raise RequestRefused(
            f"Only {counted} did it. {fault if isinstance(fault, RequestRefused) else ''}".strip()
        )
    return done(
        f"{_subject(devices, text(slots, 'room'))} {result}",
        devices=[device.name for device in told],
        result=result,
    )


def _subject(devices: Sequence[DeviceSettings], room: str) -> str:
    """`the reading lamp is`, `the blinds are`, `two lights in the kitchen are`."""
    if len(devices) == 1:
        name = devices[0].name
        return f"{'' if devices[0].kind == 'scene' else 'the '}{name} {spoken.is_or_are([name])}"
    kinds = {device.kind for device in devices}
    noun = kinds.pop() if len(kinds) == 1 else "device"
    return spoken.count(len(devices), noun) + (f" in the {room} are" if room else " are")


def _set_brightness(services: Services, slots: Slots, level: Callable[[DeviceSettings], int]) -> Outcome:
    devices = _found(services, slots, ("light",))
    levels = {id(device): level(device) for device in devices}

    def change(device: DeviceSettings) -> tuple[str, object, str]:
        percent = levels[id(device)]
        return "brightness", percent, "ON" if percent else "OFF"

    return _tell(services, devices, slots, change, f"at {_percent_words(levels[id(devices[0])])}")


def _from_present(services: Services, amount: float) -> Callable[[DeviceSettings], int]:
    def level(device: DeviceSettings) -> int:
        present = float(services.home.remembered(device, "brightness") or _USUAL_BRIGHTNESS)
        return max(1, _percent(present + amount))

    return level


def _change_temperature(services: Services, slots: Slots, sign: int) -> Outcome:
    amount = float(slots.get("amount") or _DEGREES_STEP)

    def degrees(device: DeviceSettings) -> float:
        return float(services.home.remembered(device, "temperature") or _USUAL_DEGREES) + sign * amount

    return _set_temperature(services, slots, degrees)


def _set_temperature(services: Services, slots: Slots, degrees: Callable[[DeviceSettings], float]) -> Outcome:
    devices = _heating(services, slots)
    wanted = degrees(devices[0])
    if not _COLDEST <= wanted <= _WARMEST:
        return refused(f"I set from {spoken.number(_COLDEST)} to {spoken.number(_WARMEST)} degrees Celsius.")
    words = f"set to {spoken.number(wanted)} degrees"
    return _tell(services, devices, slots, lambda _: ("temperature", wanted, ""), words)


def _move(services: Services, slots: Slots, state: str, result: str) -> Outcome:
    return _tell(services, _found(services, slots, ("cover",)), slots, lambda _: ("state", state, ""), result)


def _percent(value: float) -> int:
    return round(min(max(value, 0), 100))


def _percent_words(level: int) -> str:
    return f"{spoken.number(level)} percent"


HANDLERS: dict[str, Handler] = {
    "TurnOn": turn_on,
    "TurnOff": turn_off,
    "Toggle": toggle,
    "SetBrightness": set_brightness,
    "BrightnessUp": brightness_up,
    "BrightnessDown": brightness_down,
    "SetColour": set_colour,
    "SetTemperature": set_temperature,
    "TemperatureUp": temperature_up,
    "TemperatureDown": temperature_down,
    "GetTemperature": get_temperature,
    "OpenCover": open_cover,
    "CloseCover": close_cover,
    "StopCover": stop_cover,
    "SetPosition": set_position,
    "Lock": lock,
    "Unlock": unlock,
    "ActivateScene": activate_scene,
    "UnknownDevice": unknown_device,
}
