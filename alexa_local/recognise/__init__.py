"""Words from feature frames: a streaming transducer, its search, and the rules that end a request."""

from alexa_local.recognise.bias import BiasReport
from alexa_local.recognise.end_of_speech import EndOfSpeech
from alexa_local.recognise.endpoint import Evidence, ended_by
from alexa_local.recognise.normalise import spoken_form
from alexa_local.recognise.open_ended import is_open_ended
from alexa_local.recognise.recogniser import Biasing, Options, Recogniser, Stream

__all__ = [
    "BiasReport",
    "Biasing",
    "EndOfSpeech",
    "Evidence",
    "Options",
    "Recogniser",
    "Stream",
    "ended_by",
    "is_open_ended",
    "spoken_form",
]
