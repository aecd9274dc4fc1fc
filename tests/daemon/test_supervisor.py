"""Threads that die, that end too early, that do not stop, and signals: in processes of their own."""

import signal
import subprocess
import sys
import threading

import pytest

from alexa_local.daemon.supervisor import Supervisor

SCRIPT = """
import logging, sys
from alexa_local.daemon.supervisor import Supervisor
logging.basicConfig()
supervisor = Supervisor(join_s=0.2)
supervisor.handle_signals()
{spawn}
print("ready", flush=True)
print(supervisor.wait(0.05, lambda: None), flush=True)
print(supervisor.stop(), flush=True)
supervisor.close()
sys.exit(70 if supervisor.died else 0)
"""
SLEEPER = 'supervisor.spawn("sleeper", lambda: supervisor.stopping.wait(60))'


def run(spawn: str, send: signal.Signals | None = None) -> tuple[int, str, str]:
    command = [sys.executable, "-c", SCRIPT.format(spawn=spawn)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline() == "ready\n"
        if send:
            process.send_signal(send)
        out, err = process.stdout.read(), process.stderr.read()
        return process.wait(60), out, err


@pytest.mark.parametrize(
    ("target", "told"),
    [("lambda: 1 / 0", "ZeroDivisionError"), ("lambda: None", "returned although"), ("sys.exit", "died")],
)
def test_a_thread_that_ends_too_early_ends_the_process_with_code_70(target, told):
    code, out, err = run(f'{SLEEPER}\nsupervisor.spawn("frail", {target})')
    assert code == 70
    assert "thread frail ended" in out
    assert told in err and "frail" in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_cleanly(number):
    assert run(SLEEPER, number) == (0, f"{number.name}\nTrue\n", "")


def test_a_thread_that_does_not_stop_is_named_and_left_behind():
    stuck = 'import threading\nsupervisor.spawn("deaf", threading.Event().wait)'
    code, out, err = run(f"{SLEEPER}\n{stuck}", signal.SIGTERM)
    assert (code, out) == (0, "SIGTERM\nFalse\n")
    assert "Thread deaf did not stop within 0.2 s" in err


def test_stopping_is_the_reverse_of_starting():
    order = []
    supervisor = Supervisor()
    for name in ("first", "second", "third"):
        end = threading.Event()

        def stop(name=name, end=end):
            order.append(name)
            end.set()

        supervisor.spawn(name, end.wait, stop)
    supervisor.request_stop("test")
    assert supervisor.wait(1.0, lambda: None) == "test"
    assert supervisor.stop()
    assert order == ["third", "second", "first"]
    assert supervisor.died == ""
    supervisor.close()
