"""Reads sentences aloud with free synthesisers and stores them in shards for training.

    python -m scripts.training.synthesise --out DIR --text FOLDER --seed 1 --hours 30 --shards 15 --jobs 2

Each shard is a random mix of its own; its manifest appears when the shard is complete, and a complete
shard is skipped when the command is run again. Kinds: `commands` (everything to train recognition),
`dictated` (spelled names, numbers and addresses, for more of them), `names` (home commands with made-up
names, for attention biasing alone), `given` (sentences of a file, over and over, each time by another voice),
`word` (a wake word and what sounds like it) and `heldout` (home commands that are never trained on,
by a voice that is never trained on).
"""

import argparse
import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import cycle, islice
from multiprocessing import Pool
from pathlib import Path
from random import Random

import numpy as np
import soundfile

from scripts.training import sentences
from scripts.training.voices import (
    FOREIGN_VOICES,
    HELD_OUT_VOICE,
    LICENCE_BY_ENGINE,
    SAMPLE_RATE_HZ,
    VOICES_BY_ENGINE,
    Utterance,
    disguise,
    read_aloud,
)
from scripts.training.wake_sentences import near_words, sound_alike

log = logging.getLogger("synthesise")

ENGINE_SHARES = {"flite": 0.35, "pico": 0.40, "festival": 0.15, "espeak": 0.10}
WAKE_ENGINE_SHARES = {"flite": 0.25, "pico": 0.30, "festival": 0.10, "espeak": 0.35}
FOREIGN_SHARE = 0.25
"""Of a wake word's readings, by voices of other languages, for their accents."""
KEPT_SILENCE_S = 0.25
BATCH = 200
_MARKS = ("", "", ".", ",", "!", "?")  # they bend the word's melody, and the label drops them
_FRAME_SAMPLES = SAMPLE_RATE_HZ // 100
_SILENCE_BELOW_PEAK_DB = 40.0
_LONGEST_S = 16.0


@dataclass(frozen=True)
class Task:
    """One shard to be made; plain values only, so that it reaches another process."""

    kind: str
    word: str
    out: Path
    text_folder: Path
    sentences: Path | None
    seed: int
    shard: int
    shards: int
    hours: float
    clips: int


def main() -> None:
    """Makes every shard that is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--text", type=Path, default=Path(), help="folder of the corpora's text")
    parser.add_argument("--kind", choices=list(PLANS), default="commands")
    parser.add_argument("--word", default="alexa", help="the wake word (kind word)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--hours",
        type=float,
        default=30.0,
        help="of speech, in all shards together (kinds commands, dictated and names)",
    )
    parser.add_argument(
        "--clips", type=int, default=300, help="in all shards together (kinds word, heldout and given)"
    )
    parser.add_argument(
        "--sentences",
        type=Path,
        help="what to say, one sentence a line (kind given, and heldout instead of home commands)",
    )
    parser.add_argument("--shards", type=int, default=15)
    parser.add_argument("--jobs", type=int, default=1, help="shards made at the same time")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    tasks = [
        Task(
            kind=options.kind,
            word=options.word,
            out=options.out,
            text_folder=options.text,
            sentences=options.sentences,
            seed=options.seed,
            shard=shard,
            shards=options.shards,
            hours=options.hours / options.shards,
            clips=-(-options.clips // options.shards),
        )
        for shard in range(options.shards)
    ]
    with Pool(options.jobs) as pool:
        for line in pool.imap_unordered(make_shard, tasks):
            log.info("%s", line)


def make_shard(task: Task) -> str:
    """Reads one shard's sentences and writes its clips, then its manifest; says what it did."""
    folder = task.out / f"shard-{task.shard:02d}"
    manifest = folder / "manifest.jsonl"
    if manifest.exists():
        return f"{folder.name} is there already"
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    seconds, dropped = 0.0, 0
    plan = PLANS[task.kind](task)
    while batch := list(islice(plan, BATCH)):
        for utterance, raw in zip(batch, read_aloud(batch), strict=True):
            wave, speech_end_s = trimmed(raw)
            if not plausible(wave, utterance):
                dropped += 1
                continue
            name = f"{folder.name}/{len(rows):05d}.flac"
            soundfile.write(task.out / name, wave, SAMPLE_RATE_HZ, subtype="PCM_16")
            rows.append(row(task, name, utterance, wave.size / SAMPLE_RATE_HZ, speech_end_s))
            seconds += wave.size / SAMPLE_RATE_HZ
        if task.kind in STREAMS and seconds >= task.hours * 3600:
            break
    part = manifest.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(one) + "\n" for one in rows)
        file.flush()
        os.fsync(file.fileno())
    part.rename(manifest)
    return f"{folder.name}: {len(rows)} clips, {seconds / 3600:.2f} h, {dropped} dropped"


