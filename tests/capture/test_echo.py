"""What the device plays is taken out of what it hears; the delay is found and followed."""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from alexa_local.capture import BLOCK_SAMPLES, EchoCanceller, open_echo_canceller
from alexa_local.capture import echo as echo_module
from alexa_local.capture.echo_delay import find_lag
from alexa_local.capture.echo_filter import SpeexFilter, load_speexdsp
from alexa_local.capture.echo_ring import PlayedRing, Stamps
from alexa_local.capture.echo_track import Track
from alexa_local.errors import DeviceError
from alexa_local.testing.echo import Room, SubtractingFilter

needs_speexdsp = pytest.mark.skipif(load_speexdsp() is None, reason="libspeexdsp1 is not installed")
RATE_HZ = 16_000


def noise(seconds: float, seed: int = 0, loudness: float = 3000.0) -> np.ndarray:
    return np.rint(np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ)) * loudness).astype(
        "i2"
    )


def later(sound: np.ndarray, samples: int, gain: float = 0.5) -> np.ndarray:
    return np.rint(np.concatenate([np.zeros(samples), sound])[: len(sound)] * gain).astype("i2")


def level_db(sound: np.ndarray) -> float:
    return 10 * np.log10(np.mean(sound.astype(float) ** 2) + 1e-9)


# The place of an echo


@given(lag=st.integers(0, 3000), seed=st.integers(0, 1000), gain=st.sampled_from([-1.0, 0.05, 0.5, 1.0]))
@settings(max_examples=30, deadline=None)
def test_an_echo_is_found_at_its_lag_whatever_its_sign_and_loudness(lag: int, seed: int, gain: float) -> None:
    played = noise(0.7, seed).astype(np.float32)
    heard = gain * played[3000 - lag : len(played) - lag]
    place = find_lag(heard[: len(played) - 3000], played)
    assert place.lag_samples == pytest.approx(lag, abs=0.51)
    assert place.clarity > 20


def test_a_delay_between_two_samples_is_found_to_a_tenth_of_one() -> None:
    played = noise(1.2)
    fine = soxr.resample(played.astype(np.float64), 1, 4)
    heard = fine[4 * 800 - 4 * 300 - 1 :: 4][: len(played) - 800]  # 300.25 samples later
    place = find_lag(heard.astype(np.float32), played.astype(np.float32))
    assert place.lag_samples == pytest.approx(300.25, abs=0.1)


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_not_taken_for_an_echo_of_other_noise(seed: int) -> None:
    place = find_lag(noise(1, seed).astype(np.float32), noise(2, seed + 100).astype(np.float32))
    assert place.clarity < 8


def test_silence_is_like_nothing() -> None:
    quiet, loud = np.zeros(1000, np.float32), noise(0.1).astype(np.float32)
    assert find_lag(quiet, np.concatenate([loud, quiet])[-2000:]).clarity == 0
    assert find_lag(loud[:1000], np.zeros(2000, np.float32)).clarity == 0


# The ring


@given(
    cuts=st.lists(st.integers(1, 900), min_size=1, max_size=60),
    first=st.integers(-500, 60_000),
    count=st.integers(0, 3000),
)
@settings(max_examples=60, deadline=None)
def test_the_ring_gives_what_was_played_however_it_came_and_zeros_where_it_has_nothing(
    cuts: list[int], first: int, count: int
) -> None:
    ring, sound = PlayedRing(kept_s=1.0), noise(6)
    at = 0
    for cut in cuts:
        ring.put(sound[at : at + cut, None], RATE_HZ, at / RATE_HZ)
        at += cut
    ring.gather()
    assert ring.next_index == at
    wanted = np.array(
        [sound[i] if max(0, at - RATE_HZ) <= i < at else 0 for i in range(first, first + count)], float
    )
    assert np.array_equal(ring.read(first, count), wanted)


@pytest.mark.parametrize(
    ("first", "step"), [(5000.0, 1.0), (5000.3, 1.0), (5000.7, 1.0003), (5000.5, 0.9997)]
)
def test_reading_between_samples_bends_nothing(first: float, step: float) -> None:
    ring, at = PlayedRing(), np.arange(RATE_HZ)
    ring.put(np.rint(9000 * np.sin(2 * np.pi * 1000 / RATE_HZ * at)).astype("i2")[:, None], RATE_HZ, 0.0)
    ring.gather()
    wanted = 9000 * np.sin(2 * np.pi * 1000 / RATE_HZ * (first + step * np.arange(640)))
    off = ring.read_between(first, step, 640) - wanted
    assert level_db(off) < level_db(wanted) - 35


