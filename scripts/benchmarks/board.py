"""The standing test in real time: music, and commands spoken over it, on a core as slow as a small board's.

    scripts/bench board --seconds 600 --json

A private PulseAudio has a room, where the commands are spoken, and a loudspeaker that the room hears.
The daemon has one core, of which a thief at a real-time priority takes most. The sound server, which does
the work of a room and of cables besides its own, has another one, with all that measures: a board of this
kind has four. The same is done without the scheduler, and with a load that must break it: a test that cannot
fail says nothing.

The last line is one JSON object. `wake_to_action_ms_p95` is from the end of a command's last word to what was
done about it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import wave
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from alexa_local.capture import BLOCK_SAMPLES
from alexa_local.daemon.client import ask
from alexa_local.errors import AlexaLocalError, DaemonUnreachable, DeviceError
from alexa_local.messages import SAMPLE_RATE
from alexa_local.testing.virtual_sound import VirtualSound
from scripts.benchmarks.board_report import latency_plot, parts_plot, table
from scripts.benchmarks.continuity import examine
from scripts.demo.scene import Spoken, speak

COMMANDS = (
    Spoken("what time is it", "GetTime"),
    Spoken("set a timer for ten minutes", "SetTimer"),
    Spoken("turn on the kitchen light", "TurnOn"),
    Spoken("turn off the kitchen light", "TurnOff"),
    Spoken("add milk to the shopping list", "AddToList"),
)
EVERY_S = 15.0
IDLE_S = 20.0
CORE_SHARE, OVERLOAD_SHARE = 0.15, 0.015
_MUSIC_HZ = 44_100
_START_S = 120.0
_AFTER_COMMAND_S = 9.0
_CARD_MS = 80
"""The virtual sound card works in pieces of half of this, about as real ones do for such a program."""

_LATENCY_S = 0.1
_BLOCKS_UNDER_WAY = 2
_SPEECH_PEAK = 14_000.0


@dataclass(frozen=True)
class Outcome:
    """What came of one run.

    Attributes:
        seconds: how long it was.
        core_share: what was left of the core.
        discontinuities: places where the music jumped, by whatever number of samples.
        silent_s: seconds in which it should have been heard and was not.
        lost_microphone_blocks: blocks of 80 ms that the daemon did not get of the time that passed.
        commands: how many were spoken.
        succeeded: how many of them were done, and rightly.
        wake_to_action_ms_p95: see the module.
        idle_core_pct: percent of a whole core that the daemon used while it played music and waited.
        rss_mb: the daemon's peak of resident memory, MB (10^6 bytes).
        part_shares_pct: percent of a whole core by part, from the daemon's own count.
        latencies_ms: of each command that was done.
    """

    seconds: float
    core_share: float
    discontinuities: int
    silent_s: float
    lost_microphone_blocks: int
    commands: int
    succeeded: int
    wake_to_action_ms_p95: float | None
    idle_core_pct: float
    rss_mb: float
    part_shares_pct: dict[str, float]
    latencies_ms: list[float]


def make_music(seconds: float, seed: int = 2) -> NDArray[np.int16]:
    """Chords over soft drums, int16 (N, 2), 44.1 kHz; no two places are alike, so that each can be found."""
    rng = np.random.default_rng(seed)
    count = int(seconds * _MUSIC_HZ)
    sound = rng.normal(0.0, 120.0, count)
    beat = int(0.4 * _MUSIC_HZ)
    times_s = np.arange(beat) / _MUSIC_HZ
    for first in range(0, count - beat, beat):
        root = 110.0 * 2 ** (rng.integers(0, 12) / 12)
        tones = sum(
            np.sin(2 * np.pi * root * ratio * times_s + rng.uniform(0, 6)) for ratio in (1, 1.5, 2.5, 4)
        )
        drum = rng.normal(0.0, 1.0, beat) * np.exp(-times_s * 30)
        sound[first : first + beat] += 1200 * tones * np.exp(-times_s * 2) + 3000 * drum
    return np.repeat(np.clip(sound, -32000, 32000).astype(np.int16)[:, None], 2, axis=1)


def write_wav(path: Path, samples: NDArray[np.int16]) -> None:
    """Stereo, 44.1 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(_MUSIC_HZ)
        file.writeframes(samples.tobytes())


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started meanwhile runs on this core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Events:
    """The daemon's events, as `alexa-local events` prints them."""

    def __init__(self, config: Path) -> None:
        command = [sys.executable, "-m", "alexa_local.cli", "events", "--config", str(config)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._seen: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def since(self, time_s: float, name: str) -> list[dict[str, Any]]:
        """Those of that name since a moment, in seconds since the epoch."""
        return [one for one in list(self._seen) if one["event"] == name and one["time_s"] >= time_s]

    def close(self) -> None:
        """Listen no more."""
        self._process.terminate()
        self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._seen.append(json.loads(line))


class Board:
    """A daemon with music, a room and a slow core."""

    def __init__(self, stack: ExitStack, folder: Path, core: int, music: Path, scheduler: bool) -> None:
        self.core = core
        self.socket = folder / "control.sock"
        self.sound = stack.enter_context(VirtualSound(_CARD_MS))
        self.sound.let_the_room_hear_the_loudspeaker()
        config = folder / "config.yaml"
        config.write_text(yaml.safe_dump(_configuration(folder, self.socket, music, scheduler)))
        log = stack.enter_context((folder / "log").open("w"))
        command = [sys.executable, "-m", "alexa_local.cli", "run", "--quiet", "--config", str(config)]
        environment = os.environ | self.sound.environment | {"OMP_NUM_THREADS": "1"}
        with on_core(core):
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        stack.callback(self._end)
        self._await_ready(folder / "log")
        self.events = Events(config)
        stack.callback(self.events.close)

    def say(self, sound: NDArray[np.int16]) -> float:
        """Speak into the room, int16 (N,), 16 kHz; returns when the last word ends, epoch seconds."""
        command = ["pacat", "--raw", "-d", "room", "--rate=16000", "--channels=1", "--format=s16le"]
        began_s = time.time()
        subprocess.run(
            [*command, f"--latency-msec={round(1000 * _LATENCY_S)}"],
            input=sound.tobytes(),
            env=os.environ | self.sound.environment,
            check=True,
        )
        return began_s + _LATENCY_S + len(sound) / 16_000

    def used_s(self) -> float:
        """Processor time of the daemon so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mb(self) -> float:
        """Peak of resident memory, MB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        kilobytes = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
        return round(int(kilobytes) * 1024 / 1e6, 1)

    def status(self) -> dict[str, Any]:
        """What it says of itself."""
        return ask(self.socket, "status", timeout_s=_START_S)

    def _await_ready(self, log: Path) -> None:
        deadline_s = time.monotonic() + _START_S
        while time.monotonic() < deadline_s and self.process.poll() is None:
            try:
                self.status()
                return
            except DaemonUnreachable:
                time.sleep(0.2)
        raise DeviceError(f"The daemon does not start: {log.read_text()[-500:]}")

    def _end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _configuration(folder: Path, socket: Path, music: Path, scheduler: bool) -> dict[str, Any]:
    light = {"name": "kitchen light", "kind": "light", "room": "kitchen", "run": ["true", "{state}"]}
    return {
        "daemon": {"socket": str(socket), "state_dir": str(folder / "state")},
        "audio": {"input_device": "mic", "output_device": "music"},
        "music": {"folders": [str(music)], "volume": 70},
        "home": {"devices": [light]},
        "scheduler": {"enabled": scheduler},
    }


def run(seconds: float, core_share: float, scheduler: bool, seed: int = 1) -> Outcome:
    """Play, speak, and look at what came of it."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise DeviceError("This takes two cores: one to be slow, and one to measure with.")
    slow, quick = cores[-1], cores[0]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="alexa-board-")))
        music = folder / "music"
        music.mkdir()
        reference = make_music(seconds + IDLE_S + 60)
        write_wav(music / "long.wav", reference)
        os.sched_setaffinity(0, {quick})
        stack.callback(os.sched_setaffinity, 0, set(cores))
        board = Board(stack, folder, slow, music, scheduler)
        raw = folder / "heard.raw"
        board.sound.record_loudspeaker(raw)
        ask(board.socket, "say", text="play music", timeout_s=_START_S)
        time.sleep(2.0)
        idle_pct = _idle_pct(board)
        blocks = board.status()["microphone_blocks"], time.monotonic()
        thief = stack.enter_context(_thief(slow, 1.0 - core_share, seconds + 60))
        latencies_ms, spoken = _speak_all(board, seconds, seed)
        status = board.status()
        passed_s = time.monotonic() - blocks[1]
        lost = round(passed_s * SAMPLE_RATE / BLOCK_SAMPLES) - (status["microphone_blocks"] - blocks[0])
        thief.terminate()
        heard = np.fromfile(raw, np.int16).reshape(-1, 2)[:, 0].astype(np.float32)
        found = examine(heard, reference[:, 0].astype(np.float32), _MUSIC_HZ)
        return Outcome(
            *(round(seconds, 1), core_share, found.discontinuities, round(found.silent_s, 2)),
            lost_microphone_blocks=max(0, lost - _BLOCKS_UNDER_WAY) + status["dropped"]["sound"],
            commands=spoken,
            succeeded=len(latencies_ms),
            wake_to_action_ms_p95=round(float(np.percentile(latencies_ms, 95)), 1) if latencies_ms else None,
            idle_core_pct=idle_pct,
            rss_mb=board.peak_mb(),
            part_shares_pct=status.get("part_shares_pct", {}),
            latencies_ms=[round(one, 1) for one in latencies_ms],
        )


@contextlib.contextmanager
def _thief(core: int, share: float, seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    module = [sys.executable, "-m", "scripts.benchmarks.thief", str(core), str(share), str(seconds)]
    process = subprocess.Popen(module)
    time.sleep(1.0)
    if process.poll() is not None:
        raise DeviceError("The thief needs the right to real-time priorities. Run this as root.")
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _idle_pct(board: Board) -> float:
    """Percent of the whole core, before the thief comes."""
    before_s = board.used_s()
    time.sleep(IDLE_S)
    return round(100 * (board.used_s() - before_s) / IDLE_S, 2)


def _speak_all(board: Board, seconds: float, seed: int) -> tuple[list[float], int]:
    """Speak a command every 15 s; the latencies in ms of those that were done, and how many were spoken."""
    rng = np.random.default_rng(seed)
    latencies_ms: list[float] = []
    end_s = time.monotonic() + seconds
    spoken = 0
    while time.monotonic() + EVERY_S <= end_s + 1.0:
        next_s = time.monotonic() + EVERY_S
        command = COMMANDS[spoken % len(COMMANDS)]
        sound = speak(f"Alexa, {command.words}.", ("slt", "rms", "awb")[spoken % 3]).astype(np.float64)
        sound = sound[: np.flatnonzero(np.abs(sound) > 300)[-1] + 1] * (_SPEECH_PEAK / np.abs(sound).max())
        began_s = time.time()
        ended_s = board.say((sound + rng.normal(0.0, 8.0, len(sound))).astype(np.int16))
        spoken += 1
        done_s = _done_s(board, began_s, command.intent)
        if done_s is not None:
            latencies_ms.append(1000 * (done_s - ended_s))
        print(
            f"{command.words}: {'not done' if done_s is None else f'{latencies_ms[-1]:.0f} ms'}",
            file=sys.stderr,
        )
        time.sleep(max(0.0, next_s - time.monotonic()))
    return latencies_ms, spoken


def _done_s(board: Board, began_s: float, intent: str) -> float | None:
    """When it was done, seconds since the epoch; None when it was not, or something else was."""
    deadline_s = time.monotonic() + _AFTER_COMMAND_S
    while time.monotonic() < deadline_s:
        actions = board.events.since(began_s, "action")
        if actions:
            meant = [one["intent"] for one in board.events.since(began_s, "intent")]
            return actions[0]["time_s"] if meant[:1] == [intent] and actions[0]["done"] else None
        time.sleep(0.05)
    return None


def main(argv: Sequence[str] | None = None) -> int:
    """Run it three times, and print what came of it."""
    parser = argparse.ArgumentParser(prog="scripts/bench board", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="of each run (600)")
    parser.add_argument(
        "--core-share", type=float, default=CORE_SHARE, help="what is left of the core (0.15)"
    )
    parser.add_argument("--json", action="store_true", help="only the last line")
    parser.add_argument(
        "--plots", type=Path, metavar="FOLDER", help="write the table and two plots (SVG) there"
    )
    args = parser.parse_args(argv)
    try:
        found = {
            "scheduler": run(args.seconds, args.core_share, True),
            "plain_threads": run(args.seconds, args.core_share, False),
            "overload": run(min(args.seconds, 60.0), OVERLOAD_SHARE, True),
        }
    except AlexaLocalError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    told = {name: asdict(outcome) for name, outcome in found.items()}
    if not args.json:
        print(table(told))
    if args.plots:
        args.plots.mkdir(parents=True, exist_ok=True)
        (args.plots / "board.md").write_text(table(told))
        (args.plots / "latency.svg").write_text(latency_plot(told))
        (args.plots / "parts.svg").write_text(parts_plot(told["scheduler"]["part_shares_pct"]))
    print(json.dumps({**told.pop("scheduler"), **told}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
