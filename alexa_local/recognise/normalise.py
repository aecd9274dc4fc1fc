"""Written English becomes the words a person says, so that labels and both sides of a score look alike."""

import re
import unicodedata
from collections.abc import Callable

from num2words import num2words

_SPELLED_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'"})

_CURRENCIES = {  # sign: (one, many, one hundredth)
    "$": ("dollar", "dollars", "cents"),
    "£": ("pound", "pounds", "pence"),
    "€": ("euro", "euros", "cents"),
}

_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|o'clock"
)

_ABBREVIATIONS = {"mr": "mister", "mrs": "missus", "dr": "doctor", "vs": "versus", "etc": "et cetera"}

_ONE_SPELLING = [  # what is said alike is written alike
    (r"\bok\b", "okay"),
    (r"\bt v(s?)\b", r"tv\1"),
    (r"\bo clock\b", "o'clock"),
    (r"\bnevermind\b", "never mind"),
    (r"\bwi fi\b", "wifi"),
    (r"\bper cent\b", "percent"),
]


def spoken_form(text: str) -> str:
    """Writes a text as it is spoken: only a-z, apostrophes within words, and single spaces.

    Args:
        text: English as people or programs write it, such as "Wake me at 7:30 am".

    Returns:
        The words, such as "wake me at seven thirty a m"; empty if nothing can be spoken.
    """
    text = text.translate(_QUOTES).lower().replace("½", " 1/2")
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    text = unicodedata.normalize("NFKD", text.translate(_SPELLED_LETTERS))
    text = "".join(character for character in text if not unicodedata.combining(character))
    text = re.sub(r"\s+'(s|m|re|ll|ve|d|t)\b", r"'\1", text)  # some corpora write "what 's"
    text = re.sub(r"[^a-z']+", " ", text)
    text = " ".join(word for raw in text.split() if (word := raw.strip("'")))
    for spelling, one in _ONE_SPELLING:
        text = re.sub(spelling, one, text)
    return text


def _words(number: int | float | str, to: str = "cardinal") -> str:
    return num2words(number, to=to).replace("-", " ").replace(",", "")


def _digits(match: re.Match[str]) -> str:
    """Phone numbers and codes: each digit a word."""
    return " ".join(_words(int(digit)) for digit in re.sub(r"\D", "", match[0]))


def _time(match: re.Match[str]) -> str:
    hours, minutes, half = int(match["hours"]), int(match["minutes"]), match["half"]
    if minutes:
        spoken = f"{_words(hours)} {'oh ' if minutes < 10 else ''}{_words(minutes)}"
    elif half or hours > 12 or hours == 0:
        spoken = _words(hours) + ("" if half else " hundred")
    else:
        spoken = f"{_words(hours)} o'clock"
    return f"{spoken} {half[0]} m" if half else spoken


def _money(match: re.Match[str]) -> str:
    one, many, small = _CURRENCIES[match["sign"]]
    whole, part = int(match["whole"]), match["part"]
    spoken = f"{_words(whole)} {one if whole == 1 else many}"
    return f"{spoken} and {_words(int(part))} {small}" if part and int(part) else spoken


def _plain_number(match: re.Match[str]) -> str:
    written = match[0]
    if "." in written:
        return f" {_words(written)} "
    if len(written) > 4 or (written[0] == "0" and len(written) > 1):
        return f" {_digits(match)} "
    year_like = (
        len(written) == 4 and 1100 <= int(written) < 2100 and (written[2:] != "00" or written == "1900")
    )
    return f" {_words(int(written), 'year' if year_like else 'cardinal')} "


def _plural(match: re.Match[str]) -> str:
    word = _words(int(match["number"]))
    return word[:-1] + "ies" if word.endswith("y") else word + "s"


_Replacement = str | Callable[[re.Match[str]], str]
_WRITTEN: list[tuple[str, _Replacement]] = [
    (r"\b\d{1,3}(?:,\d{3})+\b(?!\.\d)", lambda match: _words(int(match[0].replace(",", "")))),
    (rf"\b({'|'.join(_ABBREVIATIONS)})\.", lambda match: _ABBREVIATIONS[match[1]]),
    (r"\b([ap])\.\s?m\b\.?", r"\1m"),
    (r"\b(?P<hours>\d{1,2})[:.](?P<minutes>[0-5]\d)\s*(?P<half>[ap]m)\b", _time),
    (r"\b(?P<hours>\d{1,2}):(?P<minutes>[0-5]\d)\b(?P<half>)", _time),
    (rf"(?<=\d)\s*([ap])m\b|(?<=\b)((?:{_NUMBER_WORDS})\s+)([ap])m\b", r" \2\1\3 m "),
    (r"\bpm\b", "p m"),
    (r"(?P<sign>[$£€])\s?(?P<whole>\d+)(?:\.(?P<part>\d\d))?\b", _money),
    (r"(?<!\d)\+?\(?\d{2,4}\)?(?:[ -]\d{3,4}){1,3}\b(?=\D|$)", _digits),
    (r"(?<!\d)(\d+) 1/2\b", r"\1 and a half"),
    (r"(?<![\d/])1/2\b", " half "),
    (r"°\s*c\b", " degrees celsius "),
    (r"°\s*f\b", " degrees fahrenheit "),
    (r"°", " degrees "),
    (r"%", " percent "),
    (r"&", " and "),
    (r"\+", " plus "),
    (r"@", " at "),
    (r"(?:^|(?<=\s))[-−](?=\d)", "minus "),
    (r"\b(?P<number>\d+)(?:st|nd|rd|th)\b", lambda match: _words(int(match["number"]), "ordinal")),
    (r"\b(?P<number>\d0)'?s\b", _plural),
    (r"\d+(?:\.\d+)?", _plain_number),
]
_RULES = [(re.compile(pattern), replacement) for pattern, replacement in _WRITTEN]
