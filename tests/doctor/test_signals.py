"""What is read off a recording, against recordings made to be read so."""

import numpy as np
import pytest

from alexa_local.doctor import signals
from alexa_local.messages import SAMPLE_RATE

RNG = np.random.default_rng(3)


def noise(count, rms):
    return np.rint(RNG.standard_normal(count) * rms).astype(np.int16)


@pytest.mark.parametrize("snr_db", [40, 0, -6])
def test_the_chirp_is_found_to_the_sample_in_noise(snr_db):
    chirp = signals.chirp(SAMPLE_RATE)
    heard = noise(48_000, 1000).astype(float)
    gain = 1000 * 10 ** (snr_db / 20) / np.sqrt(np.mean(chirp**2))
    heard[12_345 : 12_345 + len(chirp)] += gain * chirp
    found = signals.find(chirp, np.clip(heard, -32768, 32767).astype(np.int16))
    assert found.start_samples == 12_345 and found.likeness > 0.2


def test_where_there_is_no_chirp_nothing_is_like_it():
    for heard in (noise(80_000, 1000), np.zeros(80_000, np.int16), noise(100, 1000)):
        assert signals.find(signals.chirp(SAMPLE_RATE), heard).likeness < 0.1


@pytest.mark.parametrize("drift_ppm", [0, 300, -5_000])
def test_drift_is_seen_though_blocks_come_late(drift_ppm):
    counts = np.arange(1, 200) * 640
    times_s = 50 + counts / (SAMPLE_RATE * (1 + drift_ppm / 1e6)) + RNG.exponential(0.004, len(counts))
    clock = signals.clock_of(list(zip(times_s.tolist(), counts.tolist(), strict=True)), SAMPLE_RATE)
    assert clock.drift_ppm == pytest.approx(drift_ppm, abs=60 + clock.doubt_ppm)
    assert clock.doubt_ppm < 2_000


def test_one_block_tells_no_drift():
    assert signals.clock_of([(5.0, 640)], SAMPLE_RATE).drift_ppm == 0.0
