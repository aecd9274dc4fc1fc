"""Whispers made from voices, and voices that went through the same machinery without becoming whispers.

What distinguishes a whisper, and what is done for it here (everything drawn anew for each clip):

* The vocal folds do not swing; turbulence at the open glottis is the source (Tartter 1989; Jovicic 1998):
  noise instead of the voice's source, and the envelope smoothed over more than a period.
* Formants lie higher, the first by 20 to 30 %, the second by about 10 %, the third by about 5 % (Jovicic
  1998; Morris and Clements 2002, "Reconstruction of speech from whispers", who go the other way), with wider
  bandwidths (Sharifzadeh, McLoughlin and Russell 2012).
* The spectrum of vowels is flatter, with some 10 to 25 dB less below 1.5 kHz and no voice bar (Ito, Takeda
  and Itakura 2005).
* Vowels lose 10 to 25 dB against unvoiced consonants, which hardly change (Jovicic and Saric 2008).
* It is somewhat slower, and breath is heard around it.

A network that was only shown these would learn to know the vocoder. So the class of voices has the same
filters with the voice's own source, with pulses, and with a little breath on top. That LSTMs on log
filter-bank energies tell whispers from voices is from Raeesy et al. 2018, "LSTM-based whisper detection".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scripts.training.whisper.vocoder import (
    BINS_HZ,
    Analysis,
    Envelope,
    Rows,
    Sound,
    analyse,
    noise,
    pulses,
    smoothed_in_time,
    stretched,
    together,
    warped,
)

_DB = np.float32(np.log(10) / 10)
_FORMANTS_HZ = np.array([0.0, 500.0, 1500.0, 2600.0, 4500.0, 8000.0], np.float32)


@dataclass(frozen=True)
class Made:
    """A sound, and where somebody utters it.

    Attributes:
        sound: float32, shape (N,), as loud as int16.
        voiced: float32, shape (T,), 0 to 1, one value every 10 ms; of a whisper, where its voice would be.
        envelope: how it was taken apart and put together again; "" if it was not.
    """

    sound: Sound
    voiced: NDArray[np.float32]
    envelope: Envelope | Literal[""] = ""


class Recipes:
    """Draws whispers and voices from voices."""

    def __init__(self, rng: np.random.Generator, envelopes: tuple[Envelope, ...]) -> None:
        """`envelopes` are the ways to take speech apart that may be used; the others are for judging."""
        self._rng, self._envelopes = rng, envelopes

    def take_apart(self, sound: Sound) -> Analysis:
        """Speech, float32 (N,) as loud as int16, taken apart in one of the ways."""
        kind = self._envelopes[int(self._rng.integers(len(self._envelopes)))]
        low, high = {"prediction": (14, 22), "cepstrum": (22, 40), "smoothed": (28, 60)}[kind]
        return analyse(sound, kind, int(self._rng.integers(low, high)))

    def whisper(self, voice: Analysis) -> Made:
        """It, whispered."""
        rng = self._rng
        envelope = smoothed_in_time(voice.envelope, int(rng.integers(3, 8)))
        envelope = self._filter(envelope, voice.voicing, tilt=True, shift=True)
        envelope = self._levels(envelope, voice.voicing)
        factor = float(rng.uniform(0.92, 1.3))
        envelope, voicing = stretched(envelope, factor), stretched(voice.voicing, factor)
        source = noise(len(envelope), rng)
        sound = together(source * np.exp(envelope / 2), round(voice.samples * factor))
        if rng.random() < 0.35:
            sound = sound + self._breath(envelope, voicing, len(sound))
        return Made(sound, voicing[::2], voice.kind)

    def voice(self, voice: Analysis) -> Made:
        """It, through the same vocoder, with a source that swings."""
        rng = self._rng
        tilt, shift = rng.random() < 0.4, rng.random() < 0.6
        wanted = self._filter(voice.envelope, voice.voicing, tilt, shift)
        drawn = rng.random()
        if drawn < 0.5:
            spectra = voice.spectra * np.exp((wanted - voice.envelope) / 2)
        else:
            even = smoothed_in_time(wanted, int(rng.integers(3, 8)))
            spectra = pulses(voice.voicing, voice.period, rng) * np.exp(even / 2)
        if drawn < 0.15 or drawn > 0.9:  # breathy, but voiced
            breath = noise(len(wanted), rng) * np.exp((wanted - rng.uniform(6, 16) * _DB) / 2)
            lowest_hz = rng.uniform(500, 2000)
            spectra = spectra + breath * (lowest_hz < BINS_HZ)
        return Made(together(spectra.astype(np.complex64), voice.samples), voice.voicing[::2], voice.kind)

    def _filter(self, envelope: Rows, voicing: NDArray[np.float32], tilt: bool, shift: bool) -> Rows:
        """Formants moved and the tilt of the glottal source taken away, as far as a row is voiced."""
        rng = self._rng
        out = envelope
        if shift:
            first = rng.uniform(1.08, 1.38)
            second = rng.uniform(1.0, 1.0 + 0.7 * (first - 1))
            third = rng.uniform(0.98, 1.0 + 0.4 * (first - 1))
            factors = np.array([1.0, first, second, third, 0.5 + 0.5 * third, 1.0], np.float32)
            out = warped(out, _FORMANTS_HZ, factors)
        if tilt:
            fall = 1 / (1 + np.exp((BINS_HZ - rng.uniform(400, 1800)) / rng.uniform(120, 600)))
            bar = 1 / (1 + np.exp(np.minimum(BINS_HZ - rng.uniform(120, 350), 2000) / 50))
            lost_db = rng.uniform(6, 26) * fall + rng.uniform(5, 25) * bar
            out = out - (lost_db * _DB).astype(np.float32)
        share = voicing[:, None]
        return share * out + (1 - share) * envelope

    def _levels(self, envelope: Rows, voicing: NDArray[np.float32]) -> Rows:
        """Vowels come down to the consonants, and turbulence is not quite steady."""
        rng = self._rng
        lost = rng.uniform(0.0, 12.0) * _DB * voicing
        steps = rng.standard_normal(len(envelope) // 12 + 2)
        unsteady = np.interp(np.arange(len(envelope)) / 12, np.arange(len(steps)), steps)
        moved = (rng.uniform(0, 1.5) * _DB * unsteady - lost)[:, None]
        return (envelope + moved).astype(np.float32)

    def _breath(self, envelope: Rows, voicing: NDArray[np.float32], samples: int) -> Sound:
        """Air that is heard between the words too, coloured by an open mouth."""
        rng = self._rng
        uttered = voicing > 0.3
        shape = envelope[uttered].mean(0) if uttered.any() else envelope.mean(0)
        level = rng.uniform(8, 25) * _DB
        size = len(envelope) // 40 + 2
        swell = np.interp(np.arange(len(envelope)) / 40, np.arange(size), rng.uniform(0, 1.5, size))
        rows = np.asarray(shape - level + swell[:, None], np.float32)
        return together(noise(len(envelope), rng) * np.exp(rows / 2), samples)
