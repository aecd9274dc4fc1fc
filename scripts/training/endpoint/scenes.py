"""Makes what the network learns from: requests with pauses in them, an end, and noise under it all.

Everything is done on log-mel rows: sounds that add up add their energies, band by band.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.frontend import STEP_FRAMES
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import MEL_BANDS
from scripts.evaluation.voiced import runs, voiced
from scripts.training.asr.features import open_store

SCENE_FRAMES = 800
"""Every scene is so long: 8 s."""

HELD_OUT = re.compile(r"^so-\d*[05]$")
"""Speakers of speechocean who are kept for judging."""

_DB = float(np.log(10) / 10)
_MOST_SPEECH_FRAMES = 450
_QUIET_SHARE = 0.08
_LEAST_AFTER_FRAMES = 60
_DIP_FRAMES, _EDGE_FRAMES = 17, 20
_RIPPLES = 30_000
Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Scene:
    """One example.

    Attributes:
        frames: float32 (SCENE_FRAMES, 64).
        voice: bool (SCENE_FRAMES / 4,): whether somebody speaks in each step.
        ended: bool, the same shape: whether the speaker has finished.
    """

    frames: Rows
    voice: NDArray[np.bool_]
    ended: NDArray[np.bool_]


class Clips:
    """The clips of some stores."""

    def __init__(self, folders: list[Path], shortest: int = 60, held_out: bool = False) -> None:
        """Open the stores; of speakers who are kept for judging, only those or none."""
        self._clips: list[tuple[NDArray[np.float16], dict[str, Any]]] = []
        for folder in folders:
            rows, index = open_store(folder)
            self._clips += [
                (rows, row)
                for row in index
                if row["frames"] >= shortest and bool(HELD_OUT.match(row.get("speaker", ""))) == held_out
            ]

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, number: int) -> Rows:
        rows, row = self._clips[number]
        return rows[row["first"] : row["first"] + row["frames"]].astype(np.float32)


class Stage:
    """Draws scenes."""

    def __init__(
        self,
        speech: list[tuple[Clips, float]],
        wakes: Clips,
        noise: NDArray[np.float16],
        rng: np.random.Generator,
    ) -> None:
        """Take pools of speech with their shares of the scenes, clips of the wake word, and noise (N, 64)."""
        self._pools = [clips for clips, _ in speech]
        shares = np.array([share for _, share in speech])
        self._shares = shares / shares.sum()
        self._wakes, self._noise, self._rng = wakes, noise, rng
        freedom = np.linspace(1.2, 6.0, MEL_BANDS)
        drawn = rng.gamma(freedom, 1.0 / freedom, (_RIPPLES, MEL_BANDS))
        self._ripples = np.log(drawn + 1e-3).astype(np.float32)

    def scene(self) -> Scene:
        """One more."""
        rng = self._rng
        said, said_voice, tone = self._request()
        parts: list[tuple[Rows, NDArray[np.bool_] | None]] = [
            (self._room(tone, int(rng.integers(5, 80))), None)
        ]
        if rng.random() < 0.5:
            wake = self._wakes[int(rng.integers(len(self._wakes)))]
            heard = voiced(wake)
            if heard.any():
                first, end = int(np.argmax(heard)), len(heard) - int(np.argmax(heard[::-1]))
                level = _loudness(said, said_voice) - _loudness(wake, heard) + rng.normal(0, 3) * _DB
                parts.append((wake[first:end] + level, heard[first:end]))
                parts.append((self._room(tone, int(rng.integers(3, 70))), None))
        parts.append((said, said_voice))
        parts.append((self._room(tone, SCENE_FRAMES), None))
        end_at = sum(len(rows) for rows, _ in parts[:-1])
        begin = max(0, end_at + _LEAST_AFTER_FRAMES - SCENE_FRAMES)  # of a long one the beginning is missing
        frames = np.concatenate([rows for rows, _ in parts])[begin : begin + SCENE_FRAMES]
        voice = np.concatenate([np.zeros(len(rows), np.bool_) if v is None else v for rows, v in parts])
        voice, end_at = voice[begin : begin + SCENE_FRAMES], end_at - begin
        frames = self._recorded(frames, voice)
        steps = np.arange(1, SCENE_FRAMES // STEP_FRAMES + 1) * STEP_FRAMES
        return Scene(frames, voice.reshape(-1, STEP_FRAMES).mean(1) >= 0.5, steps > end_at)

    def _request(self) -> tuple[Rows, NDArray[np.bool_], Rows]:
        """Speech from its first voiced frame to its last, with pauses; and the room's own sound (Q, 64)."""
        rng = self._rng
        while True:
            pool = self._pools[rng.choice(len(self._pools), p=self._shares)]
            clip = pool[int(rng.integers(len(pool)))]
            heard = voiced(clip)
            spans = runs(heard)
            if spans and spans[-1][1] - spans[0][0] >= 20:
                break
        energy = clip.sum(1)
        quietest = clip[np.argsort(energy)[: max(5, int(_QUIET_SHARE * len(clip)))]]
        starts = [first for first, _ in spans if spans[-1][1] - first <= _MOST_SPEECH_FRAMES]
        first = int(rng.choice(starts)) if starts and rng.random() < 0.3 else (starts or [spans[-1][0]])[0]
        end = spans[-1][1]
        clip, heard = clip[first:end][-_MOST_SPEECH_FRAMES:], heard[first:end][-_MOST_SPEECH_FRAMES:]
        tone = quietest if rng.random() < 0.8 else np.full((5, MEL_BANDS), LOG_FLOOR, np.float32)
        return *self._with_pauses(clip, heard, tone), tone

    def _with_pauses(
        self, clip: Rows, heard: NDArray[np.bool_], tone: Rows
    ) -> tuple[Rows, NDArray[np.bool_]]:
        """The speech with up to three silences between its sounds."""
        rng = self._rng
        wanted = int(rng.choice(4, p=(0.35, 0.35, 0.2, 0.1)))
        room = len(clip) - 40
        if not wanted or room < 20:
            return clip, heard
        energy = clip[:, 4:].mean(1)
        lowest = np.lib.stride_tricks.sliding_window_view(energy, _DIP_FRAMES).min(1)
        middle = energy[_DIP_FRAMES // 2 : -(_DIP_FRAMES // 2)]
        dips = np.flatnonzero((middle == lowest) & (middle < np.percentile(energy, 30))) + _DIP_FRAMES // 2
        dips = dips[(dips >= _EDGE_FRAMES) & (dips < len(clip) - _EDGE_FRAMES)]
        if not len(dips):
            return clip, heard
        cuts = sorted(int(at) for at in rng.choice(dips, size=min(wanted, len(dips)), replace=False))
        rows: list[Rows] = []
        flags: list[NDArray[np.bool_]] = []
        last = 0
        for at in cuts:
            silence = self._room(tone, int(np.clip(rng.gamma(2.0, 25.0), 10, 150)))
            rows += [clip[last:at], silence]
            flags += [heard[last:at], np.zeros(len(silence), np.bool_)]
            last = at
        return np.concatenate([*rows, clip[last:]]), np.concatenate([*flags, heard[last:]])

    def _room(self, tone: Rows, frames: int) -> Rows:
        """So many frames of steady noise with the mean spectrum of these rows."""
        mean = np.log(np.exp(tone).mean(0))
        return np.asarray(mean + self._ripple(frames), np.float32)

    def _ripple(self, frames: int) -> Rows:
        """How the bands of steady noise flicker: wide bands less than narrow ones, float32 (frames, 64)."""
        at = int(self._rng.integers(_RIPPLES - frames))
        return self._ripples[at : at + frames]

    def _recorded(self, frames: Rows, voice: NDArray[np.bool_]) -> Rows:
        """The same from another place: a tilt, noise below it, another level."""
        rng = self._rng
        bands = np.linspace(0, np.pi, MEL_BANDS)
        tilt = sum(rng.normal(0, 4.0 / order) * np.cos(order * bands) for order in (1, 2, 3)) * _DB
        frames = frames + np.asarray(tilt, np.float32)
        loud = _loudness(frames, voice)
        for noise, share, low_db, high_db in (
            (self._found_noise, 0.45, 3, 35),
            (self._steady_noise, 0.45, 3, 40),
            (self._babble, 0.12, 8, 30),
        ):
            if rng.random() < share:
                under = noise(len(frames))
                level = np.log(np.exp(under).sum(1).mean() + 1e-12)
                frames = np.logaddexp(frames, under + (loud - level - rng.uniform(low_db, high_db) * _DB))
        frames = frames + np.float32(rng.uniform(-22.0, 12.0) * _DB)
        return np.logaddexp(frames, np.float32(LOG_FLOOR)).astype(np.float32)

    def _found_noise(self, frames: int) -> Rows:
        at = int(self._rng.integers(len(self._noise) - frames))
        return self._noise[at : at + frames].astype(np.float32)

    def _steady_noise(self, frames: int) -> Rows:
        rng = self._rng
        bands = np.linspace(0, np.pi, MEL_BANDS)
        shape = sum(rng.normal(0, 8.0 / order) * np.cos(order * bands) for order in (1, 2, 3, 4)) * _DB
        return np.asarray(shape + self._ripple(frames), np.float32)

    def _babble(self, frames: int) -> Rows:
        """People far away, who go on talking."""
        rng, pool = self._rng, self._pools[0]
        power = np.full((frames, MEL_BANDS), 1e-7, np.float32)
        for _ in range(int(rng.integers(1, 5))):
            clip = pool[int(rng.integers(len(pool)))]
            power += np.exp(np.resize(clip, (frames, MEL_BANDS)))
        return np.log(power)


def _loudness(frames: Rows, voice: NDArray[np.bool_]) -> float:
    """Natural log of the energy of the speech's loud parts."""
    energy = np.log(np.exp(frames).sum(1))
    return float(np.percentile(energy[voice] if voice.any() else energy, 80))
