"""How a household fares that is enrolled: who is known, who is refused, and whose answers count.

    python -m scripts.evaluation.household MANIFEST... [--source dev-clean] [--longest 9] [--tests 6]

Each speaker is enrolled with five clips through the program's own enrolment; others of theirs are requests.
Everybody in turn is also the household's only known person, and all others are strangers to it. The last line
is one JSON object, rates in percent.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import AlexaLocalError, VoiceRefused
from alexa_local.frontend import log_mel
from alexa_local.messages import SAMPLE_RATE, Talker
from alexa_local.models import open_model
from alexa_local.speaker import SpeakerEmbedder
from alexa_local.speaker.comparing import Embedder
from alexa_local.speaker.enrolment import Enrolment
from alexa_local.speaker.identifying import SpeakerIdentifier
from alexa_local.speaker.profiles import Profile
from scripts.evaluation.manifest import Choice, read_manifest, read_samples

ENROLLED = 5
ANSWERS_S = (1.0, 2.0)
Samples = NDArray[np.int16]


class Counts:
    """How often something happened of how often it could have."""

    def __init__(self) -> None:
        self._of: Counter[str] = Counter()
        self._hits: Counter[str] = Counter()

    def count(self, what: str, happened: bool) -> None:
        """One chance."""
        self._of[what] += 1
        self._hits[what] += happened

    def summary(self) -> dict[str, Any]:
        """Each rate in percent, with the number of chances."""
        return {
            what: {"pct": round(100 * self._hits[what] / count, 1), "of": count}
            for what, count in self._of.items()
        }


def measure(clips: Mapping[str, Sequence[Samples]], embedder: Embedder) -> dict[str, Any]:
    """Enrol everybody, have them speak and answer, and count; `clips` is by speaker, five and more each."""
    counts, profiles, speakers = Counts(), {}, list(clips)
    for at, speaker in enumerate(speakers):
        other = clips[speakers[(at + 1) % len(speakers)]]
        profiles[speaker] = _enrolled(clips[speaker], other, embedder, counts)
    for speaker, profile in profiles.items():
        _speak(speaker, profile, clips, embedder, counts)
    _answer(clips, embedder, counts)
    return {"speakers": len(speakers), **counts.summary()}


def _enrolled(
    own: Sequence[Samples], other: Sequence[Samples], embedder: Embedder, counts: Counts
) -> Profile:
    """Enrol somebody; before their third sentence somebody else speaks, once alone and once with them."""
    enrolment = Enrolment(embedder)
    for number, samples in enumerate(own[:ENROLLED]):
        if number == 2:
            both = np.concatenate([samples[: len(samples) // 2], other[number][: len(samples) // 2]])
            third = _is_refused(Enrolment(embedder), [*own[:2], other[2]])
            counts.count("another's third sentence refused", third)
            counts.count("two people in a sentence refused", _is_refused(Enrolment(embedder), [both]))
        counts.count("own sentence refused", _is_refused(enrolment, [samples]))
    return enrolment.profile("somebody", 0.0)


def _is_refused(enrolment: Enrolment, sentences: Sequence[Samples]) -> bool:
    """Whether the last of them is; the others are taken if they can be."""
    refused = False
    for samples in sentences:
        try:
            enrolment.add(samples)
            refused = False
        except VoiceRefused:
            refused = True
    return refused


def _speak(
    speaker: str,
    profile: Profile,
    clips: Mapping[str, Sequence[Samples]],
    embedder: Embedder,
    counts: Counts,
) -> None:
    identifier = SpeakerIdentifier(embedder)
    identifier.know([profile])
    for other, sounds in clips.items():
        for samples in sounds[ENROLLED:]:
            talker = _heard(identifier, samples)
            who = "a stranger" if other != speaker else "the person"
            counts.count(f"{who} taken for the person", talker.person == profile.name)
            counts.count(f"{who} taken so for sure", talker.is_sure)


def _answer(clips: Mapping[str, Sequence[Samples]], embedder: Embedder, counts: Counts) -> None:
    """Nobody is known: a request of each, and answers of a second or two by them and by others."""
    identifier = SpeakerIdentifier(embedder)
    speakers = list(clips)
    for at, speaker in enumerate(speakers):
        own = clips[speaker][ENROLLED:]
        for number, samples in enumerate(own):
            asked = _heard(identifier, samples[: 3 * SAMPLE_RATE])
            other = clips[speakers[(at + 1 + number % (len(speakers) - 1)) % len(speakers)]]
            answers = {"own": own[number - 1], "another's": other[-1 - number % ENROLLED]}
            for who, sound in answers.items():
                for seconds in ANSWERS_S:
                    answer = _heard(identifier, sound[: round(seconds * SAMPLE_RATE)])
                    may = identifier.may_answer(asked, answer)
                    counts.count(f"{who} answer of {seconds:.0f} s counts", may)


def _heard(identifier: SpeakerIdentifier, samples: Samples) -> Talker:
    identifier.begin(log_mel(samples))
    return identifier.tell(Talker())


def main(argv: Sequence[str] | None = None) -> int:
    """Run over manifests."""
    parser = argparse.ArgumentParser(prog="python -m scripts.evaluation.household", description=__doc__)
    parser.add_argument("manifests", nargs="+", type=Path, metavar="MANIFEST")
    parser.add_argument("--source", default="", help="only rows whose `source` contains this")
    parser.add_argument("--longest", type=float, default=9.0, help="seconds of a clip at most")
    parser.add_argument("--shortest", type=float, default=3.0, help="seconds of a clip at least")
    parser.add_argument("--tests", type=int, default=6, help="clips of each speaker beside the five")
    options = parser.parse_args(argv)
    try:
        clips = _clips(options)
        found = measure(clips, SpeakerEmbedder(open_model("speaker")))
    except AlexaLocalError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    for what, rate in found.items():
        print(f"{what}: {rate}" if isinstance(rate, int) else f"{what}: {rate['pct']} % of {rate['of']}")
    print(json.dumps(found))
    return 0


def _clips(options: argparse.Namespace) -> dict[str, list[Samples]]:
    """Of each speaker with enough of them, spread evenly."""
    rows: dict[str, list[Path]] = {}
    for manifest in options.manifests:
        for row in Choice(source=options.source).of(read_manifest(manifest)):
            if options.shortest <= float(row.labels.get("seconds", 0.0)) <= options.longest:
                rows.setdefault(str(row.labels.get("speaker", "")), []).append(row.path)
    wanted = ENROLLED + options.tests
    return {
        speaker: [read_samples(paths[at * len(paths) // wanted]) for at in range(wanted)]
        for speaker, paths in sorted(rows.items())
        if speaker and len(paths) >= wanted
    }


if __name__ == "__main__":
    sys.exit(main())
