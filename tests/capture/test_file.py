import tracemalloc

import numpy as np
import pytest
import soundfile
import soxr

from alexa_local.capture import BLOCK_SAMPLES, open_file
from alexa_local.errors import AudioFileError
from alexa_local.testing.pacing import FakePacing

FORMATS = [
    ("a.wav", 16_000, 1, "PCM_16"),
    ("a.wav", 8_000, 1, "PCM_U8"),
    ("a.wav", 44_100, 2, "PCM_24"),
    ("a.wav", 96_000, 1, "PCM_32"),
    ("a.wav", 22_050, 2, "FLOAT"),
    ("a.wav", 8_000, 1, "ULAW"),
    ("a.flac", 48_000, 2, "PCM_24"),
    ("a.flac", 16_000, 1, "PCM_16"),
    ("a.ogg", 44_100, 2, "VORBIS"),
    ("a.opus", 48_000, 1, "OPUS"),
    ("a.mp3", 44_100, 2, "MPEG_LAYER_III"),
]


def tone(rate_hz, seconds):
    return 0.4 * np.sin(2 * np.pi * 500 * np.arange(round(rate_hz * seconds)) / rate_hz)


def write_tone(path, rate_hz, channels, subtype, seconds=1.0):
    frames = np.repeat(tone(rate_hz, seconds)[:, None], channels, axis=1)
    container = "OGG" if path.suffix == ".opus" else None
    soundfile.write(path, frames, rate_hz, subtype=subtype, format=container)


@pytest.mark.parametrize(("name", "rate_hz", "channels", "subtype"), FORMATS)
def test_every_format_gives_the_same_tone_in_blocks(tmp_path, name, rate_hz, channels, subtype):
    path = tmp_path / name
    write_tone(path, rate_hz, channels, subtype)
    blocks = list(open_file(path))
    assert all(block.dtype == np.int16 and block.shape == (BLOCK_SAMPLES,) for block in blocks[:-1])
    heard = np.concatenate(blocks) / 32768
    whole, _ = soundfile.read(path)  # at once, so that no piece can be torn from its neighbour
    at_16k = soxr.resample(whole.reshape(len(whole), -1).mean(axis=1), rate_hz, 16_000)
    assert np.abs(heard[: len(at_16k)] - at_16k[: len(heard)]).max() < 0.001
    assert abs(len(heard) - 16_000) < 1300  # MP3 pads
    spectrum = np.abs(np.fft.rfft(heard[2000:14000]))
    assert np.argmax(spectrum) == 375  # 500 Hz
    assert 0.35 < np.abs(heard[4000:12000]).max() < 0.45


def test_a_16_khz_16_bit_file_passes_bit_by_bit(tmp_path):
    samples = np.random.default_rng(0).integers(-32768, 32768, 12_345).astype(np.int16)
    soundfile.write(tmp_path / "a.flac", samples, 16_000)
    assert np.array_equal(np.concatenate(list(open_file(tmp_path / "a.flac"))), samples)


def test_in_real_time_each_block_comes_when_it_would_have_been_recorded(tmp_path):
    write_tone(tmp_path / "a.wav", 16_000, 1, "PCM_16", seconds=0.4)
    clock = FakePacing()
    moments = [clock.monotonic() for _ in open_file(tmp_path / "a.wav", realtime=True, clock=clock)]
    assert np.allclose(moments, 1000 + 0.08 * np.arange(1, 6))


def test_a_slow_reader_is_not_made_to_wait(tmp_path):
    write_tone(tmp_path / "a.wav", 16_000, 1, "PCM_16", seconds=0.4)
    clock = FakePacing()
    for _ in open_file(tmp_path / "a.wav", realtime=True, clock=clock):
        clock.now_s += 0.1
    assert len(clock.slept_s) == 1


def test_a_long_file_is_never_in_memory_as_a_whole(tmp_path):
    write_tone(tmp_path / "a.flac", 16_000, 1, "PCM_16", seconds=300)
    tracemalloc.start()
    for _ in open_file(tmp_path / "a.flac"):
        pass
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 1_000_000  # the samples alone are 9.6 MB


def test_closing_ends_the_iteration(tmp_path):
    write_tone(tmp_path / "a.wav", 16_000, 1, "PCM_16")
    source = open_file(tmp_path / "a.wav")
    blocks = iter(source)
    next(blocks)
    source.close()
    assert list(blocks) == []


def test_a_wav_cut_off_in_the_middle_gives_what_is_there(tmp_path):
    write_tone(tmp_path / "a.wav", 16_000, 1, "PCM_16")
    (tmp_path / "a.wav").write_bytes((tmp_path / "a.wav").read_bytes()[:16_044])
    assert sum(map(len, open_file(tmp_path / "a.wav"))) == 8_000


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "cannot be decoded"),
        (b"This is a shopping list, not a sound.\n" * 50, "cannot be decoded"),
        (bytes(range(256)) * 64, "cannot be decoded"),
    ],
)
@pytest.mark.parametrize("suffix", ["wav", "mp3", "flac", "opus", "raw", "txt"])
def test_a_broken_file_is_named_with_the_remedy(tmp_path, content, says, suffix):
    path = tmp_path / f"broken.{suffix}"
    path.write_bytes(content)
    with pytest.raises(AudioFileError, match=r"broken\.") as error:
        list(open_file(path))
    assert says in str(error.value)
    assert "Record it again" in str(error.value) or "ffmpeg" in str(error.value)


def test_a_file_with_a_header_and_no_sound_is_refused(tmp_path):
    soundfile.write(tmp_path / "none.wav", np.zeros(0, np.int16), 16_000)
    with pytest.raises(AudioFileError, match="holds no sound"):
        open_file(tmp_path / "none.wav")


@pytest.mark.parametrize("name", ["nothing.wav", "."])
def test_a_missing_file_or_a_folder_is_refused(tmp_path, name):
    with pytest.raises(AudioFileError, match="no file"):
        open_file(tmp_path / name)


def test_a_flac_damaged_in_the_middle_ends_in_a_clear_error_or_early(tmp_path):
    rng = np.random.default_rng(3)
    soundfile.write(tmp_path / "a.flac", rng.integers(-9000, 9000, 160_000).astype(np.int16), 16_000)
    data = bytearray((tmp_path / "a.flac").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 20_000] = bytes(20_000)
    (tmp_path / "a.flac").write_bytes(data)
    try:
        heard = sum(map(len, open_file(tmp_path / "a.flac")))
    except AudioFileError as error:
        assert "damaged after" in str(error)
    else:
        assert heard <= 160_000
