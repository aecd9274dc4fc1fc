import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alexa_local.playback.mixer import DUCK_HOLD_S, DUCKED_GAIN, Mixer, gain_of_volume, limit, to_stereo
from alexa_local.testing.loudspeaker import FakeLoudspeaker

RATE_HZ = 44_100


def room(volume=100):
    mixer = Mixer(volume=volume)
    return mixer, FakeLoudspeaker(mixer)


def constant(level, seconds):
    return np.full(round(RATE_HZ * seconds), level, np.int16)


def pour(mixer, level, seconds):
    frames = np.full((round(RATE_HZ * seconds), 2), level, np.float32)
    assert mixer.music.write(frames) == len(frames)


def test_nothing_to_play_is_silence():
    _, speaker = room()
    assert not speaker.advance(0.5).any()


def test_a_reply_is_played_once_and_sample_by_sample():
    mixer, speaker = room()
    reply = np.random.default_rng(0).integers(-20_000, 20_000, 10_000).astype(np.int16)
    playing = mixer.play_reply(reply, RATE_HZ)
    heard = speaker.advance(0.5)
    assert np.abs(heard[:10_000, 0].astype(int) - reply).max() <= 1
    assert np.array_equal(heard[:, 0], heard[:, 1])
    assert not heard[10_000:].any()
    assert playing.finished.is_set()
    assert not mixer.is_playing


def test_a_reply_at_another_rate_keeps_its_length_and_pitch():
    mixer, speaker = room()
    tone = np.int16(8000 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000))
    playing = mixer.play_reply(tone, 16_000)
    assert playing.seconds == pytest.approx(1.0, abs=0.001)
    assert np.argmax(np.abs(np.fft.rfft(speaker.advance(1.0)[:, 0]))) == 440


@settings(max_examples=30, deadline=None)
@given(
    levels=st.lists(st.sampled_from([-32768, -30_000, 5_000, 32767]), min_size=1, max_size=6),
    music=st.floats(-1.5, 1.5),
    alarm=st.booleans(),
    volume=st.integers(0, 100),
)
def test_the_sum_never_wraps(levels, music, alarm, volume):
    mixer, speaker = room(volume)
    pour(mixer, music, 0.5)
    for level in levels:
        mixer.play_tone(constant(level, 0.3), RATE_HZ)
    if alarm:
        mixer.start_alarm(constant(32767, 0.1), RATE_HZ)
    heard = speaker.advance(0.5).astype(int)
    parts = [*levels, music * 32767, 32767 * alarm]
    if all(part >= 0 for part in parts):
        assert heard.min() >= 0
    if all(part <= 0 for part in parts):
        assert heard.max() <= 0


def test_the_limiter_changes_nothing_below_its_knee_and_keeps_the_order_above():
    levels = np.linspace(-6, 6, 10_001).astype(np.float32)
    bent = limit(levels)
    assert np.array_equal(bent[np.abs(levels) <= 0.9], levels[np.abs(levels) <= 0.9])
    assert np.abs(bent).max() <= 1.0
    assert (np.diff(bent) >= 0).all()
    assert np.abs(np.diff(bent)).max() <= np.diff(levels).max() * 1.001


@pytest.mark.parametrize(("percent", "gain"), [(-5, 0), (0, 0), (50, 0.125), (100, 1), (400, 1)])
def test_volume_is_heard_in_ratios(percent, gain):
    assert gain_of_volume(percent) == pytest.approx(gain)


def test_music_goes_down_for_a_reply_and_comes_back_without_a_jump():
    mixer, speaker = room()
    pour(mixer, 0.5, 1.9)
    before = speaker.advance(0.2)
    assert before[-1, 0] == pytest.approx(0.5 * 32767, abs=2)
    mixer.play_reply(constant(0, 0.3), RATE_HZ)
    during = speaker.advance(0.3)
    assert during[-1, 0] == pytest.approx(0.5 * DUCKED_GAIN * 32767, abs=2)
    after = speaker.advance(DUCK_HOLD_S + 0.45)
    assert after[-1, 0] == pytest.approx(0.5 * 32767, abs=2)
    steps = np.abs(np.diff(np.concatenate([before[5000:], during, after])[:, 0].astype(int)))
    assert steps.max() < 10


