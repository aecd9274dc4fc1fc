"""Names that the broker told of, beside the configuration's."""

from __future__ import annotations

from alexa_local.config import DeviceSettings
from alexa_local.daemon.neighbours import MOST, as_names, as_settings, told
from alexa_local.mqtt.topics import Names, Thing

OWN = (DeviceSettings("Lamp", "light", "Kitchen", aliases=("Spot",), topic="own/lamp"),)


def _kept(*things: Thing, rooms: tuple[str, ...] = ()) -> Names:
    return told([Names(things, rooms)], OWN, "alexa-local")


def test_a_name_of_the_configuration_is_nobody_elses_in_its_room() -> None:
    bedroom = Thing("lamp", "light", "Bedroom", topic="x")
    assert _kept(Thing("LAMP", "light", "kitchen", topic="x"), bedroom).things == (bedroom,)
    assert _kept(Thing("spot", "light", "Kitchen"), Thing("lamp", "light", topic="x")).things == ()


def test_of_two_with_one_name_in_one_room_the_first_source_tells() -> None:
    first, second = Thing("Plug", "switch", topic="1"), Thing("plug", "switch", topic="2")
    assert told([Names((first,)), Names((second,))], OWN, "p").things == (first,)


def test_our_own_topics_are_no_things() -> None:
    assert _kept(Thing("Trap", "switch", topic="alexa-local/attic/command")).things == ()
    assert _kept(Thing("Trap", "switch", topic="alexa-local")).things == ()
    assert len(_kept(Thing("Plug", "switch", topic="alexa-locals/plug")).things) == 1


def test_what_nobody_can_say_is_left_out_and_there_is_an_end() -> None:
    assert _kept(Thing("💡", "light"), Thing("лампа", "light"), rooms=("…", "Attic")) == Names((), ("Attic",))
    many = [Thing("Plug", "switch", f"room {number}", topic="t") for number in range(MOST + 9)]
    assert len(_kept(*many).things) == MOST


def test_only_what_has_a_topic_can_be_switched_and_all_have_names() -> None:
    oven = Thing("Oven", "heater", "Kitchen", ("stove",))
    plug = Thing("Plug", "switch", topic="t", payload="{state}", states={"ON": "1"})
    settings = as_settings([oven, plug])
    assert [(one.name, one.payload, dict(one.states)) for one in settings] == [("Plug", "", {"ON": "1"})]
    assert not list(settings[0].problems())
    assert [one.name for one in as_names([oven, plug])] == ["Oven", "Plug"]
