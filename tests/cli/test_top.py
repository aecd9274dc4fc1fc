"""The live view of the board."""

from alexa_local.cli.top import lines

STATUS = {
    "state": "waiting",
    "uptime_s": 65.0,
    "board": {"resident_mb": 120.5, "temperature_c": 55.0, "clock_mhz": 600, "clock_most_mhz": 1000},
    "thread_shares_pct": {"listen": 12.5, "act": 0.0},
    "part_shares_pct": {"wake": 1.5, "recogniser": 9.0},
    "scheduler": {
        "given_up": ["background"],
        "waiting": {"realtime": 0, "interactive": 2, "background": 0},
        "refused": 0,
        "work": {"listen": {"turns": 1500, "late": 3, "worst_late_ms": 41.5}},
    },
    "queues": {"sound": {"waiting": 2, "size": 256}, "jobs": {"waiting": 0, "size": 16}},
    "dropped": {"microphone": 0, "sound": 4},
    "realtime": {"microphone": "rr 5"},
    "large_branch_pct": 41,
}


def test_all_that_is_known_is_shown_the_busiest_first() -> None:
    told = "\n".join(lines(STATUS))
    for part in ("120.5 MB", "55.0 °C", "600 of 1000 MHz", "sound 2/256", "sound 4", "interactive 2"):
        assert part in told
    assert told.index("recogniser") < told.index("wake")
    assert "act" not in told.split("part")[0].split("% of a core")[1]
    assert "41.5" in told
    assert "background work is paused" in told
    assert "large branch: 41 %" in told
    assert "real-time priority: microphone rr 5" in told


def test_a_daemon_that_tells_little_is_shown_all_the_same() -> None:
    told = lines({"state": "deaf", "uptime_s": 1.0, "queues": {}, "dropped": {}})
    assert told[-1].endswith("nothing")