def test_music_goes_down_while_somebody_is_listened_to():
    mixer, speaker = room()
    pour(mixer, 0.5, 1.9)
    mixer.duck(True)
    assert speaker.advance(0.4)[-1, 0] == pytest.approx(0.5 * DUCKED_GAIN * 32767, abs=2)
    mixer.duck(False)
    assert speaker.advance(DUCK_HOLD_S + 0.5)[-1, 0] == pytest.approx(0.5 * 32767, abs=2)


def test_music_goes_down_in_a_moment_waits_and_comes_back_slowly():
    mixer, speaker = room()
    pour(mixer, 0.5, 2.0)

    def gains_db(seconds):
        """Of each 10 ms, float64 (N,)."""
        heard = np.abs(speaker.advance(seconds)[:, 0].astype(float)).reshape(-1, 441).mean(axis=1)
        return 20 * np.log10(heard / (0.5 * 32767))

    assert gains_db(0.1) == pytest.approx(0, abs=0.01)
    mixer.duck(True)
    attack = gains_db(0.2)
    assert (np.diff(attack) <= 0.01).all()
    assert attack[2] > -3 and attack[9:] == pytest.approx(-16.5, abs=0.1)
    mixer.duck(False)
    after = gains_db(DUCK_HOLD_S + 0.5)
    held, release = np.split(after, [round(DUCK_HOLD_S * 100)])
    assert held == pytest.approx(-16.5, abs=0.1)
    assert (np.diff(release) >= -0.01).all()
    assert release[16] < -4 and release[-10:] == pytest.approx(0, abs=0.01)


def test_music_stays_down_between_a_request_and_its_reply():
    mixer, speaker = room()
    pour(mixer, 0.5, 2.0)
    mixer.duck(True)
    speaker.advance(0.2)
    mixer.duck(False)
    between = speaker.advance(0.5)
    mixer.play_reply(constant(0, 0.3), RATE_HZ)
    during = speaker.advance(0.3)
    assert np.abs(np.concatenate([between, during])).max() <= 0.5 * DUCKED_GAIN * 32767 + 2


def test_a_tone_is_added_to_the_music_which_plays_on():
    mixer, speaker = room()
    pour(mixer, 0.25, 1.0)
    speaker.advance(0.1)
    mixer.play_tone(constant(8192, 0.1), RATE_HZ)
    heard = speaker.advance(0.2)[:, 0]
    assert set(heard[:4410]) == {round(0.5 * 32767)}
    assert set(heard[4410:]) == {round(0.25 * 32767)}


def test_it_is_known_how_long_the_decoder_may_be_late():
    mixer, speaker = room()
    assert mixer.music_waiting_s == 0.0
    pour(mixer, 0.25, 1.0)
    speaker.advance(0.25)
    assert mixer.music_waiting_s == pytest.approx(0.75)
    mixer.music.discard()
    assert mixer.music_waiting_s == 0.0


def test_music_is_gapless_however_it_is_written_and_read():
    mixer, _ = room()
    rng = np.random.default_rng(1)
    music = rng.uniform(-0.5, 0.5, (90_000, 2)).astype(np.float32)
    heard, written = [], 0
    while sum(map(len, heard)) < 80_000:
        written += mixer.music.write(music[written : written + int(rng.integers(1, 9_000))])
        if written > 20_000:
            heard.append(mixer.read(int(rng.integers(1, 3_000))))
    out = np.concatenate(heard)
    first = np.flatnonzero(out.any(axis=1))[0]
    assert mixer.music.underruns == 0
    assert np.abs(out[first:] / 32767 - music[: len(out) - first]).max() < 1e-4


