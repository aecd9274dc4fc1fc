"""Home commands in all their combinations, drawn at random from templates and wide vocabularies."""

import re
import string
from collections.abc import Callable, Sequence
from random import Random

from num2words import num2words

from scripts.training import vocabulary as words
from scripts.training.command_templates import HOME_TEMPLATES, SPELLED_TEMPLATES

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_DAYPARTS = (
    "today",
    "tomorrow",
    "tonight",
    "tomorrow morning",
    "this evening",
    "this afternoon",
    "tomorrow night",
    "next week",
    "this weekend",
    "the day after tomorrow",
    "in the morning",
)
_PARTS_OF_HOUR = ("half past", "quarter past", "quarter to", "ten past", "twenty to")
_NAME_SLOT = re.compile(r"\{(contact|artist|song|album|playlist|item|city)\}")
_NAME_ALONE = 0.1
_INNERMOST = re.compile(r"\(([^()\[\]]*)\)|\[([^()\[\]]*)\]")


def settle(template: str, random: Random) -> str:
    """Makes a template's choices, from the inside outwards; its slots stay."""
    while match := _INNERMOST.search(template):
        must, may = match.groups()
        options = (must if must is not None else may).split("|")
        chosen = random.choice(options) if must is not None or random.random() < 0.45 else ""
        template = template[: match.start()] + chosen + template[match.end() :]
    return template


