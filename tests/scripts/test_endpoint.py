"""How end-pointers are judged: where speech truly ends, what follows a clip, and what counts as early."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from alexa_local.frontend import log_mel
from alexa_local.messages import Hypothesis
from scripts.evaluation import endpoint
from scripts.evaluation.align import label_steps
from scripts.evaluation.endpoint import Decisions, Ends, room_tone, true_end_s
from scripts.evaluation.manifest import Row
from scripts.evaluation.preparing import Preparing
from scripts.evaluation.voiced import runs, voiced

RATE = 16_000


def noise(seconds: float, level: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, level, int(RATE * seconds)).astype(np.int16)


def clip(*parts: tuple[float, float]) -> np.ndarray:
    return np.concatenate([noise(seconds, level, seed) for seed, (seconds, level) in enumerate(parts)])


SPEECH = clip((0.5, 10), (1.0, 3000), (0.6, 10), (0.8, 2000), (1.0, 10))


def test_speech_is_where_it_is_loud() -> None:
    found = runs(voiced(log_mel(SPEECH)))
    assert len(found) == 2
    for (first, end), (wanted_first, wanted_end) in zip(found, [(50, 150), (210, 290)], strict=True):
        assert abs(first - wanted_first) <= 4 and abs(end - wanted_end) <= 4


def test_speech_over_steady_noise_is_found_too() -> None:
    (span,) = runs(voiced(log_mel(clip((0.8, 300), (1.0, 3000), (1.0, 300)))))
    assert abs(span[0] - 80) <= 4 and abs(span[1] - 180) <= 4


def test_no_sound_has_no_speech() -> None:
    assert len(voiced(np.zeros((0, 64), np.float32))) == 0
    assert true_end_s(np.zeros(100, np.int16), None) is None


@pytest.mark.parametrize(("last_word_s", "end_s"), [(None, 2.9), (2.8, 2.9), (1.45, 1.5), (0.1, 1.5)])
def test_what_is_loud_after_the_last_word_is_no_speech(last_word_s: float | None, end_s: float) -> None:
    assert true_end_s(SPEECH, last_word_s) == pytest.approx(end_s, abs=0.05)


def test_room_tone_is_as_loud_as_the_quietest_part() -> None:
    tone = room_tone(SPEECH, 2.0)
    assert tone.dtype == np.int16 and len(tone) == 2 * RATE
    assert 5 < tone.astype(float).std() < 15


@pytest.mark.parametrize("samples", [np.zeros(RATE, np.int16), np.zeros(10, np.int16), np.zeros(0, np.int16)])
def test_digital_silence_is_followed_by_faint_noise(samples: np.ndarray) -> None:
    assert 0 < np.abs(room_tone(samples, 1.0)).max() <= 1


def decided(
    final_s: float | None, speculative_s: list[float], resets: int = 0, preparing_s: float = 0.0
) -> Decisions:
    return Decisions(final_s, "rule", speculative_s, resets, 20.0, preparing_s)


def test_latencies_leads_and_early_cuts_are_counted() -> None:
    found = Ends()
    found.add(2.0, decided(2.8, [2.4]))  # as it should be
    found.add(2.0, decided(2.6, [1.0, 2.3], resets=1))  # foreseen in a pause, taken back
    found.add(2.0, decided(1.5, [1.2]))  # cut off
    found.add(2.0, decided(2.5, []))  # not foreseen
    assert found.summary() == {
        "clips": 4,
        "final_ms_p50": 600.0,
        "final_ms_p90": 760.0,
        "speculative_ms_p50": 400.0,
        "lead_ms_p50": 300.0,
        "early_final": 25.0,
        "early_speculative": 50.0,
        "resets": 25.0,
    }
    assert any("600 ms" in line for line in found.lines())


def test_no_more_is_saved_than_preparing_takes_or_the_decision_was_ahead() -> None:
    found = Ends()
    found.add(2.0, decided(2.8, [2.4], preparing_s=0.1))
    found.add(2.0, decided(2.6, [2.4], preparing_s=3.0))
    found.add(2.0, decided(2.6, [], preparing_s=3.0))
    assert found.saved_ms == pytest.approx([100, 200, 0])
    assert any("100 ms sooner" in line for line in found.lines())


def test_preparing_an_answer_takes_time_and_leaves_nothing_behind() -> None:
    preparing = Preparing()
    asked = [Hypothesis("how many timers are there", 0.0), Hypothesis("set a timer for ten minutes", -1.0)]
    assert all(preparing.seconds([one]) > 0 for one in asked)


def test_no_clips_are_no_error() -> None:
    assert set(Ends().summary().values()) == {0}


def test_clips_without_speech_or_longer_than_a_request_are_left_out() -> None:
    class Fake:
        def decide(self, samples: np.ndarray) -> Decisions:
            return Decisions(3.5, "rule", [3.2], 0, 20.0 if len(samples) < 20 * RATE else 3.0)

        def last_word_s(self, samples: np.ndarray, text: str) -> float | None:
            return 2.8

    told: list[dict[str, Any]] = []
    rows = [
        (SPEECH, "two words"),
        (np.zeros(100, np.int16), ""),
        (np.concatenate([SPEECH, noise(20, 3000)]), ""),
    ]
    clips = [(Row("a", Path("a"), {"text": text}), samples) for samples, text in rows]
    found = endpoint.measure(clips, Fake(), told.append)
    assert (found.clips, found.silent, found.too_long) == (1, 1, 1)
    assert told[0]["final_ms"] == pytest.approx(600, abs=50)


@pytest.mark.parametrize("seed", range(5))
def test_alignment_finds_the_likeliest_way(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, steps = (1, 2, 1), 5
    table = np.log(rng.dirichlet(np.ones(4), (steps, len(labels) + 1)))  # (steps, labels written, pieces)
    step = itertools.count()
    networks: Any = SimpleNamespace(
        frames_per_step=32,
        bands=64,
        context=3,
        start=dict,
        encode=lambda frames, states: (next(step), states),
        log_probabilities=lambda at, contexts: table[at],
    )

    def worth(way: tuple[int, ...]) -> float:
        written, total = 0, 0.0
        for at in range(steps):
            while written < len(way) and way[written] == at:
                total += table[at, written, labels[written]]
                written += 1
            total += table[at, written, 0]
        return total

    ways = [way for way in itertools.product(range(steps), repeat=3) if list(way) == sorted(way)]
    found = label_steps(networks, np.zeros((96, 64), np.float32), labels)
    assert tuple(found) == max(ways, key=worth)
