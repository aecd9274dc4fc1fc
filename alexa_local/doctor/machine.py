"""What is found out about the computer: room, memory, real-time priority, and time for the models."""

from __future__ import annotations

import os
import re
import resource
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from alexa_local.config import Config
from alexa_local.daemon.calling import hearer
from alexa_local.daemon.paths import open_used
from alexa_local.doctor.findings import Finding, State, failure
from alexa_local.errors import AlexaLocalError
from alexa_local.frontend import LogMel
from alexa_local.messages import MEL_BANDS, SAMPLE_RATE
from alexa_local.models import Model
from alexa_local.recognise import Options, Recogniser
from alexa_local.sound.realtime import PRIORITY, REMEDY
from alexa_local.sound.rtkit import ask_for_priority
from alexa_local.store.upkeep import LITTLE_MIB, MAKE_ROOM, TOO_LITTLE_MIB, free_mib
from alexa_local.wake import Hearer

_BLOCK_FRAMES = 4
_PROC = Path("/proc")
_REALTIME = "real-time priority"
_OF_THE_UNIT = "Set `LimitRTPRIO=10` in the service's unit: `systemctl edit alexa-local`."


def check_disk(folder: Path) -> Finding:
    """Whether timers, lists and contacts can still be written."""
    free = free_mib(folder)
    state: State = "fail" if free < TOO_LITTLE_MIB else "warn" if free < LITTLE_MIB else "ok"
    remedy = "" if state == "ok" else MAKE_ROOM
    return Finding("disk", state, f"{free:.0f} MiB free for {folder}", remedy, {"free_mib": round(free)})


def check_memory(proc: Path = _PROC) -> Finding:
    """Whether there is memory for the models and the search."""
    text = (proc / "meminfo").read_text()
    found = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    if not found:
        return Finding("memory", "warn", "the kernel does not tell how much is free", "Look at `free -m`.")
    free_mib = int(found[1]) / 1024
    state: State = "fail" if free_mib < 100 else "warn" if free_mib < 250 else "ok"
    remedy = (
        "" if state == "ok" else "End programs that use much of it: `ps aux --sort -rss | head` names them."
    )
    return Finding("memory", state, f"{free_mib:.0f} MiB free", remedy, {"free_mib": round(free_mib)})


def check_realtime(status: Mapping[str, Any] | None = None, proc: Path = _PROC) -> Finding:
    """Whether sound goes before other work: what the daemon's threads have, else what they would be given.

    Args:
        status: what the running daemon says of itself; None or empty where nobody says anything.
        proc: where processes are looked at.
    """
    status = status or {}
    if threads := status.get("realtime"):
        return _as_they_are(threads)
    if process := status.get("process"):
        granted = _granted_to(process, proc)
        if granted is None:
            fact = f"the limits of process {process} cannot be read"
            return Finding(_REALTIME, "warn", fact, "Run this as root or as the daemon's user.")
        whose, remedy = "the daemon", _OF_THE_UNIT
    else:
        granted = _granted_to_us()
        whose, remedy = "this user", REMEDY
    figures = {"rtprio": granted}
    if granted:
        return Finding(_REALTIME, "ok", f"{whose} may use priorities up to {granted}", "", figures)
    return Finding(_REALTIME, "warn", f"{whose} may use none", remedy, figures)


def _as_they_are(threads: Mapping[str, str]) -> Finding:
    told = ", ".join(f"{name} {priority}" for name, priority in threads.items())
    if "normal" not in threads.values():
        return Finding(_REALTIME, "ok", f"sound goes before other work ({told})")
    fact = f"sound waits for its turn like all other work ({told}), and may stutter while the board is busy"
    return Finding(_REALTIME, "warn", fact, f"{_OF_THE_UNIT} {REMEDY}")


