"""The shipped model on voices that are installed: who was enrolled is known, and nobody else is."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from alexa_local.cli.enrolling import SENTENCES
from alexa_local.cli.offline import whole_file
from alexa_local.errors import ModelError, VoiceRefused
from alexa_local.frontend import log_mel
from alexa_local.messages import Talker
from alexa_local.models import open_model
from alexa_local.speaker import SpeakerEmbedder
from alexa_local.speaker.comparing import same_person, voice_of
from alexa_local.speaker.enrolment import Enrolment
from alexa_local.speaker.identifying import SpeakerIdentifier

ANN, BOB = "slt", "rms"
OTHER = "Alexa, how long is left on the timer in the oven, and is it going to rain tomorrow?"

PAIRS = ((ANN, OTHER), (ANN, SENTENCES[1]), (BOB, SENTENCES[1]))


@pytest.fixture(scope="module")
def embedder() -> SpeakerEmbedder:
    try:
        return SpeakerEmbedder(open_model("speaker"))
    except ModelError:
        pytest.skip("there is no model that tells voices apart")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], np.ndarray]:
    """What a voice says, int16, 16 kHz."""
    if not shutil.which("flite"):
        pytest.skip("flite is not installed")
    folder: Path = tmp_path_factory.mktemp("voices")

    def said(voice: str, text: str) -> np.ndarray:
        file = folder / f"{voice}-{abs(hash(text))}.wav"
        if not file.exists():
            subprocess.run(["flite", "-voice", voice, "-t", text, "-o", file], check=True)
        return whole_file(file)

    return said


def test_who_was_enrolled_is_known_and_another_voice_is_not(embedder: SpeakerEmbedder, said) -> None:
    enrolment = Enrolment(embedder)
    for sentence in SENTENCES:
        enrolment.add(said(ANN, sentence))
    identifier = SpeakerIdentifier(embedder)
    identifier.know([enrolment.profile("Ann", 0.0)])

    def heard(voice: str) -> Talker:
        identifier.begin(log_mel(said(voice, OTHER)))
        return identifier.tell(Talker())

    ann, bob = heard(ANN), heard(BOB)
    assert ann.person == "Ann" and bob.person != "Ann"
    assert identifier.may_answer(ann, heard(ANN))
    voices = [voice_of(embedder, log_mel(said(voice, text))) for voice, text in PAIRS]
    assert same_person(embedder, voices[0], voices[1]) > same_person(embedder, voices[0], voices[2])


def test_sentences_of_two_voices_are_refused(embedder: SpeakerEmbedder, said) -> None:
    enrolment = Enrolment(embedder)
    both = np.concatenate([said(ANN, SENTENCES[0]), said(BOB, SENTENCES[1])])
    with pytest.raises(VoiceRefused, match="Two people"):
        enrolment.add(both)
    for sentence in SENTENCES[:2]:
        enrolment.add(said(ANN, sentence))
    with pytest.raises(VoiceRefused, match="another person"):
        enrolment.add(said(BOB, SENTENCES[2]))
