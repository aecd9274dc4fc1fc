"""Takes a share of one core away from everybody, at a real-time priority: what is left is a slow core.

    python -m scripts.benchmarks.thief CORE SHARE SECONDS

A quota of a control group lets work run at full speed and then stops it for long; slices of a millisecond
leave every priority its meaning. It needs the right to real-time priorities (root, or CAP_SYS_NICE).
"""

from __future__ import annotations

import os
import sys
import time

_SLICE_S = 1e-3
_PRIORITY = 50
_CATCH_UP_SLICES = 20


def steal(core: int, share: float, seconds: float) -> None:
    """Spin for `share` of every millisecond."""
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    now = time.perf_counter
    slice_s = now()
    end_s = slice_s + seconds
    while slice_s < end_s:
        busy_until_s = slice_s + share * _SLICE_S
        while now() < busy_until_s:
            pass
        slice_s += _SLICE_S
        left_s = slice_s - now()
        if left_s > 0:
            time.sleep(left_s)
        elif left_s < -_CATCH_UP_SLICES * _SLICE_S:
            slice_s = now()  # never take more than the share to catch up


if __name__ == "__main__":
    steal(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
