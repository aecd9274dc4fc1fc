"""Which threads are raised, how, and what is said where that is refused."""

import json
import logging
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from alexa_local.sound import PortAudio, Realtime, StreamShape
from alexa_local.sound.realtime import PRIORITY, priority_of, take_priority
from alexa_local.sound.rtkit import ask_for_priority
from alexa_local.testing.portaudio import FakeDevice, FakePyAudio

ROOT = Path(__file__).resolve().parents[2]


def at_once(name, target):
    target()


def in_thread(work):
    """What a function gives in a thread of its own, whose priority ends with it."""
    given = []
    thread = threading.Thread(target=lambda: given.append(work()))
    thread.start()
    thread.join(10)
    return given[0]


def refuse(thread, priority):
    return False


def test_the_thread_that_calls_back_is_raised_once_for_each_stream():
    raised = []

    def by_right(thread, priority):
        raised.append((thread == threading.get_native_id(), priority))
        return True

    library = FakePyAudio(FakeDevice("usb", inputs=1, outputs=2))
    portaudio = PortAudio(library, cards=lambda: "", realtime=Realtime(by_right))
    for direction in ("input", "output"):
        portaudio.open(direction, None, lambda _: [StreamShape(48_000, 1)], 0.04, lambda *_: (b"", 0))
    microphone, loudspeaker = library.streams
    assert raised == []
    for _ in range(3):
        microphone.feed(b"\0\0")
        assert loudspeaker.pull(1) == b""
    assert raised == [(True, PRIORITY)] * 2
    assert portaudio.priorities() == {"microphone": "normal", "loudspeaker": "normal"}


def test_without_being_asked_for_nothing_is_raised():
    library = FakePyAudio(FakeDevice("usb", inputs=1))
    portaudio = PortAudio(library, cards=lambda: "")
    portaudio.open("input", None, lambda _: [StreamShape(48_000, 1)], 0.04, lambda *_: (None, 0))
    library.streams[0].feed(b"\0\0")
    assert portaudio.priorities() == {}


def test_rtkit_is_asked_where_there_is_no_right_and_by_another_thread():
    asked, spawned = [], []
    realtime = Realtime(refuse, lambda *what: not asked.append(what), lambda *what: spawned.append(what))
    realtime.raise_this_thread("loudspeaker")
    assert asked == [] and [name for name, _ in spawned] == ["rtkit"]
    spawned[0][1]()
    assert asked == [(threading.get_native_id(), PRIORITY)]


def test_a_refusal_is_told_once_with_what_to_do(caplog):
    realtime = Realtime(refuse, refuse, at_once)
    with caplog.at_level(logging.WARNING):
        realtime.raise_this_thread("microphone")
        realtime.raise_this_thread("loudspeaker")
    (record,) = caplog.records
    assert "may stutter" in record.message and "limits.d" in record.message


def test_of_a_thread_that_ended_there_is_nothing_to_tell():
    ended = subprocess.Popen(["true"])
    ended.wait(10)
    assert priority_of(ended.pid) == ""


def test_the_kernel_raises_a_thread_and_what_it_starts_is_as_before():
    def attempt():
        if not take_priority(threading.get_native_id(), PRIORITY):
            return None
        return priority_of(threading.get_native_id()), in_thread(lambda: priority_of(0))

    had = in_thread(attempt)
    if had is None:
        pytest.skip("no right to real-time priority here")
    assert had == (f"rr {PRIORITY}", "normal")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try what others may not")
def test_whoever_may_not_gets_a_warning_and_goes_on(tmp_path):
    program = (
        "import logging, os, threading\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "import resource; resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))\n"
        "logging.basicConfig(format='%(levelname)s %(message)s')\n"
        "realtime = Realtime(spawn=lambda name, target: target())\n"
        "realtime.raise_this_thread('microphone')\n"
        "print(realtime.report())\n"
    )
    command = [sys.executable, "-c", "from alexa_local.sound import Realtime\n" + program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "{'microphone': 'normal'}\n"
    assert done.stderr.startswith("WARNING Sound has no real-time priority")


class Bus:
    """RTKit on a bus, or what is left of it."""

    def __init__(self, most_priority=20, most_us=200_000, refuses=False):
        self.properties = {"MaxRealtimePriority": most_priority, "RTTimeUSecMax": most_us}
        self.calls = []
        self._refuses = refuses

    def __call__(self, words):
        if words[0] == "get-property":
            return json.dumps({"type": "x", "data": self.properties[words[-1]]})
        self.calls.append(list(words[4:]))
        if self._refuses:
            raise subprocess.CalledProcessError(1, "busctl")
        return ""


@pytest.fixture
def limits(monkeypatch):
    """Limits as RTKit's client sets them; not the test's own, which only root could widen again."""
    had = {resource.RLIMIT_RTTIME: (resource.RLIM_INFINITY, resource.RLIM_INFINITY)}
    monkeypatch.setattr(resource, "getrlimit", had.__getitem__)
    monkeypatch.setattr(resource, "setrlimit", had.__setitem__)
    return had


def test_rtkit_gets_the_thread_s_number_once_the_time_is_limited(limits):
    bus = Bus()
    assert ask_for_priority(77, PRIORITY, bus)
    assert bus.calls == [["MakeThreadRealtimeWithPID", "ttu", str(os.getpid()), "77", str(PRIORITY)]]
    assert limits[resource.RLIMIT_RTTIME] == (200_000, 200_000)


def test_no_more_is_asked_of_rtkit_than_it_gives(limits):
    bus = Bus(most_priority=3)
    assert ask_for_priority(77, PRIORITY, bus)
    assert bus.calls[0][-1] == "3"


def test_a_narrower_limit_of_time_stays(limits):
    limits[resource.RLIMIT_RTTIME] = (50_000, 100_000)
    assert ask_for_priority(77, PRIORITY, Bus())
    assert limits[resource.RLIMIT_RTTIME] == (50_000, 100_000)


@pytest.mark.parametrize("bus", [Bus(refuses=True), Bus(most_us="soon"), lambda words: "not JSON"])
def test_whatever_rtkit_answers_else_is_a_refusal(bus, limits):
    assert not ask_for_priority(77, PRIORITY, bus)


def test_where_there_is_no_bus_nothing_is_given():
    assert not ask_for_priority(
        77, PRIORITY, lambda words: (_ for _ in ()).throw(FileNotFoundError("busctl"))
    )