class Commands:
    """Draws commands; music names come from outside, everything else from our own vocabulary."""

    def __init__(self, random: Random, music: dict[str, list[str]]) -> None:
        self._random = random
        self._kinds = list(HOME_TEMPLATES)
        self._weights = [weight for weight, _ in HOME_TEMPLATES.values()]
        self._lists = {
            "room": words.ROOMS,
            "switch": words.SWITCHES,
            "cover": words.COVERS,
            "lock": words.LOCKS,
            "scene": words.SCENES,
            "colour": words.COLOURS,
            "timer": words.TIMER_NAMES,
            "item": words.SHOPPING,
            "quantity": words.QUANTITIES,
            "message": words.MESSAGES,
            "reminder": words.REMINDERS,
            "city": words.CITIES,
            "artist": [*music["artist"], *words.BANDS * 4],
            "song": [*music["track"], *words.SONGS * 4],
            "album": [*music["album"], *words.SONGS],
            "playlist": [*music["playlist"], *words.PLAYLISTS * 8],
            "day": _DAYS,
            "drink": words.DRINKS,
            "dish": words.DISHES,
            "size": words.SIZES,
            "manner": words.MANNERS,
            "extra": words.EXTRAS,
            "thing": words.THINGS,
        }

    def any(self) -> str:
        """A home command (four in five), a short word, or something spelled, dialled or addressed."""
        chance = self._random.random()
        if chance < 0.80:
            return self.home()
        return self._pick(words.COMMAND_WORDS) if chance < 0.88 else self._fill(self._pick(SPELLED_TEMPLATES))

    def dictated(self) -> str:
        """Something spelled, dialled or addressed; a third are whole names, said and then spelled."""
        if self._random.random() < 0.67:
            return self._fill(self._pick(SPELLED_TEMPLATES))
        name = self._draw_full_name()
        letters = " ".join(letter for letter in name if letter.isalpha())
        return self._pick([letters, f"{name} {letters}", f"{name} spelled {letters}"])

    def home(self) -> str:
        """A command to the home."""
        return self._fill(self._home_template())

    def named(self, name: Callable[[], str]) -> str:
        """A command about people and things that `name` names anew each time; now and then a name alone."""
        filled = "@" if self._random.random() < _NAME_ALONE else ""
        while "@" not in filled:
            filled = self._fill(_NAME_SLOT.sub("@", self._home_template()))
        return re.sub("@", lambda _: name(), filled)

    def _home_template(self) -> str:
        kind = self._random.choices(self._kinds, self._weights)[0]
        return self._pick(HOME_TEMPLATES[kind][1])

    def _pick(self, choices: Sequence[str]) -> str:
        return self._random.choice(choices)

    def _fill(self, template: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda match: self._slot(match[1]), settle(template, self._random))

    def _slot(self, name: str) -> str:
        choices = self._lists.get(name)
        return self._pick(choices) if choices else getattr(self, f"_draw_{name}")()

    def _number(self, low: int, high: int) -> str:
        spoken = num2words(self._random.randint(low, high)).replace("-", " ").replace(",", "")
        return spoken.replace(" and ", " ") if self._random.random() < 0.4 else spoken

    def _draw_light(self) -> str:
        light, room = self._pick(words.LIGHTS), self._pick(words.ROOMS)
        return self._pick(
            [
                light,
                f"{room} {light}",
                f"{room} lights",
                f"{light} in the {room}",
                f"{self._pick(words.OWNED_ROOMS)} lamp",
            ]
        )

    def _draw_percent(self) -> str:
        if self._random.random() < 0.5:
            return num2words(10 * self._random.randint(1, 10))
        return self._number(0, 100)

    def _draw_degrees(self) -> str:
        whole = self._number(14, 28) if self._random.random() < 0.6 else self._number(55, 85)
        return whole + self._random.choices(["", " point five", " and a half"], [8, 1, 1])[0]

    def _draw_few(self) -> str:
        return self._number(1, 12)

    def _draw_ten(self) -> str:
        return self._number(0, 10)

    def _draw_duration(self) -> str:
        """Times from seconds to hours, as people say them."""
        hours, minutes, seconds = (
            self._random.randint(1, 12),
            self._random.randint(1, 59),
            self._random.randint(1, 59),
        )
        if self._random.random() < 0.5:
            minutes, seconds = (
                self._random.choice([1, 2, 3, 5, 10, 15, 20, 25, 30, 40, 45, 50]),
                5 * (seconds % 11 + 1),
            )
        say = {
            unit: self._count(n, unit)
            for unit, n in [("hour", hours), ("minute", minutes), ("second", seconds)]
        }
        return self._random.choices(
            [
                say["minute"],
                say["hour"],
                say["second"],
                f"{say['hour']} and {say['minute']}",
                f"{say['hour']} {say['minute']}",
                f"{say['minute']} and {say['second']}",
                f"{say['minute']} {say['second']}",
                self._pick(
                    ["half an hour", "an hour", "a minute", "an hour and a half", "a quarter of an hour"]
                ),
                f"{num2words(hours)} and a half {self._pick(['hours', 'minutes'])}",
                f"{say['hour']} {say['minute']} and {say['second']}",
            ],
            [30, 12, 10, 10, 4, 8, 3, 8, 5, 2],
        )[0]

    def _count(self, number: int, unit: str) -> str:
        return f"{self._number(number, number)} {unit}{'s' if number > 1 else ''}"

    def _draw_clock(self) -> str:
        hour, minute = (
            self._random.randint(1, 12),
            self._random.choice([*range(5, 60, 5), self._random.randint(1, 59)]),
        )
        spoken_hour = num2words(hour)
        exact = f"{spoken_hour} {'oh ' if minute < 10 else ''}{num2words(minute)}"
        half = self._pick(
            [" a m", " p m", " a m", " p m", "", " in the morning", " in the evening", " tonight"]
        )
        return self._pick(
            [
                spoken_hour + half,
                f"{spoken_hour} o'clock",
                f"{spoken_hour} thirty" + half,
                exact + half,
                exact + half,
                f"{self._pick(_PARTS_OF_HOUR)} {spoken_hour}",
                self._pick(
                    ["noon", "midnight", "midday", "eighteen hundred", "nineteen thirty", "twenty fifteen"]
                ),
            ]
        )

    def _draw_daypart(self) -> str:
        return self._pick(_DAYPARTS)

    def _draw_when(self) -> str:
        clock, day = self._draw_clock(), self._pick(_DAYS)
        later = self._pick(
            ["", "", "", " tomorrow", f" on {day}", f" every {day}", " on weekdays", f" next {day}"]
        )
        return clock + later

    def _draw_date(self) -> str:
        ordinal = num2words(self._random.randint(1, 31), to="ordinal").replace("-", " ")
        month = self._pick(_MONTHS)
        return self._pick(
            [f"the {ordinal} of {month}", f"{month} {ordinal}", "christmas", "easter", "my birthday"]
        )

    def _draw_contact(self) -> str:
        first, chance = self._pick(words.FIRST_NAMES), self._random.random()
        if chance < 0.25:
            return self._pick(words.CONTACTS)
        return first if chance < 0.5 else f"{first} {self._pick(words.LAST_NAMES)}"

    def _draw_full_name(self) -> str:
        return f"{self._pick(words.FIRST_NAMES)} {self._pick(words.LAST_NAMES)}"

    def _draw_spelled_name(self) -> str:
        name = self._pick(words.FIRST_NAMES + words.LAST_NAMES)
        letters = " ".join(letter for letter in name if letter.isalpha())
        return self._pick([letters, f"{name} {letters}"])

    def _draw_letters(self) -> str:
        return " ".join(
            self._random.choices(string.ascii_lowercase, k=self._random.choice([1, 1, 2, 3, 4, 5, 6]))
        )

    def _draw_digits(self) -> str:
        return self._digit_words(self._random.choice([1, 1, 1, 2, 3, 4, 4, 5, 6]))

    def _draw_phone(self) -> str:
        return self._digit_words(self._random.choice([7, 8, 10, 10, 10, 11]))

    def _digit_words(self, count: int) -> str:
        """Digits one by one, with people's "oh" and "double seven"."""
        zero, doubles = self._pick(["zero", "zero", "oh"]), self._random.random() < 0.25
        drawn = [self._random.randint(0, 9) for _ in range(count)]
        digits: list[str] = [num2words(digit) if digit else zero for digit in drawn]
        spoken: list[str] = []
        for digit in digits:
            if doubles and spoken and spoken[-1] == digit:
                spoken[-1] = f"double {digit}"
            else:
                spoken.append(digit)
        return " ".join(spoken)

    def _draw_address(self) -> str:
        number = self._pick(
            [self._number(1, 199), self._number(1, 99), f"{self._number(11, 99)} {self._number(11, 99)}"]
        )
        street = f"{number} {self._pick(words.STREETS)} {self._pick(words.STREET_KINDS)}"
        return street + self._pick(
            ["", f" {self._pick(words.CITIES)}", f" {self._pick(words.CITIES + words.STATES)}"]
        )
