import json
from importlib import resources

import pytest
import yaml

from alexa_local.messages import Hypothesis, Interpretation
from alexa_local.understand import Catalogue, Device, Understander
from alexa_local.understand.grammar import built_in_grammar
from tests.understand.home import HOME, SATURDAY_EVENING, ask

REQUESTS = [
    ("what time is it", "GetTime", {}),
    ("what day is it", "GetDate", {}),
    ("what date is next monday", "GetDate", {"date": "2026-11-23"}),
    ("set a timer for three hours and ten minutes", "SetTimer", {"duration": 11400}),
    ("set a ninety second timer", "SetTimer", {"duration": 90}),
    ("set a pasta timer for half an hour", "SetTimer", {"name": "pasta", "duration": 1800}),
    ("set a timer", "SetTimer", {}),
    (
        "set a timer for five minutes and another for ten minutes",
        "SetTimer",
        {"duration": 300, "second_duration": 600},
    ),
    ("cancel the pasta timer", "CancelTimer", {"name": "pasta"}),
    ("cancel all timers", "CancelAllTimers", {}),
    ("pause the timer", "PauseTimer", {}),
    ("resume the egg timer", "ResumeTimer", {"name": "egg"}),
    ("how much time is left on the pasta timer", "TimerStatus", {"name": "pasta"}),
    ("how long is left", "TimerStatus", {}),
    ("what timers do i have", "ListTimers", {}),
    ("add five minutes to the timer", "AddTimerTime", {"duration": 300}),
    ("take two minutes off the timer", "RemoveTimerTime", {"duration": 120}),
    ("wake me up at seven thirty a m", "SetAlarm", {"time": "07:30", "date": "2026-11-22"}),
    ("set an alarm for quarter past nine", "SetAlarm", {"time": "21:15", "date": "2026-11-21"}),
    ("wake me up at seven on weekdays", "SetAlarm", {"time": "07:00", "repeat": "weekdays"}),
    ("set an alarm for tomorrow morning at six", "SetAlarm", {"time": "06:00", "date": "2026-11-22"}),
    ("wake me in twenty minutes", "SetTimer", {"duration": 1200}),
    ("set an alarm in two hours", "SetAlarm", {"time": "22:30", "date": "2026-11-21"}),
    ("cancel my alarm", "CancelAlarm", {}),
    ("cancel the seven a m alarm", "CancelAlarm", {"time": "07:00", "date": "2026-11-22"}),
    ("cancel all alarms", "CancelAllAlarms", {}),
    ("what alarms do i have", "ListAlarms", {}),
    ("snooze for ten minutes", "Snooze", {"duration": 600}),
    ("set the volume to fifty percent", "SetVolume", {"level": 50}),
    ("turn it up", "VolumeUp", {}),
    ("turn the volume down by ten percent", "VolumeDown", {"amount": 10}),
    ("mute", "Mute", {}),
    ("unmute", "Unmute", {}),
    ("play some jazz", "PlayMusic", {"music": "Jazz"}),
    ("play songs by the beatles", "PlayMusic", {"music": "The Beatles"}),
    ("play nothing compares to you", "PlayMusic", {"query": "nothing compares to you"}),
    ("play some music", "PlayMusic", {}),
    ("pause the music", "PauseMusic", {}),
    ("resume", "ResumeMusic", {}),
    ("next song", "NextTrack", {}),
    ("go back", "PreviousTrack", {}),
    ("stop the music", "StopMusic", {}),
    ("what song is this", "WhatsPlaying", {}),
    ("turn on the kitchen light", "TurnOn", {"device": "Kitchen light"}),
    ("switch the book light off", "TurnOff", {"device": "Reading lamp"}),
    ("turn off the lights in the living room", "TurnOff", {"room": "living room", "kind": "light"}),
    ("turn off all the lights", "TurnOff", {"kind": "light", "all": True}),
    ("lights on", "TurnOn", {"kind": "light"}),
    ("turn on the ceiling fan", "TurnOn", {"device": "Ceiling fan"}),
    ("toggle the reading lamp", "Toggle", {"device": "Reading lamp"}),
    ("set the reading lamp to twenty percent", "SetBrightness", {"device": "Reading lamp", "level": 20}),
    ("dim the bedroom lights", "BrightnessDown", {"room": "bedroom"}),
    ("make the living room lights warm white", "SetColour", {"room": "living room", "colour": "warm white"}),
    ("set the temperature to twenty one and a half degrees", "SetTemperature", {"temperature": 21.5}),
    ("turn up the heating", "TemperatureUp", {}),
    ("what's the temperature in the bedroom", "GetTemperature", {"room": "bedroom"}),
    ("open the bedroom blinds", "OpenCover", {"device": "Bedroom blinds"}),
    ("close all the blinds", "CloseCover", {"kind": "cover"}),
    ("set the bedroom blinds to thirty percent", "SetPosition", {"device": "Bedroom blinds", "level": 30}),
    ("activate movie night", "ActivateScene", {"device": "Movie night"}),
    ("turn on the lava lamp", "UnknownDevice", {"name": "lava lamp"}),
    (
        "add milk and two eggs and some bread to the shopping list",
        "AddToList",
        {"items": ["milk", "two eggs", "bread"], "list": "shopping"},
    ),
    ("put eggs on the grocery list", "AddToList", {"items": ["eggs"], "list": "shopping"}),
    ("remove milk from my to do list", "RemoveFromList", {"items": ["milk"], "list": "to do"}),
    ("what's on my shopping list", "ReadList", {"list": "shopping"}),
    ("clear the shopping list", "ClearList", {"list": "shopping"}),
    ("call mom", "CallContact", {"contact": "Anna Miller"}),
    ("call priya's mobile", "CallContact", {"contact": "Priya Raman", "which": "mobile"}),
    ("call zebedee", "UnknownContact", {"name": "zebedee"}),
    (
        "tell john that i will not be late",
        "SendMessage",
        {"contact": "John Miller", "message": "i will not be late"},
    ),
    ("stop", "Stop", {}),
    ("never mind", "Cancel", {}),
    ("what can i say", "Help", {}),
    ("turn on local only mode", "LocalOnlyOn", {}),
    ("local only off", "LocalOnlyOff", {}),
    ("say that again", "Repeat", {}),
    ("good morning", "Greeting", {}),
    ("thank you", "Thanks", {}),
]


