"""What people say to a garden, a car charger and a roof of solar panels: material that the recogniser lacks.

A household that gets such devices needs their words, of which hardly any occur in the recogniser's training.
A fifth of all sentences, by checksum, is for judging only, and so are two of the templates, whole.

    python -m scripts.training.adapt.outdoors --count 900 > train.txt
    python -m scripts.training.adapt.outdoors --held-out --count 150 > test.txt
"""

from __future__ import annotations

import argparse
import re
import zlib
from collections.abc import Iterator
from itertools import islice
from random import Random

from alexa_local.recognise.normalise import spoken_form
from scripts.training.commands import settle

_SLOTS = {
    "bed": (
        "rose bed|vegetable patch|raised beds|front lawn|back lawn|hydrangeas|rhododendron|tomato plants|"
        "strawberry bed|herb spiral|orchard|hedge|flower pots|cucumbers"
    ),
    "water": (
        "irrigation|drip irrigation|sprinkler system|soaker hose|rain barrel pump|well pump|misting nozzles"
    ),
    "mower": "robot mower|lawn mower|mowing robot",
    "charger": "wallbox|car charger|charging station|e bike charger",
    "power": "solar panels|photovoltaics|inverter|home battery|balcony solar|heat pump|feed in meter",
    "outside": (
        "greenhouse vents|greenhouse heater|pond pump|pond fountain|sauna stove|hot tub|awning|pergola roof|"
        "patio heater|weather station|bird bath heater|compost sensor|beehive scale|driveway gate"
    ),
    "much": "ten|fifteen|twenty|thirty five|fifty|sixty|eighty|ninety",
    "few": "two|three|five|eight|ten|twelve",
    "minutes": "five|ten|fifteen|twenty|thirty|forty five|ninety",
    "time": "sunrise|sunset|six a m|half past seven|nine in the evening|midnight|noon|dawn",
}
_TEMPLATES = (
    "(start|stop|pause|resume) the {water} (in|for) the {bed}",
    "(water|mist|spray) the {bed} [for {minutes} minutes] [(at|before|after) {time}]",
    "run the {water} for {minutes} minutes",
    "skip (watering|irrigating) the {bed} [(today|tomorrow|when it rains|until friday)]",
    "how (dry|moist|wet) is the soil (in|under|around) the {bed}",
    "(send|call) the {mower} (home|back to its dock|to the {bed})",
    "(mow|trim) the (front lawn|back lawn|orchard) [at {time}]",
    "(is|why is) the {mower} (stuck|charging|docked|still mowing)",
    "(start|stop|delay|schedule) charging [the car|the van] (at {time}|to {much} percent|with surplus power)",
    "(set|limit) the {charger} to {few} (amps|kilowatts)",
    "(lock|unlock|enable|disable) the {charger}",
    "how many kilowatt hours did the {power} (make|store|use) [(today|this week|yesterday)]",
    "(what's|what is) the (yield|output|surplus|load) of the {power} [right now]",
    "(charge|discharge) the home battery to {much} percent [(by|before) {time}]",
    "switch the {power} to (eco|boost|island|standby|defrost|grid) mode",
    "(turn|switch) (on|off) the {outside} [(at {time}|for {minutes} minutes)]",
    "(extend|retract|tilt) the (awning|pergola roof) [(half way|to {much} percent)]",
    "heat the (sauna stove|hot tub|greenhouse heater) to {much} degrees [by {time}]",
    "how (full|empty) is the (rain barrel|cistern|home battery|compost sensor)",
    "what does the (weather station|beehive scale|compost sensor|feed in meter) (say|read|measure)",
    "close the greenhouse vents (at {time}|if the wind picks up|when frost is coming)",
    "(fertilise|prune|harvest) reminder for the {bed} at {time}",
)
_UNTAUGHT = (
    "would you give the {bed} some water (at {time}|for {minutes} minutes)",
    "tell me whether the {outside} and the {power} are running",
)
"""Templates of which nothing is trained on."""
_UNTAUGHT_SHARE = 0.05
"""Of what is drawn; of what is kept for judging it is a fifth."""
_HELD_OUT_OF = 5


def sentences(seed: int, held_out: bool) -> Iterator[str]:
    """Yields distinct sentences for ever: those to train on, or those to judge by."""
    random, seen = Random(seed), set()
    while True:
        is_untaught = held_out and random.random() < _UNTAUGHT_SHARE
        template = settle(random.choice(_UNTAUGHT if is_untaught else _TEMPLATES), random)
        sentence = spoken_form(
            re.sub(r"\{(\w+)\}", lambda match: random.choice(_SLOTS[match[1]].split("|")), template)
        )
        kept = is_untaught or zlib.crc32(sentence.encode()) % _HELD_OUT_OF == 0
        if kept == held_out and sentence not in seen:
            seen.add(sentence)
            yield sentence


def main() -> None:
    """Prints sentences, one a line."""
    parser = argparse.ArgumentParser(description="Print sentences about a garden and its power.")
    parser.add_argument("--held-out", action="store_true", help="those that are never trained on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=900)
    args = parser.parse_args()
    for sentence in islice(sentences(args.seed, args.held_out), args.count):
        print(sentence)


if __name__ == "__main__":
    main()
