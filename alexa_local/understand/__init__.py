"""What a request means: templates, the names of the home, and the n-best readings of the recogniser."""

from alexa_local.understand.catalogue import Catalogue, Contact, Device
from alexa_local.understand.known_sentences import known_sentences
from alexa_local.understand.names import is_speakable, spoken_words
from alexa_local.understand.owner import OwnerAction, OwnerIntents, load_owner_intents
from alexa_local.understand.phrases import KnownPhrases
from alexa_local.understand.reading import RequestReader
from alexa_local.understand.understander import IMPOSSIBLE, OUT_OF_SCOPE, Understander

__all__ = [
    "IMPOSSIBLE",
    "OUT_OF_SCOPE",
    "Catalogue",
    "Contact",
    "Device",
    "KnownPhrases",
    "OwnerAction",
    "OwnerIntents",
    "RequestReader",
    "Understander",
    "is_speakable",
    "known_sentences",
    "load_owner_intents",
    "spoken_words",
]