def test_stereo_at_another_rate_is_counted_at_16_khz() -> None:
    ring = PlayedRing()
    for number in range(50):
        ring.put(np.full((1764, 2), 1000, np.int16), 44_100, number * 0.04)
    ring.gather()
    assert ring.next_index == pytest.approx(2 * RATE_HZ, abs=200)
    assert ring.read(8000, 100) == pytest.approx(np.full(100, 1000), abs=2)


@pytest.mark.parametrize(("at_s", "rate_hz"), [(3.0, RATE_HZ), (0.04, 48_000)], ids=["a pause", "a new rate"])
def test_a_loudspeaker_that_was_away_begins_a_new_stream(at_s: float, rate_hz: int) -> None:
    ring = PlayedRing()
    ring.put(noise(0.04)[:, None], RATE_HZ, 0.0)
    ring.gather()
    ring.put(noise(0.04)[:, None], rate_hz, at_s)
    ring.gather()
    assert ring.streams == 2


def test_what_nobody_reads_does_not_pile_up() -> None:
    ring = PlayedRing()
    for number in range(5000):
        ring.put(np.zeros((640, 1), np.int16), RATE_HZ, number * 0.04)
    ring.gather()
    assert ring.next_index < 20 * RATE_HZ


def test_one_late_callback_does_not_move_the_clock() -> None:
    stamps = Stamps()
    for number in range(20):
        stamps.add(640 * number, 0.04 * number + (0.5 if number == 13 else 0.0))
    assert stamps.offset == pytest.approx(0.0, abs=1e-6)


# The track


