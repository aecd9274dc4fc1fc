import numpy as np
import pytest
import soundfile
import soxr

from alexa_local.errors import AudioFileError
from alexa_local.playback.decoding import SeamlessDecoder

OURS_HZ = 44_100
CUT = 0.37


def recording(rate_hz, seconds=2.0):
    """Something whose every sample matters, float32 (N, 2)."""
    times_s = np.arange(round(rate_hz * seconds)) / rate_hz
    left = 0.4 * np.sin(2 * np.pi * (200 + 300 * times_s) * times_s)
    return np.stack([left, 0.5 * left[::-1]], axis=1).astype(np.float32)


def halves(folder, rate_hz, suffix, **how):
    """The recording, cut where no block ends, and its two files."""
    whole = recording(rate_hz)
    cut = round(CUT * len(whole)) + 7
    files = folder / f"1.{suffix}", folder / f"2.{suffix}"
    for file, part in zip(files, (whole[:cut], whole[cut:]), strict=True):
        soundfile.write(file, part, rate_hz, **how)
    return whole, cut, files


def decoded(decoder, *files):
    pieces = [piece.copy() for file in files for piece in decoder.read(file)]
    return np.concatenate([*pieces, decoder.rest()])


@pytest.mark.parametrize("suffix", ["flac", "wav"])
def test_two_halves_are_the_whole_sample_by_sample(tmp_path, suffix):
    whole, _, files = halves(tmp_path, OURS_HZ, suffix, subtype="PCM_16")
    heard = decoded(SeamlessDecoder(OURS_HZ), *files)
    assert len(heard) == len(whole)
    assert np.abs(heard - whole).max() < 1.1 / 32768


@pytest.mark.parametrize("suffix", ["mp3", "ogg"])
def test_what_an_encoder_padded_is_taken_out_again(tmp_path, suffix):
    whole, cut, files = halves(tmp_path, OURS_HZ, suffix)
    heard = decoded(SeamlessDecoder(OURS_HZ), *files)
    assert len(heard) == len(whole)
    shifts = range(-20, 21)
    around = slice(cut - 3000, cut + 3000)
    errors = [np.abs(np.roll(heard, shift, axis=0)[around] - whole[around]).mean() for shift in shifts]
    assert shifts[int(np.argmin(errors))] == 0


@pytest.mark.parametrize("rate_hz", [22_050, 48_000, 96_000])
def test_at_another_rate_there_is_no_seam_either(tmp_path, rate_hz):
    whole, _, files = halves(tmp_path, rate_hz, "wav", subtype="FLOAT")
    heard = decoded(SeamlessDecoder(OURS_HZ), *files)
    at_once = soxr.resample(whole, rate_hz, OURS_HZ)
    assert len(heard) == pytest.approx(len(at_once), abs=1)
    assert np.abs(heard[: len(at_once)] - at_once[: len(heard)]).max() < 1e-5


def test_a_change_of_rate_loses_nothing(tmp_path):
    files = []
    for number, rate_hz in enumerate((48_000, OURS_HZ, 22_050, 48_000)):
        files.append(tmp_path / f"{number}.wav")
        soundfile.write(files[-1], recording(rate_hz, 1.0), rate_hz)
    decoder = SeamlessDecoder(OURS_HZ)
    assert len(decoded(decoder, *files)) == pytest.approx(4 * OURS_HZ, abs=4)
    assert decoder.pending_frames == 0


def test_what_the_resampler_still_has_is_known(tmp_path):
    soundfile.write(tmp_path / "a.wav", recording(48_000, 1.0), 48_000)
    decoder = SeamlessDecoder(OURS_HZ)
    given = sum(len(piece) for piece in decoder.read(tmp_path / "a.wav"))
    assert decoder.pending_frames == OURS_HZ - given
    assert len(decoder.rest()) == pytest.approx(OURS_HZ - given, abs=1)


@pytest.mark.parametrize("suffix", ["flac", "wav", "mp3", "ogg"])
def test_a_file_is_read_from_any_second_on(tmp_path, suffix):
    soundfile.write(tmp_path / f"a.{suffix}", recording(OURS_HZ), OURS_HZ)
    pieces = list(SeamlessDecoder(OURS_HZ).read(tmp_path / f"a.{suffix}", 1.25))
    assert sum(map(len, pieces)) == pytest.approx(0.75 * OURS_HZ, abs=2)
    heard = np.concatenate(pieces)[:4000]
    assert np.abs(heard - recording(OURS_HZ)[round(1.25 * OURS_HZ) :][:4000]).mean() < 0.05


def test_a_place_after_the_end_is_the_end(tmp_path):
    soundfile.write(tmp_path / "a.wav", recording(OURS_HZ), OURS_HZ)
    assert list(SeamlessDecoder(OURS_HZ).read(tmp_path / "a.wav", 60.0)) == []


def test_a_rate_that_cannot_be_is_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 1)
    with pytest.raises(AudioFileError, match="claims to have 1 Hz"):
        SeamlessDecoder(OURS_HZ).read(tmp_path / "a.wav")
