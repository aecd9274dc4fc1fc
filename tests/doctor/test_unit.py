"""The service steps aside for whoever needs its microphone, with a systemctl that only takes notes."""

import os
import signal

import pytest

from alexa_local.doctor import unit
from alexa_local.errors import DaemonUnreachable

SYSTEMCTL = """\
#!/bin/sh
echo "$*" >>"{folder}/calls"
case $1 in
show) echo 4711 ;;
start) exit "$(cat "{folder}/start-code")" ;;
esac
"""


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """The verbs that systemctl was called with; we are root."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/systemctl"
    program.write_text(SYSTEMCTL.format(folder=tmp_path))
    program.chmod(0o755)
    (tmp_path / "start-code").write_text("0")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return lambda: [line.split()[0] for line in (tmp_path / "calls").read_text().splitlines()]


def test_the_service_that_answers_is_set_aside_and_started_again(calls):
    found = unit.unit_of(4711)
    assert found
    with found.set_aside():
        assert calls() == ["show", "stop"]
    assert calls() == ["show", "stop", "start"]


def test_a_daemon_of_somebody_in_a_terminal_is_left_alone(calls):
    assert unit.unit_of(4712) is None and unit.unit_of(None) is None


def test_who_is_not_root_stops_nothing(calls, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert unit.unit_of(4711) is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_is_started_again_when_this_program_is_told_to_end(calls, number):
    before = signal.getsignal(number)
    with pytest.raises(SystemExit), unit.Unit().set_aside():
        os.kill(os.getpid(), number)
        signal.pause()
    assert calls() == ["stop", "start"] and signal.getsignal(number) is before


def test_a_fault_in_between_is_told_after_it_runs_again(calls):
    with pytest.raises(ZeroDivisionError), unit.Unit().set_aside():
        raise ZeroDivisionError
    assert calls() == ["stop", "start"]


def test_a_service_that_does_not_start_again_is_told(calls, tmp_path):
    (tmp_path / "start-code").write_text("1")
    with pytest.raises(DaemonUnreachable, match="did not start"), unit.Unit().set_aside():
        pass