def test_music_that_comes_too_late_is_counted_and_silent_until_there_is_enough_again():
    mixer, speaker = room()
    pour(mixer, 0.5, 0.3)
    speaker.advance(0.5)
    assert mixer.music.underruns == 1
    pour(mixer, 0.5, 0.1)
    assert not speaker.advance(0.2).any()
    pour(mixer, 0.5, 0.2)
    assert speaker.advance(0.1).any()
    assert mixer.music.underruns == 1


def test_the_end_of_the_music_is_no_underrun():
    mixer, speaker = room()
    pour(mixer, 0.5, 0.05)
    mixer.music.end()
    assert speaker.advance(0.2).any()
    assert mixer.music.underruns == 0


def test_paused_music_fades_stays_and_goes_on_where_it_was():
    mixer, speaker = room()
    mixer.music.write(np.linspace(0.2, 0.7, RATE_HZ, dtype=np.float32)[:, None].repeat(2, axis=1))
    speaker.advance(0.3)
    mixer.music_paused = True
    faded = speaker.advance(0.3)[:, 0].astype(int)
    assert np.abs(np.diff(faded)).max() < 10
    assert faded[-1] == 0
    waiting = mixer.music.waiting_frames
    speaker.advance(1.0)
    assert mixer.music.waiting_frames == waiting
    mixer.music_paused = False
    resumed = speaker.advance(0.45)[:, 0]
    assert np.abs(np.diff(resumed.astype(int))).max() < 10
    assert resumed[-1] == pytest.approx(32767 * (0.7 - 0.5 * mixer.music.waiting_frames / RATE_HZ), abs=50)


def test_discarded_music_fades_out_and_what_is_written_after_is_kept():
    mixer, speaker = room()
    pour(mixer, 0.5, 0.5)
    speaker.advance(0.2)
    mixer.music.discard()
    pour(mixer, -0.25, 0.4)
    heard = speaker.advance(0.3)[:, 0]
    assert heard[0] > 16_000
    assert heard[1763] == 0
    assert set(heard[1764:]) == {round(-0.25 * 32767)}


def test_music_discarded_while_paused_is_never_heard_again():
    mixer, speaker = room()
    pour(mixer, 0.5, 0.5)
    speaker.advance(0.2)
    mixer.music_paused = True
    speaker.advance(0.2)
    mixer.music.discard()
    mixer.music_paused = False
    assert not speaker.advance(0.4).any()


def test_a_stopped_reply_fades_out_within_one_read():
    mixer, speaker = room()
    playing = mixer.play_reply(constant(10_000, 1.0), RATE_HZ)
    speaker.advance(0.1)
    playing.stop()
    last = speaker.advance(0.04)[:, 0]
    assert last[-1] == 0
    assert np.abs(np.diff(last.astype(int))).max() < 50
    assert playing.finished.is_set()
    assert not speaker.advance(0.1).any()


def test_an_empty_reply_is_finished_at_once():
    mixer, speaker = room()
    assert mixer.play_reply(np.zeros(0, np.int16), 16_000).finished.is_set()
    speaker.advance(0.1)
    assert not mixer.is_playing


def test_an_alarm_goes_round_until_stopped_and_is_heard_when_muted():
    mixer, speaker = room(volume=0)
    mixer.muted = True
    mixer.start_alarm(constant(20_000, 0.25), RATE_HZ)
    assert speaker.advance(3.0)[-1].any()
    mixer.stop_alarm()
    speaker.advance(0.1)
    assert not speaker.advance(0.5).any()


def test_mute_keeps_the_volume():
    mixer, speaker = room(volume=70)
    pour(mixer, 0.5, 1.0)
    mixer.muted = True
    assert speaker.advance(0.3)[-1, 0] == 0
    mixer.muted = False
    assert mixer.volume == 70
    assert speaker.advance(0.3)[-1, 0] > 0


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_channel_count_becomes_stereo(channels):
    frames = np.arange(channels, dtype=np.int16)[None, :].repeat(3, axis=0) * 100
    expected = [0, 0] if channels == 1 else [0, 100]
    assert (to_stereo(frames) * 32768 == expected).all()