@pytest.mark.parametrize(("text", "intent", "slots"), REQUESTS, ids=[text for text, *_ in REQUESTS])
def test_a_request_has_its_intent_and_slots(home, text, intent, slots):
    meaning = ask(home, text)
    assert (meaning.intent, dict(meaning.slots)) == (intent, slots)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("can you please turn on the kitchen light thanks", "TurnOn"),
        ("hey alexa set a timer for five minutes please", "SetTimer"),
        ("please add milk to the shopping list please", "AddToList"),
    ],
)
def test_politeness_changes_nothing(home, text, intent):
    meaning = ask(home, text)
    assert meaning.intent == intent
    assert "please" not in str(meaning.slots)


@pytest.mark.parametrize(
    ("heard", "intent", "slots"),
    [
        ("turn of the kitchen lite", "TurnOff", {"device": "Kitchen light"}),
        ("set a time for five minutes", "SetTimer", {"duration": 300}),
        ("turn on the sealing fan", "TurnOn", {"device": "Ceiling fan"}),
        ("set the bed room lights to fifty per cent", "SetBrightness", {"room": "bedroom", "level": 50}),
        ("set alarm for seven thirty a m", "SetAlarm", {"time": "07:30", "date": "2026-11-22"}),
    ],
)
def test_a_misheard_request_is_understood(home, heard, intent, slots):
    meaning = ask(home, heard)
    assert (meaning.intent, dict(meaning.slots)) == (intent, slots)
    assert meaning.confidence < 1.0 or heard.startswith("set alarm")


def test_a_later_reading_that_is_a_sentence_wins_over_a_first_that_is_none(home):
    meaning = ask(home, "set the volume too fifty purse scent", "set the volume to fifty percent")
    assert meaning.text == "set the volume to fifty percent"
    assert meaning.slots == {"level": 50}


def test_of_two_readings_that_are_sentences_the_likelier_wins(home):
    assert ask(home, "turn off the lights", "turn on the lights").intent == "TurnOff"
    assert ask(home, "turn on the lights", "turn off the lights").intent == "TurnOn"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "what is the capital of france",
        "the quick brown fox jumps over the lazy dog",
        "don't turn on the kitchen light",
        "do not set a timer for five minutes",
        "\u200b☃ \ud83d\ude00 ﷽",
        "turn",
        "turn the ceiling fan",
        "set a timer for foe minutes",
        "set a timer for the first man on the moon",
    ],
)
def test_what_is_no_request_has_no_intent(home, text):
    meaning = ask(home, text.encode("utf-8", "replace").decode())
    assert meaning.intent == ""
    assert meaning.slots == {}


@pytest.mark.parametrize("heard", ["cancel old timer", "clear the chopping test", "counsel all rhymers"])
def test_what_is_hard_to_undo_needs_to_be_heard_well(home, heard):
    assert ask(home, heard).intent not in ("CancelAllTimers", "CancelAllAlarms", "ClearList")


def test_long_and_odd_input_is_survived(home):
    assert ask(home, " ".join(["word"] * 2000)).intent == ""
    assert ask(home, "a" * 5000).intent == ""
    assert home.interpret([]).intent == ""
    ask(home, "turn on the kitchen light and set a timer for five minutes")


def test_a_home_without_names_still_understands(home):
    empty = Understander(Catalogue(lists=()), now=lambda: SATURDAY_EVENING)
    assert ask(empty, "set a timer for one minute").intent == "SetTimer"
    assert ask(empty, "open the blinds").intent == "OpenCover"


