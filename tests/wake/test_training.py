"""The training's rules, without recordings; what needs PyTorch is skipped where it is not installed."""

import json
import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from alexa_local.models import open_model
from scripts.training.wake import corpus, measure, render, sounds
from scripts.training.wake.card import card
from scripts.training.wake.scenes import Stage, in_quiet, pitch_hz
from scripts.training.wake.words import find_word

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("folder", "row", "split"),
    [
        ("wake_words", {"audio": "wake_words/alexa-139.opus", "wake": True}, "train"),
        ("wake_words", {"audio": "wake_words/alexa-140.opus", "wake": True}, "validation"),
        ("wake_words", {"audio": "wake_words/alexa-159.opus", "wake": True}, "validation"),
        ("wake_words", {"audio": "wake_words/alexa-160.opus", "wake": True}, "dev"),
        ("wake_words", {"audio": "wake_words/alexa-199.opus", "wake": True}, "dev"),
        ("librispeech", {"audio": "librispeech/84-1.opus", "source": "LibriSpeech dev-clean (MP3)"}, "dev"),
        ("coffee_orders", {"audio": "coffee_orders/a.opus"}, "dev"),
        ("names_numbers_addresses", {"audio": "names_numbers_addresses/a.opus"}, "dev"),
        ("ljspeech", {"audio": "ljspeech/LJ001-0001.opus"}, "train"),
    ],
)
def test_dev_recordings_are_never_trained_on(folder: str, row: dict, split: str) -> None:
    assert corpus._split(folder, {"source": "", **row}, bool(row.get("wake"))) == split


def test_a_speaker_is_in_one_split_only() -> None:
    rows = [{"audio": f"librispeech/x-{n}.opus", "source": "train", "speaker": "ls-7"} for n in range(50)]
    assert len({corpus._split("librispeech", row, False) for row in rows}) == 1


def test_sentences_that_contain_the_word_are_not_taught_as_others(tmp_path: Path) -> None:
    texts = {
        "alexa": True,
        "alexa play jazz": None,
        "alexander": False,
        "alexis is here": False,
        "stop": None,
    }
    rows = [
        {"audio": f"s/{n}.flac", "text": text} | ({} if wake is None else {"wake": wake})
        for n, (text, wake) in enumerate(texts.items())
    ]
    shard = tmp_path / "s"
    shard.mkdir()
    (shard / "manifest.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    assert [clip.path.stem for clip in corpus.synthetic_clips([shard], "alexa")] == ["0", "3", "4"]


def test_the_word_is_found_between_clicks_and_across_its_stop() -> None:
    rng = np.random.default_rng(0)
    samples = rng.integers(-3, 4, 48_000).astype(np.int16)
    samples[4_000:4_040] = 9_000  # a click
    samples[16_000:20_000] = rng.integers(-8_000, 8_000, 4_000)
    samples[22_400:27_200] = rng.integers(-5_000, 5_000, 4_800)
    start, end = render.locate_word(samples)
    assert abs(start - 16_000) < 800
    assert abs(end - 27_200) < 800


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.25])
def test_resampling_changes_duration_and_pitch_together(factor: float) -> None:
    tone = np.sin(np.arange(16_000) / 16_000 * 2 * np.pi * 500).astype(np.float32)
    faster = render.resample(tone, factor)
    assert len(faster) == round(16_000 / factor)
    peak_hz = np.argmax(np.abs(np.fft.rfft(faster))) * 16_000 / len(faster)
    assert abs(peak_hz - 500 * factor) < 3


