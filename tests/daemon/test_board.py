"""How the board is."""

import threading
from pathlib import Path

import pytest

from alexa_local.daemon import board


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_the_hottest_zone_and_the_clock_are_told(tmp_path: Path) -> None:
    write(tmp_path, "sys/class/thermal/thermal_zone0/temp", "51234\n")
    write(tmp_path, "sys/class/thermal/thermal_zone1/temp", "48000\n")
    write(tmp_path, "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "600000\n")
    write(tmp_path, "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "1500000\n")
    found = board.report(tmp_path)
    assert found == {"resident_mb": 0.0, "temperature_c": 51.2, "clock_mhz": 600, "clock_most_mhz": 1500}


def test_what_the_board_does_not_tell_is_missing(tmp_path: Path) -> None:
    write(tmp_path, "sys/class/thermal/thermal_zone0/temp", "no reading\n")
    assert board.report(tmp_path) == {"resident_mb": 0.0}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc")
def test_a_thread_that_works_is_seen_by_its_name() -> None:
    clock_s = [0.0]
    threads = board.Threads(clock=lambda: clock_s[0])
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            sum(range(10_000))

    worker = threading.Thread(target=work, name="worker")
    worker.start()
    try:
        while threads.shares_pct().get("worker", 0.0) == 0.0:
            clock_s[0] += 1.0
    finally:
        stop.set()
        worker.join()
    assert board.resident_mb() > 1.0