def test_the_table_of_intents_tells_every_slot_that_its_sentences_fill():
    text = resources.files("alexa_local.understand").joinpath("intents.yaml").read_text(encoding="utf-8")
    table = yaml.safe_load(text)["intents"]
    for name, intent in table.items():
        told = {slot.removesuffix("?") for slot in intent.get("slots", {})}
        fixed = {slot for part in intent.get("data", []) for slot in part.get("set", {})}
        assert fixed <= told, name
    assert set(table) == {group.intent for group in built_in_grammar().groups}


def test_slots_can_be_written_as_json(home):
    for text, *_ in REQUESTS:
        json.dumps(dict(ask(home, text).slots))


def test_names_are_given_back_as_the_catalogue_writes_them():
    assert ("the beatles", "The Beatles") in HOME.entries()["music"]
    assert dict(HOME.entries()["contact"])["miller"] == "miller"  # two people have that name


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("turn on the reading lamp and play jazz", "TurnOn", "PlayMusic"),
        ("set a timer for ten minutes and then turn off the kitchen light", "SetTimer", "TurnOff"),
        ("stop the music then what time is it", "StopMusic", "GetTime"),
        ("turn on the boiler and set a timer for ten minutes", "UnknownDevice", "SetTimer"),
        ("add milk to the shopping list and turn off the kitchen light", "AddToList", "TurnOff"),
        ("turn of the kitchen light and said a timer for ten minutes", "TurnOff", "SetTimer"),
    ],
)
def test_two_requests_of_one_breath_are_both_understood(
    home: Understander, text: str, first: str, second: str
) -> None:
    found = ask(home, text)
    assert (found.intent, [one.intent for one in found.also]) == (first, [second])
    assert found.text == text


def test_what_is_not_said_twice_belongs_to_both(home: Understander) -> None:
    found = ask(home, "set the kitchen light to red and the reading lamp to blue")
    assert found.intent == found.also[0].intent == "SetColour"
    assert dict(found.also[0].slots) == {"device": "Reading lamp", "colour": "blue"}
    found = ask(home, "turn off the reading lamp and the kitchen light")
    assert found.intent == found.also[0].intent == "TurnOff"
    assert ask(home, "turn off the reading lamp and go to bed").also == ()


def test_one_request_with_an_and_in_it_is_one(home: Understander) -> None:
    found = ask(home, "add milk and eggs to the shopping list")
    assert (found.intent, found.also) == ("AddToList", ())
    assert ask(home, "set a timer for one hour and ten minutes").slots == {"duration": 4200}


@pytest.mark.parametrize("answer", ["", "the weather is nice", "forty percent"])
def test_what_cannot_fill_a_slot_is_no_answer(home: Understander, answer: str) -> None:
    asked = Interpretation("SetTimer", {})
    assert home.answer(asked, "duration", [Hypothesis(answer, 0.0)]) is None


def test_a_slot_that_no_sentence_fills_has_no_answer(home: Understander) -> None:
    assert home.answer(Interpretation("GetTime", {}), "nothing", [Hypothesis("two", 0.0)]) is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("set an alarm for the thirty first of february at seven", "thirty first of february"),
        ("set an alarm for june thirty first at seven", "june thirty first"),
    ],
)
def test_a_day_that_never_comes_is_said_not_to(home: Understander, text: str, what: str) -> None:
    found = ask(home, text)
    assert (found.intent, found.slots) == ("Impossible", {"what": what})


@pytest.mark.parametrize(
    "text",
    [
        "set a timer for minus five minutes",
        "set a timer for a million hours",
        "wake me at twenty five o'clock",
        "set the volume to two hundred percent",
        "dim the reading lamp to minus ten percent",
    ],
)
def test_values_out_of_range_are_not_bent_into_it(home: Understander, text: str) -> None:
    assert ask(home, text).intent == ""


def test_doors_are_locked_and_unlocked_and_one_is_never_taken_for_the_other() -> None:
    doors = Understander(
        Catalogue(
            devices=(Device("Front door", "lock"), Device("Shed", "lock"), Device("Garage door", "cover"))
        )
    )
    assert ask(doors, "lock the front door").intent == "Lock"
    assert ask(doors, "please unlock the front door").slots == {"device": "Front door"}
    assert ask(doors, "unlock the door").slots == {"kind": "lock"}
    assert ask(doors, "open the garage door").intent == "OpenCover"
    for misheard in (
        "lock the front doors",
        "clock the front door",
        "look at the front door",
        "block the shed",
    ):
        assert ask(doors, misheard).intent != "Unlock"


def test_who_is_speaking_can_be_asked() -> None:
    understander = Understander(Catalogue())
    for text in ("who am i", "do you know who i am", "do you recognise my voice"):
        assert ask(understander, text).intent == "WhoAmI"