def row(
    task: Task, name: str, utterance: Utterance, seconds: float, speech_end_s: float
) -> dict[str, object]:
    """A manifest row in the form of all our data."""
    fields: dict[str, object] = {
        "audio": name,
        "seconds": round(seconds, 3),
        "text": sentences.spoken_form(utterance.text),
        "speaker": utterance.speaker,
        "lang": "en",
        "source": f"synthesised {utterance.engine}",
        "licence": LICENCE_BY_ENGINE[utterance.engine],
    }
    if task.kind == "word":
        fields |= {"wake": fields["text"] == task.word, "speech_end_s": round(speech_end_s, 3)}
    return fields


def plan_stream(task: Task) -> Iterator[Utterance]:
    """Every shard takes its own share of its kind's one stream of sentences, without end."""
    random = Random(f"{task.seed}/{task.shard}")
    stream = STREAMS[task.kind](task.text_folder, task.seed)
    for text in islice(stream, task.shard, None, task.shards):
        yield disguise(text, *_voice(random, ENGINE_SHARES), random)


def plan_word(task: Task) -> Iterator[Utterance]:
    """The wake word in many voices, and as many words and sentences that sound like it."""
    random = Random(f"{task.seed}/{task.shard}")
    near = near_words(task.word, task.text_folder)
    for number in range(task.clips):
        mark = random.choice(_MARKS)
        text = sound_alike(random, near) if number % 2 else task.word + mark
        engine, voice = _voice(random, WAKE_ENGINE_SHARES)
        if engine in FOREIGN_VOICES and random.random() < FOREIGN_SHARE:
            voice = random.choice(FOREIGN_VOICES[engine])
        yield disguise(text, engine, voice, random)


def plan_held_out(task: Task) -> Iterator[Utterance]:
    """Home commands kept out of training, by the voice kept out of training, at plain rates."""
    random = Random(f"{task.seed}/{task.shard}")
    if task.sentences:
        texts = iter(task.sentences.read_text(encoding="utf-8").splitlines())
    else:
        texts = sentences.held_out_commands(task.text_folder, task.seed)
    for text in islice(texts, task.shard, task.clips * task.shards, task.shards):
        plain = Utterance(text, "flite", HELD_OUT_VOICE)
        yield replace(plain, rate=random.uniform(0.88, 1.15))


def plan_given(task: Task) -> Iterator[Utterance]:
    """Given sentences, as often as the clips allow, by the voices that training may hear."""
    assert task.sentences, "the kind `given` needs --sentences"
    random = Random(f"{task.seed}/{task.shard}")
    texts = cycle(task.sentences.read_text(encoding="utf-8").splitlines())
    for text in islice(texts, task.shard, task.clips * task.shards, task.shards):
        yield disguise(text, *_voice(random, ENGINE_SHARES), random)


STREAMS: dict[str, Callable[[Path, int], Iterator[str]]] = {
    "commands": sentences.sentences,
    "dictated": sentences.dictations,
    "names": sentences.named_requests,
}
"""Sentences without end, of the kinds whose shards are full after their hours."""
PLANS: dict[str, Callable[[Task], Iterator[Utterance]]] = {
    **dict.fromkeys(STREAMS, plan_stream),
    "word": plan_word,
    "heldout": plan_held_out,
    "given": plan_given,
}


def trimmed(wave: np.ndarray) -> tuple[np.ndarray, float]:
    """Cuts silence beyond KEPT_SILENCE_S at both ends.

    Args:
        wave: int16, shape (samples,), 16 kHz.

    Returns:
        The shorter wave (empty if there is no sound at all), and where speech ends in it, in seconds.
    """
    frames = wave[: wave.size // _FRAME_SAMPLES * _FRAME_SAMPLES].reshape(-1, _FRAME_SAMPLES)  # (T, 160)
    power = np.square(frames.astype(np.float32)).mean(axis=1)  # (T, 160) -> (T,)
    if not power.size or power.max() < 1.0:
        return wave[:0], 0.0
    loud = np.flatnonzero(power > power.max() * 10 ** (-_SILENCE_BELOW_PEAK_DB / 10))
    kept = round(KEPT_SILENCE_S * SAMPLE_RATE_HZ)
    start = max(0, loud[0] * _FRAME_SAMPLES - kept)
    speech_end = (loud[-1] + 1) * _FRAME_SAMPLES
    return wave[start : speech_end + kept], float(speech_end - start) / SAMPLE_RATE_HZ


def plausible(wave: np.ndarray, utterance: Utterance) -> bool:
    """Whether a reading has the length its letters call for; synthesisers fail silently now and then."""
    seconds, letters = wave.size / SAMPLE_RATE_HZ, len(utterance.text.replace(" ", ""))
    return 0.15 + 0.028 * letters <= seconds <= min(_LONGEST_S, 2.0 + 0.4 * letters)


def _voice(random: Random, shares: dict[str, float]) -> tuple[str, str]:
    engine = random.choices(list(shares), list(shares.values()))[0]
    return engine, random.choice(VOICES_BY_ENGINE[engine])


if __name__ == "__main__":
    main()