@given(drift_ppm=st.floats(-200, 200), shift=st.floats(-5000, 5000), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_a_drift_is_learnt_from_uncertain_measurements(drift_ppm: float, shift: float, seed: int) -> None:
    random, truth = np.random.default_rng(seed), lambda at: shift + drift_ppm * 1e-6 * at
    track = Track(truth(0), 0)
    for second in range(1, 31):
        track.measured(truth(second * RATE_HZ) + random.normal(0, 0.1), second * RATE_HZ)
    assert track.drift_ppm == pytest.approx(drift_ppm, abs=3)
    assert track.shift(31 * RATE_HZ) == pytest.approx(truth(31 * RATE_HZ), abs=0.3)


def test_one_wild_measurement_changes_nothing_and_two_that_agree_are_a_jump() -> None:
    track = Track(1000.0, 0)
    for second in range(1, 10):
        track.measured(1000.0, second * RATE_HZ)
    assert not track.measured(1400.0, 10 * RATE_HZ)
    assert track.shift(10 * RATE_HZ) == pytest.approx(1000, abs=0.1)
    assert track.measured(1400.2, 11 * RATE_HZ)
    assert track.shift(11 * RATE_HZ) == pytest.approx(1400, abs=0.3)
    assert abs(track.drift_ppm) < 5


# All of it


@given(
    lag=st.integers(0, 12_000), ahead_s=st.floats(0.05, 0.2), early=st.sampled_from([0, 320, 4000, 20_000])
)
@settings(max_examples=12, deadline=None)
def test_whatever_the_buffers_take_the_echo_is_found_and_taken_out(
    lag: int, ahead_s: float, early: int
) -> None:
    played = np.concatenate([np.zeros(early, np.int16), noise(5)])
    canceller = EchoCanceller(SubtractingFilter(0.5, early_samples=48))
    left = Room(played, later(played, lag), ahead_s).run(canceller)
    assert canceller.report["echo_cancellation"] == "working"
    assert level_db(left[-2 * RATE_HZ :]) < level_db(later(played, lag)[-2 * RATE_HZ :]) - 25


def test_while_nothing_is_played_the_very_block_comes_back() -> None:
    echo_filter = SubtractingFilter(0.5)
    canceller = EchoCanceller(echo_filter)
    room = Room(np.zeros(5 * RATE_HZ, np.int16), noise(4))
    for _ in range(50):
        block, cleaned = room.step(canceller)
        assert cleaned is block
    assert echo_filter.calls == 0


def test_after_the_sound_and_its_room_the_very_block_comes_back() -> None:
    played = np.concatenate([noise(3), np.zeros(4 * RATE_HZ, np.int16)])
    heard = later(played, 4000) + noise(7, seed=5, loudness=20)
    canceller, room = EchoCanceller(SubtractingFilter(0.5, 48)), Room(played, heard)
    same = [block is cleaned for block, cleaned in (room.step(canceller) for _ in range(85))]
    first_cancelled, last_cancelled = same.index(False), len(same) - 1 - same[::-1].index(False)
    assert first_cancelled < 20
    assert last_cancelled * BLOCK_SAMPLES / RATE_HZ == pytest.approx(3.25 + 0.256, abs=0.15)
    assert all(same[last_cancelled + 1 :])


def test_without_an_echo_as_with_headphones_the_sound_is_left_alone() -> None:
    echo_filter = SubtractingFilter(0.5)
    canceller, heard = EchoCanceller(echo_filter), noise(4, seed=9)
    assert np.array_equal(Room(noise(4), heard).run(canceller), heard)
    assert echo_filter.calls == 0
    assert canceller.report == {"echo_cancellation": "no echo yet"}


def test_a_microphone_that_is_opened_again_finds_the_echo_again() -> None:
    canceller, played = EchoCanceller(SubtractingFilter(0.5, 48)), noise(4)
    Room(played, later(played, 3000)).run(canceller)
    canceller.begin()
    second = Room(played, later(played, 5000))
    second.time_s = 200.0
    left = second.run(canceller)
    assert level_db(left[-RATE_HZ:]) < level_db(played) - 25


@pytest.mark.parametrize("lost_blocks", [1, 3])
def test_lost_blocks_of_the_microphone_are_noticed(lost_blocks: int) -> None:
    played = noise(12)
    heard = later(played, 3000)
    heard = np.concatenate([heard[: 4 * RATE_HZ], heard[4 * RATE_HZ + BLOCK_SAMPLES * lost_blocks :]])
    left = Room(played, heard).run(EchoCanceller(SubtractingFilter(0.5, 48)))
    assert level_db(left[-RATE_HZ:]) < level_db(heard) - 25


@needs_speexdsp
@pytest.mark.parametrize("drift_ppm", [0, 100])
def test_libspeexdsp_leaves_the_person_and_takes_the_loudspeaker(drift_ppm: int) -> None:
    random, played = np.random.default_rng(3), noise(12)
    response = np.exp(-np.arange(1600) / 300) * random.standard_normal(1600) * 0.1
    heard = np.convolve(np.concatenate([np.zeros(2000), played]), response)[: len(played)]
    if drift_ppm:
        heard = soxr.resample(heard, RATE_HZ, RATE_HZ * (1 + drift_ppm * 1e-6))
    heard = np.rint(heard).astype(np.int16)
    library = load_speexdsp()
    assert library is not None
    canceller = EchoCanceller(SpeexFilter(library))
    left = Room(played, heard).run(canceller)
    assert level_db(left[-3 * RATE_HZ :]) < level_db(heard[-3 * RATE_HZ :]) - 15
    assert canceller.report["echo_drift_ppm"] == pytest.approx(-drift_ppm, abs=5)


@needs_speexdsp
def test_a_voice_passes_the_filter_where_nothing_is_played() -> None:
    library, voice = load_speexdsp(), noise(2, seed=4, loudness=2000)
    assert library is not None
    alone = SpeexFilter(library).cancel(voice, np.zeros_like(voice))
    assert level_db(alone) == pytest.approx(level_db(voice), abs=1.0)


def test_without_the_library_it_says_what_to_do_and_goes_on(monkeypatch, caplog) -> None:
    monkeypatch.setattr(echo_module, "load_speexdsp", lambda: None)
    assert open_echo_canceller("auto") is None
    assert "apt install libspeexdsp1" in caplog.text
    with pytest.raises(DeviceError, match="libspeexdsp1"):
        open_echo_canceller("on")
    caplog.clear()
    assert open_echo_canceller("off") is None
    assert not caplog.text


def test_a_library_that_is_not_there_is_none() -> None:
    assert load_speexdsp("libnosuchthing.so.0") is None
