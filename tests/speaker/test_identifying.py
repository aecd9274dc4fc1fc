"""Who speaks: those who are known, nobody else, and nothing where nobody is."""

from __future__ import annotations

import numpy as np
import pytest

from alexa_local.frontend import log_mel
from alexa_local.messages import Talker
from alexa_local.speaker.enrolment import Enrolment
from alexa_local.speaker.identifying import SpeakerIdentifier
from alexa_local.speaker.profiles import Profile
from alexa_local.testing.voices import PitchEmbedder, hum

ANNA_HZ, BEN_HZ, STRANGER_HZ = 400.0, 1500.0, 3000.0


def enrolled(name: str, pitch_hz: float, version: int = 1) -> Profile:
    enrolment = Enrolment(PitchEmbedder(version))
    for seed in range(5):
        enrolment.add(hum(pitch_hz, seed=seed))
    return enrolment.profile(name, 0.0)


ANNA, BEN = enrolled("Anna", ANNA_HZ), enrolled("Ben", BEN_HZ)


def heard(identifier: SpeakerIdentifier, pitch_hz: float, seconds: float = 2.0) -> Talker:
    frames = log_mel(hum(pitch_hz, seconds, seed=77))
    identifier.begin(frames[:50])
    identifier.push(frames[50:])
    return identifier.tell(Talker(whispered=False))


@pytest.mark.parametrize(("pitch_hz", "person"), [(ANNA_HZ, "Anna"), (BEN_HZ, "Ben"), (STRANGER_HZ, "")])
def test_who_is_known_is_known_and_a_stranger_is_a_stranger(pitch_hz: float, person: str) -> None:
    identifier = SpeakerIdentifier(PitchEmbedder())
    identifier.know([ANNA, BEN])
    talker = heard(identifier, pitch_hz)
    assert talker.person == person and talker.person_confidence >= 0.9
    assert talker.is_sure is (person != "")
    assert talker.whispered is False, "what others found out is kept"


def test_of_a_word_nothing_is_known() -> None:
    identifier = SpeakerIdentifier(PitchEmbedder())
    identifier.know([ANNA, BEN])
    assert heard(identifier, ANNA_HZ, 0.3).person is None


def test_between_two_people_alike_nobody_is_chosen() -> None:
    identifier = SpeakerIdentifier(PitchEmbedder())
    identifier.know([ANNA, enrolled("Annas twin", ANNA_HZ)])
    assert heard(identifier, ANNA_HZ).person is None


def test_where_nobody_is_known_nothing_is_worked_out() -> None:
    embedder = PitchEmbedder()
    identifier = SpeakerIdentifier(embedder)
    assert heard(identifier, ANNA_HZ).person is None
    assert embedder.pushed == 0


def test_who_comes_while_somebody_speaks_counts_from_the_next_request_on() -> None:
    identifier = SpeakerIdentifier(PitchEmbedder())
    frames = log_mel(hum(ANNA_HZ))
    identifier.begin(frames[:50])
    identifier.know([ANNA])
    identifier.push(frames[50:])
    assert identifier.tell(Talker()).person is None
    assert heard(identifier, ANNA_HZ).person == "Anna"


def test_profiles_of_another_model_are_told_and_not_used() -> None:
    identifier = SpeakerIdentifier(PitchEmbedder(version=2))
    assert identifier.know([ANNA, enrolled("Ben", BEN_HZ, version=2)]) == ["Anna"]
    assert heard(identifier, ANNA_HZ).person == ""


def test_the_size_of_the_pieces_does_not_matter() -> None:
    frames = log_mel(hum(ANNA_HZ, 3.0))
    told = []
    for size in (1, 7, 400):
        identifier = SpeakerIdentifier(PitchEmbedder())
        identifier.know([ANNA, BEN])
        identifier.begin(frames[:0])
        for first in range(0, len(frames), size):
            identifier.push(frames[first : first + size])
        told.append(identifier.tell(Talker()))
    assert told[0].person == told[1].person == told[2].person == "Anna"
    assert np.ptp([one.person_confidence for one in told]) < 1e-4


@pytest.mark.parametrize("known", [(), (BEN,), (ANNA, BEN)], ids=["nobody", "another", "both"])
@pytest.mark.parametrize(
    ("pitch_hz", "seconds", "may"),
    [(ANNA_HZ, 1.5, True), (STRANGER_HZ, 1.5, False), (BEN_HZ, 1.5, False), (STRANGER_HZ, 0.3, True)],
    ids=["the same", "a television", "somebody else", "too short to tell"],
)
def test_an_answer_counts_from_the_voice_that_was_asked(
    known: tuple[Profile, ...], pitch_hz: float, seconds: float, may: bool
) -> None:
    identifier = SpeakerIdentifier(PitchEmbedder())
    identifier.know(known)
    asked = heard(identifier, ANNA_HZ)
    answering = heard(identifier, pitch_hz, seconds)
    assert identifier.may_answer(asked, answering) is may


def test_an_answer_to_a_question_without_a_voice_counts() -> None:
    identifier = SpeakerIdentifier(PitchEmbedder())
    assert identifier.may_answer(Talker(), heard(identifier, ANNA_HZ))