def _granted_to(process: int, proc: Path) -> int | None:
    try:
        text = (proc / str(process) / "limits").read_text()
    except OSError:
        return None
    found = re.search(r"^Max realtime priority\s+(\S+)", text, re.MULTILINE)
    if not found:
        return None
    return 99 if found[1] == "unlimited" else int(found[1])


def _granted_to_us() -> int:
    """The highest priority that this process gets, or RTKit's for it, tried in a thread that ends at once."""
    limit = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
    wanted = [99] if limit == resource.RLIM_INFINITY else [99, limit]  # root may without a limit
    granted = 0

    def attempt() -> None:
        nonlocal granted
        for priority in wanted:
            try:
                os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))  # this thread alone
            except (OSError, ValueError):
                continue
            granted = priority
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
            return
        if ask_for_priority(threading.get_native_id(), PRIORITY):
            granted = PRIORITY

    thread = threading.Thread(target=attempt, name="doctor-realtime")
    thread.start()
    thread.join()
    return granted


def check_models(config: Config) -> list[Finding]:
    """Whether every file of the models is what its manifest says."""
    return [_whole(name, config) for name in config.models]


def _whole(name: str, config: Config) -> Finding:
    try:
        model = open_used(name, config.daemon)
    except AlexaLocalError as error:
        return failure(f"model {name}", error)
    return Finding(f"model {name}", "ok", f"{len(model.info['files'])} files are as they were made")


def check_speed(config: Config, seconds: float = 2.0) -> list[Finding]:
    """How much of one core hearing the wake word and recognising take; nothing where a model is broken."""
    try:
        opened = {name: open_used(name, config.daemon) for name in config.models}
        recogniser = _recogniser(opened[config.recogniser.model], config)
        wake = hearer(config, opened, recogniser.networks)
    except AlexaLocalError:
        return []  # told by `check_models`
    return [_wake_speed(wake, seconds), _recognition_speed(recogniser, seconds)]


def _recogniser(model: Model, config: Config) -> Recogniser:
    options = Options(config.recogniser.beam, config.recogniser.n_best)
    return Recogniser(model, options, config.recogniser.threads)


def _wake_speed(wake: Hearer, seconds: float) -> Finding:
    """Features and wake word, which run all day."""
    noise = np.random.default_rng(1).integers(-300, 300, round(seconds * SAMPLE_RATE)).astype(np.int16)
    features = LogMel()
    wake.push(features.push(noise[: SAMPLE_RATE // 4]))  # the first calls also make room
    began_s = time.process_time()
    for start in range(0, len(noise), 640):
        wake.push(features.push(noise[start : start + 640]))
    share = (time.process_time() - began_s) / seconds
    return _speed("wake word cost", "waiting for it", share, (0.25, 0.7))


def _recognition_speed(recogniser: Recogniser, seconds: float) -> Finding:
    """The recogniser, which runs while somebody speaks, on frames as loud as speech, at its hardest."""
    recogniser.networks.encoder.prefer("large")
    frames = np.random.default_rng(2).normal(0.0, 3.0, (round(seconds * 100), MEL_BANDS)).astype(np.float32)
    stream = recogniser.stream()
    stream.push(frames[:40])
    began_s = time.process_time()
    for start in range(0, len(frames), _BLOCK_FRAMES):
        stream.push(frames[start : start + _BLOCK_FRAMES])
    share = (time.process_time() - began_s) / seconds
    return _speed("recogniser cost", "recognising", share, (0.6, 1.0))


def _speed(name: str, what: str, share: float, limits: tuple[float, float]) -> Finding:
    state: State = "ok" if share < limits[0] else "warn" if share < limits[1] else "fail"
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    fact = f"{what} takes {100 * share:.1f} % of one core ({cores} cores, {load:.1f} programs want one)"
    remedy = "" if state == "ok" else "End other programs, or lower `recogniser.beam` in the configuration."
    return Finding(name, state, fact, remedy, {"core_percent": round(100 * share, 2)})
