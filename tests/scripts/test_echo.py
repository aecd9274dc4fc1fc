"""scripts/evaluate echo: rooms that sound like rooms, and what it counts."""

import json

import numpy as np
import pytest
import soundfile

from alexa_local.capture.echo_filter import load_speexdsp
from alexa_local.messages import Hypothesis
from scripts.evaluation import echo, echo_scenes, engines
from scripts.evaluation.__main__ import main
from scripts.evaluation.wake import Heard

needs_speexdsp = pytest.mark.skipif(load_speexdsp() is None, reason="libspeexdsp1 is not installed")
RATE_HZ = 16_000


def test_the_direct_sound_comes_first_and_fades_with_the_distance():
    room = echo_scenes.LIVING_ROOM
    near, far = room.response(room.loudspeaker), room.response(room.person)
    metres = np.linalg.norm(np.subtract(room.person, room.microphone))
    assert np.flatnonzero(far)[0] == int(metres / 343 * RATE_HZ)
    assert near.max() > 5 * far.max()
    assert np.abs(far[-RATE_HZ // 20 :]).max() < 0.01 * far.max()


def test_a_sound_in_pieces_is_convolved_as_in_one():
    random = np.random.default_rng(0)
    sound, response = random.standard_normal(9000), random.standard_normal(300)
    assert np.allclose(echo_scenes.convolve(sound, response), np.convolve(sound, response))


def test_a_slow_clock_makes_the_echo_longer():
    click = np.zeros(4 * RATE_HZ, np.float32)
    click[[RATE_HZ, 3 * RATE_HZ]] = 0.5
    straight, late = (echo_scenes.echo_of(click, [echo_scenes.LIVING_ROOM], 0.1, ppm) for ppm in (0, 500))
    apart = [np.abs(e[2 * RATE_HZ :]).argmax() - np.abs(e[: 2 * RATE_HZ]).argmax() for e in (straight, late)]
    assert apart[1] - apart[0] == pytest.approx(0.0005 * 2 * RATE_HZ, abs=1)


def test_music_is_the_same_for_the_same_seed_and_never_too_loud():
    first, again, other = (echo_scenes.music(2.0, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert np.abs(first).max() == pytest.approx(0.7)


class LoudnessEngines(engines.Engines):
    """Hear the wake word wherever it gets loud, and the command in every clip."""

    def detector(self):
        class Loud:
            threshold, apart_steps = 0.5, 1

            def hear(self, samples):
                blocks = (
                    np.abs(samples[: len(samples) // 1600 * 1600].astype(float)).reshape(-1, 1600).mean(1)
                )
                loud = blocks > 150
                return Heard(list((np.flatnonzero(loud[1:] & ~loud[:-1]) + 2) * 0.1))

        return Loud()

    def transcribe(self, *_, **__):
        return lambda samples: [Hypothesis("on", 0.0)]


@needs_speexdsp
def test_with_the_echo_taken_out_people_are_heard_as_without_it(tmp_path, monkeypatch, capsys):
    random = np.random.default_rng(5)
    monkeypatch.setattr(
        echo, "SOUNDS", {"music": lambda s: random.uniform(-0.3, 0.3, round(s * RATE_HZ)).astype("f4")}
    )
    for name, label in (("wakes", {"wake": True}), ("commands", {"text": "on"})):
        (tmp_path / name).mkdir()
        voice = np.int16(3000 * random.standard_normal(RATE_HZ // 2))
        soundfile.write(tmp_path / name / "1.wav", voice, RATE_HZ)
        row = {"audio": f"{name}/1.wav", **label}
        (tmp_path / name / "manifest.jsonl").write_text("\n".join([json.dumps(row)] * 3))
    manifests = [str(tmp_path / name / "manifest.jsonl") for name in ("wakes", "commands")]
    assert main(["echo", *manifests, "--minutes", "0.2"], LoudnessEngines()) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["commands"] == 3
    assert found["no_echo"] == found["music_-10_cancelled"] == {"missed_pct": 0.0, "right_pct": 100.0}
    assert found["music_-10_raw"]["missed_pct"] == 100.0
    assert found["music_alone"]["wake_per_hour"] >= 0


def test_without_rows_it_says_what_is_missing(tmp_path, capsys):
    (tmp_path / "none").mkdir()
    manifest = tmp_path / "none" / "manifest.jsonl"
    manifest.write_text("")
    assert main(["echo", str(manifest), str(manifest)], LoudnessEngines()) != 0
    assert "wake words and commands" in capsys.readouterr().err
