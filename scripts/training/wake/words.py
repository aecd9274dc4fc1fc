"""The words that are trained: what their models are called, and what their cards say of them alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """One word or phrase to be spotted.

    Attributes:
        text: as it is spoken, in lower case.
        model: the name of its model's folder.
        version: of the model; one more with every release of other weights.
        use: when a device listens for it.
        positives: whose readings of it were trained on.
        limits: what its card says that it cannot do.
    """

    text: str
    model: str
    version: int
    use: str
    positives: str
    limits: str


_ALEXA = Word(
    text="alexa",
    model="wake-alexa",
    version=2,
    use="It is heard at any time, and opens a request.",
    positives='Picovoice wake-word-benchmark, "alexa" 000-139 (140-159 validation, 160-199 dev)',
    limits="""\
About 45 people say the word in training, most of them close to a microphone, in English; the other voices are
made from theirs or synthesised. No labels tell age, gender or accent of those who say it, so no figure by
group of speakers can be given but by pitch. Rooms, music and most noises of these figures are made; real ones
differ. Names that contain the word, such as Alexander or Alexandria, may wake it. A recording of the word
wakes it as a person does. No whisper was trained on: of 60 that were made from the recordings of validation
30 % are missed at "medium", 17 % at "highest"; `--whispers` of the training is there to change that.""",
)
_STOP = Word(
    text="stop",
    model="stop-en",
    version=1,
    use="It is heard only while the device speaks, rings or plays, and ends that.",
    positives="none: no recording of a person who says it was at hand",
    limits="""\
Every "stop" that it was taught, and that these figures are measured on, is synthesised: how many of people's
are missed is not known, and will be more. A word of one syllable is found in much other speech ("stopped",
"it's top"): listen for it only for as long as there is something to stop.""",
)
_WORDS = {word.text: word for word in (_ALEXA, _STOP)}


def find_word(text: str) -> Word:
    """What is known of a word; any other may be trained too."""
    text = text.lower()
    return _WORDS.get(text) or Word(
        text,
        f"wake-{text.replace(' ', '-')}",
        1,
        "It is heard at any time, and opens a request.",
        "recordings of the word in the data folder, if any",
        "Measured by the figures above only.",
    )
