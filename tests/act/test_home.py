import pytest
from house import House

from alexa_local.config import DeviceSettings


@pytest.mark.parametrize(
    ("intent", "slots", "reply", "sent"),
    [
        ("TurnOn", {"device": "reading lamp"}, "The reading lamp is on.", [("home/lamp", "ON")]),
        ("TurnOff", {"device": "Lamp"}, "The reading lamp is off.", [("home/lamp", "OFF")]),
        ("TurnOn", {"device": "coffee maker"}, "The coffee maker is on.", []),
        ("TurnOn", {"kind": "plug"}, "The coffee maker is on.", []),
        (
            "TurnOn",
            {"room": "kitchen", "kind": "light"},
            "The kitchen light is on.",
            [("home/kitchen", '{"state": "ON"}')],
        ),
        (
            "TurnOff",
            {"room": "living room", "kind": "light"},
            "Two lights in the living room are off.",
            [("home/lamp", "OFF"), ("home/ceiling", "OFF")],
        ),
        ("TurnOn", {"room": "bedroom", "kind": "light"}, "I don't know any light in the bedroom.", []),
        ("TurnOn", {"device": "fan"}, "Which fan: the one in the bedroom or the bath?", []),
        ("TurnOn", {"device": "fan", "room": "bath"}, "The fan is on.", [("home/fan/bath", "ON")]),
        ("TurnOn", {}, "Which device?", []),
        ("Toggle", {"device": "lamp"}, "The reading lamp is on.", [("home/lamp", "ON")]),
        (
            "SetBrightness",
            {"device": "lamp", "level": 40},
            "The reading lamp is at forty percent.",
            [("home/lamp", "40")],
        ),
        (
            "BrightnessUp",
            {"device": "lamp"},
            "The reading lamp is at seventy percent.",
            [("home/lamp", "70")],
        ),
        (
            "BrightnessDown",
            {"device": "lamp", "amount": 99},
            "The reading lamp is at one percent.",
            [("home/lamp", "1")],
        ),
        (
            "SetColour",
            {"device": "lamp", "colour": "warm white"},
            "The reading lamp is warm white.",
            [("home/lamp", "warm white")],
        ),
        (
            "SetTemperature",
            {"temperature": 19.0},
            "The thermostat is set to nineteen degrees.",
            [("home/heating", "19")],
        ),
        (
            "SetTemperature",
            {"temperature": 19.0, "room": "bath"},
            "The heater is set to nineteen degrees.",
            [("home/heater", "19")],
        ),
        ("OpenCover", {"kind": "cover"}, "The blinds are opening.", [("home/blinds", "OPEN")]),
        ("CloseCover", {"room": "bedroom"}, "The blinds are closing.", [("home/blinds", "CLOSE")]),
        (
            "SetPosition",
            {"device": "blinds", "level": 50},
            "The blinds are going to fifty percent.",
            [("home/blinds", "50")],
        ),
        ("StopCover", {"device": "blinds"}, "", [("home/blinds", "STOP")]),
        ("ActivateScene", {"device": "movie night"}, "Movie night is on.", [("home/scene", "movie")]),
        ("UnknownDevice", {"name": "lava lamp"}, "I don't know any lava lamp.", []),
        (
            "SetTemperature",
            {"device": "thermostat", "temperature": 21.5},
            "The thermostat is set to twenty-one point five degrees.",
            [("home/heating", "21.5")],
        ),
        (
            "SetTemperature",
            {"device": "thermostat", "temperature": 70.0},
            "I set from five to thirty degrees Celsius.",
            [],
        ),
        (
            "TemperatureUp",
            {"room": "hall"},
            "The thermostat is set to twenty-one degrees.",
            [("home/heating", "21")],
        ),
        (
            "TemperatureDown",
            {"room": "hall", "amount": 2.5},
            "The thermostat is set to seventeen point five degrees.",
            [("home/heating", "17.5")],
        ),
        ("GetTemperature", {}, "I don't know: nobody has set the thermostat through me yet.", []),
    ],
)
def test_devices(
    house: House, intent: str, slots: dict[str, object], reply: str, sent: list[tuple[str, str]]
) -> None:
    outcome = house.ask(intent, **slots)
    assert outcome.reply == reply
    assert house.publisher.sent == sent


def test_everything_off_reaches_the_heater_and_everything_on_does_not(house: House) -> None:
    house.ask("TurnOn", all=True)
    assert "home/heater" not in dict(house.publisher.sent)
    house.ask("TurnOff", all=True)
    assert dict(house.publisher.sent)["home/heater"] == "OFF"
    assert "home/blinds" not in dict(house.publisher.sent)


def test_states_are_remembered_across_a_restart(house: House) -> None:
    house.ask("SetBrightness", device="lamp", level=40)
    house.ask("SetTemperature", temperature=21.0)
    house.restart()
    assert (
        house.reply("BrightnessUp", device="lamp", amount=15) == "The reading lamp is at fifty-five percent."
    )
    assert house.reply("Toggle", device="lamp") == "The reading lamp is off."
    assert house.reply("GetTemperature") == "The thermostat is set to twenty-one degrees."


def test_what_was_not_told_is_not_remembered(house: House) -> None:
    house.publisher.unreachable.add("home/lamp")
    assert house.reply("TurnOn", device="lamp") == "I couldn't reach the broker."
    house.publisher.unreachable.clear()
    assert house.reply("Toggle", device="lamp") == "The reading lamp is on."


def test_one_that_fails_does_not_keep_the_others_from_it(house: House) -> None:
    house.publisher.unreachable.add("home/lamp")
    outcome = house.ask("TurnOn", kind="light", all=True)
    assert (outcome.ok, outcome.reply) == (False, "Only two of three did it.")
    assert dict(house.publisher.sent).keys() == {"home/ceiling", "home/kitchen"}


def test_without_devices_it_says_how_to_get_some(bare_house: House) -> None:
    assert bare_house.reply("TurnOn", kind="light") == (
        "No devices are set up yet. Add them under home devices in the configuration."
    )


def test_a_device_that_was_told_of_later_takes_the_messages_that_it_knows(house: House) -> None:
    fountain = DeviceSettings("Fountain", "switch", topic="f/set", states={"ON": "{flow}", "OFF": '"'})
    assert house.reply("TurnOn", device="fountain") == "I don't know any fountain."
    house.services.home.add((fountain,))
    assert house.reply("TurnOn", device="fountain") == "The Fountain is on."
    assert house.reply("Toggle", device="fountain") == "The Fountain is off."
    assert house.publisher.sent == [("f/set", "{flow}"), ("f/set", '"')]
    assert house.reply("SetBrightness", device="fountain", level=40) == "The Fountain can't do that."
    assert house.reply("OpenCover", device="fountain") == "The Fountain can't do that."
    assert len(house.publisher.sent) == 2 and house.reply("TurnOn", device="lamp")
    house.services.home.add(())
    assert house.reply("TurnOn", device="fountain") == "I don't know any fountain."