def test_training_without_recordings_says_so(tmp_path: Path) -> None:
    command = [str(ROOT / "scripts/training/wake/run"), str(tmp_path), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 66
    assert "nothing to train on" in done.stderr


def test_the_exported_network_computes_what_pytorch_does(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("flatbuffers")
    pytest.importorskip("ai_edge_litert")
    from alexa_local.models import Model
    from alexa_local.wake import WakeWord
    from alexa_local.wake.detector import NETWORK_FILE
    from scripts.training.wake.export import export
    from scripts.training.wake.network import WakeNetwork, smoothed
    from scripts.training.wake.probe import probe_frames

    torch.manual_seed(0)
    network = WakeNetwork().eval()
    network.mean.data -= 8
    network.scale.data *= 0.3
    export(network, tmp_path / NETWORK_FILE, kind="float32")
    detector = WakeWord(Model("wake", tmp_path, {"threshold": 0.5, "files": {NETWORK_FILE: {}}}))
    with torch.no_grad():
        expected = smoothed(network(torch.from_numpy(probe_frames())[None])[0])[0].numpy()
    found = [step.logit for step in detector.trace(probe_frames())]
    assert np.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("word", ["alexa", "stop", "hey computer"])
def test_any_word_has_a_model_of_its_own(word: str) -> None:
    assert find_word(word.upper()).text == word
    assert len({find_word(one).model for one in (word, "another")}) == 2


@pytest.mark.parametrize("maker", [sounds.kitchen, sounds.music, sounds.coloured_noise])
def test_made_sounds_are_loud_and_differ_each_time(maker: sounds.Maker) -> None:
    rng = np.random.default_rng(1)
    first, second = maker(2.0, rng), maker(2.0, rng)
    assert first.shape == second.shape == (32_000,)
    assert 0.3 < np.abs(first).max() <= 1.0
    assert not np.array_equal(first, second)


def heard(words: list[float], others: list[list[float]], hours: float) -> measure.Heard:
    """What a network said, given the peak of each word and the peaks in each other recording."""

    def traces(peaks: list[list[float]], hours: float) -> measure.Traces:
        logits = [np.full(60 * len(row), -20.0, np.float32) for row in peaks]
        for row, trace in zip(peaks, logits, strict=True):
            trace[30::60] = row
        return measure.Traces(logits, hours)

    scenes = ("as recorded", "near, in a room", "far, in a room", "noise at 10 dB", "music at 10 dB")
    return measure.Heard(
        dict.fromkeys(scenes, traces([[one] for one in words], 0.1)), {"speech": traces(others, hours)}
    )


def test_the_quietest_threshold_is_the_lowest_that_accepts_so_little() -> None:
    one = heard([3.0, 1.0], [[2.0, -1.0], [0.0]], hours=2.0)
    assert measure.logit_of(one.quietest(0.5)) == pytest.approx(0.05, abs=0.06)
    assert one.false_accepts(one.quietest(0.5)) == 1
    assert one.false_accepts(one.quietest(0.0)) == 0
    assert one.missed_percent(one.quietest(0.0), ["as recorded"]) == 50.0


def test_a_raised_bias_moves_every_score() -> None:
    one = heard([0.0], [[-1.0]], hours=1.0)
    assert one.words["as recorded"].missed_percent(0.6) == 100.0
    assert one.raised(1.0).words["as recorded"].missed_percent(0.6) == 0.0
    assert one.raised(1.5).false_accepts(0.5) == 1


def test_steps_of_sensitivity_fall_in_threshold_with_medium_in_the_middle() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("flatbuffers")
    from scripts.training.wake.release import sensitivity

    steps = sensitivity(heard([5.0, -9.0], [[0.0] * 3, [-0.1]], hours=10.0))
    assert [one["step"] for one in steps] == ["lowest", "low", "medium", "high", "highest"]
    thresholds = [one["threshold"] for one in steps]
    assert thresholds == sorted(thresholds, reverse=True)
    assert len(set(thresholds)) == len(thresholds)
    assert thresholds[2] == 0.5
    assert {one["missed_pct"] for one in steps} == {50.0}


def test_words_stay_in_the_window_when_they_are_slowed() -> None:
    pytest.importorskip("torch")
    from scripts.training.wake.augment import Augmenter, Strength

    rng = np.random.default_rng(2)
    frames = np.zeros((200, 256, 64), np.float32)
    starts = rng.integers(20, 140, 200).astype(np.int32)
    ends = starts + 60
    starts[::3] = ends[::3] = -1
    for row in range(200):
        frames[row, max(0, starts[row]) : max(0, ends[row])] = 1.0
    noises = {"hiss": (1.0, np.zeros((400, 64), np.float16))}
    slow, first, last = Augmenter(noises, rng, Strength(slower=1.0)).stretched(frames, starts, ends)
    words = np.flatnonzero(starts >= 0)
    assert np.all(first[starts < 0] == -1)
    assert np.all((first[words] >= 0) & (last[words] <= 256 - 20))
    assert np.mean(last[words] - first[words]) > 62
    for row in words:
        loud = np.flatnonzero(slow[row, :, 0] > 0.5)
        assert abs(loud[0] - first[row]) <= 2
        assert abs(loud[-1] - last[row]) <= 3


def test_noise_is_added_at_the_level_asked_for() -> None:
    torch = pytest.importorskip("torch")
    from scripts.training.wake.augment import Augmenter, Strength

    rng = np.random.default_rng(3)
    plain = Strength(
        noise=1.0, snr_db=(0.0, 0.0), second_noise=0, gain_db=(0.0, 0.0), tilt_db=0, band_limit=0
    )
    noises = {"hiss": (1.0, np.full((400, 64), -3.0, np.float16))}
    x = torch.full((8, 256, 64), -14.0)
    x[:, 100:160] = -6.0
    y = Augmenter(noises, rng, plain)(x)
    quiet_db = 10 / math.log(10) * float(torch.logsumexp(y[:, 200:240], 2).mean())
    word_db = 10 / math.log(10) * float(torch.logsumexp(torch.full((64,), -6.0), 0))
    assert quiet_db == pytest.approx(word_db, abs=1.5)


def test_a_training_that_was_stopped_goes_on(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from scripts.training.wake.augment import Augmenter
    from scripts.training.wake.network import WakeNetwork
    from scripts.training.wake.pools import WindowPool
    from scripts.training.wake.train import Pools, Recipe, Trainer

    rng = np.random.default_rng(4)
    features = rng.normal(-8, 2, (6, 256, 64)).astype(np.float16)
    none = np.full(6, -1, np.int32)
    words = WindowPool(features, none + 81, none + 141)
    stream = rng.normal(-8, 2, (2000, 64)).astype(np.float16)
    pools = Pools(None, words, WindowPool(features, none, none), stream)
    augment = Augmenter({"hiss": (1.0, stream)}, rng)
    recipe = Recipe(minutes=0.001, wakes=2, others=2, streams=2, mine_every=2)
    torch.manual_seed(0)
    network = WakeNetwork(channels=4, width=8, first=8, second=8)
    first = Trainer(network, pools, augment, recipe, rng, tmp_path / "kept.pt")
    first.run()
    again = Trainer(
        WakeNetwork(channels=4, width=8, first=8, second=8), pools, augment, recipe, rng, tmp_path / "kept.pt"
    )
    assert again.batches == first.batches >= 1
    for left, right in zip(first.average.parameters(), again.average.parameters(), strict=True):
        assert torch.equal(left, right)


def test_a_wider_network_says_what_the_one_before_said() -> None:
    torch = pytest.importorskip("torch")
    from scripts.training.wake.network import WakeNetwork, take_over
    from scripts.training.wake.probe import probe_frames

    torch.manual_seed(1)
    small = WakeNetwork(channels=4, width=8, first=8, second=6).eval()
    wide = WakeNetwork(channels=5, width=9, first=12, second=7).eval()
    take_over(wide, small.state_dict())
    frames = torch.from_numpy(probe_frames())[None]
    with torch.no_grad():
        for said, expected in zip(wide(frames)[:2], small(frames)[:2], strict=True):
            assert torch.allclose(said, expected, atol=1e-5)


def test_a_trained_model_is_the_mean_of_its_trainings(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("flatbuffers")
    from scripts.training.wake.network import WakeNetwork
    from scripts.training.wake.release import averaged

    runs = [tmp_path / "a", tmp_path / "b"]
    states = [WakeNetwork().state_dict() for _ in runs]
    for run, state in zip(runs, states, strict=True):
        run.mkdir()
        torch.save(state, run / "network.pt")
    for name, value in averaged(runs).state_dict().items():
        assert torch.allclose(value, (states[0][name] + states[1][name]) / 2)


@pytest.mark.parametrize("name", ["wake-alexa"])
def test_a_card_is_what_its_manifest_says(name: str) -> None:
    model = open_model(name)
    written = (ROOT / "firmware_models" / name / "CARD.md").read_text(encoding="utf-8")
    assert written == card(dict(model.info), find_word(model.info["word"]))


def test_scenes_mix_noise_at_the_level_of_the_word(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    (tmp_path / "noise").mkdir()
    for name in corpus.NOISE_FOR_TESTS:
        noise = rng.normal(0, 0.1, 64_000).astype(np.float32)
        soundfile.write(tmp_path / "noise" / f"{name}.opus", noise, 16_000, format="OGG", subtype="OPUS")
    word = np.zeros(32_000, np.int16)
    word[10_000:18_000] = rng.normal(0, 3000, 8_000)
    stage = Stage(tmp_path, [word] * 4)
    clean, noisy = stage.words([word])["as recorded"], list(stage.words([word])["noise at 10 dB"])
    assert len(noisy) == len(list(clean)) == 3
    before, within = noisy[0][:8_000].astype(float), noisy[0][17_000:23_000].astype(float)  # of `in_quiet`
    assert 10 * np.log10((within**2).mean() / (before**2).mean()) == pytest.approx(10.4, abs=1.0)
    again = list(stage.words([word])["noise at 10 dB"])
    assert all(np.array_equal(one, other) for one, other in zip(noisy, again, strict=True))


def vowel(seconds: float = 0.5) -> np.ndarray:
    """Pulses at 120 Hz through two formants, int16: the plainest voice."""
    count = int(seconds * 16_000)
    pulses = (np.arange(count) % 133 == 0).astype(np.float64)
    for formant_hz in (600.0, 1400.0):
        turn = 2 * 0.97 * np.cos(2 * np.pi * formant_hz / 16_000)
        out = np.zeros(count + 2)
        for at in range(count):
            out[at + 2] = pulses[at] + turn * out[at + 1] - 0.97**2 * out[at]
        pulses = out[2:]
    return np.round(12_000 * pulses / np.abs(pulses).max()).astype(np.int16)


def test_a_word_has_a_second_of_quiet_around_it_and_none_is_added_to_what_has_it() -> None:
    bare = vowel()
    found = in_quiet(bare)
    start, end = render.locate_word(found)
    assert start >= 15_500 and len(found) - end >= 15_500
    assert np.abs(found[:15_000]).max() <= 40
    assert len(in_quiet(np.pad(bare, 20_000))) == len(bare) + 40_000


def test_a_whisper_of_a_word_has_no_pitch_and_is_another_each_time() -> None:
    pytest.importorskip("scipy")
    from scripts.training.wake.whispers import JUDGING_ENVELOPES, TRAINED_ENVELOPES, whispers

    word = np.pad(vowel(), 4_000)
    first, second = whispers(word, 2, TRAINED_ENVELOPES, np.random.default_rng(3))
    assert pitch_hz(word) == pytest.approx(120, abs=3)
    assert pitch_hz(first) == 0.0 and pitch_hz(second) == 0.0
    assert first.dtype == np.int16 and np.abs(first).max() == 16_000
    assert not np.array_equal(first[:4_000], second[:4_000])
    assert not set(TRAINED_ENVELOPES) & set(JUDGING_ENVELOPES)


def test_whispers_are_rendered_into_windows_with_the_word(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from scripts.training.wake import pools

    rng = np.random.default_rng(4)
    renderer = render.Renderer(render.Rooms(None, rng, simulated=2), [vowel(1.0)], rng)
    windows = pools.render_whispers(renderer, {7: np.pad(vowel(), 4_000)}, [7], 3, rng)  # type: ignore[arg-type]
    assert len(windows) == 3
    for window in windows:
        assert 0 <= window.word_start_frame < window.word_end_frame
