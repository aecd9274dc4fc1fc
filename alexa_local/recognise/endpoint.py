"""When a request is over: named rules, as data, in seconds and probabilities, over one stream of evidence.

The form of the rules is that of the configuration; two sets of them look at the same evidence, one to begin
with preparing the answer, one to end the request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alexa_local.config import EndpointRule


@dataclass(frozen=True)
class Evidence:
    """What is known at one moment about whether somebody has finished.

    Attributes:
        words: whether there are any yet.
        trailing_silence_s: seconds since the last word piece.
        quiet_s: seconds since a voice was heard.
        ended: probability, by the sound, that the speaker has finished.
        sentence_end: probability, by the words, that the sentence is whole.
        open_ended: whether the words plainly ask for more, see `is_open_ended`.
        length_s: seconds since the request began.
    """

    words: bool
    trailing_silence_s: float
    quiet_s: float
    ended: float
    sentence_end: float
    open_ended: bool
    length_s: float


def ended_by(rules: Mapping[str, EndpointRule], heard: Evidence) -> str | None:
    """The name of the first rule whose conditions all hold, or None while the request goes on."""
    return next((name for name, rule in rules.items() if _holds(rule, heard)), None)


def _holds(rule: EndpointRule, heard: Evidence) -> bool:
    return (
        (heard.words or not rule.needs_words)
        and heard.trailing_silence_s >= rule.trailing_silence_s
        and heard.quiet_s >= rule.quiet_s
        and heard.ended >= rule.ended
        and heard.sentence_end >= rule.sentence_end
        and (rule.open_ended or not heard.open_ended)
        and heard.length_s >= rule.length_s
    )
