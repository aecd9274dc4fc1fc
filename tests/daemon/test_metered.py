from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from alexa_local.config import MqttSettings
from alexa_local.daemon import metered
from alexa_local.daemon.metered import ASK_EVERY_S, Metered, ask_network_manager


class Clock:
    """Goes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize(
    ("setting", "known", "on"),
    [
        ("auto", True, True),
        ("auto", False, False),
        ("auto", None, False),
        ("yes", False, True),
        ("no", True, False),
    ],
)
def test_the_setting_decides_and_auto_takes_the_unknown_for_no(setting, known, on) -> None:
    link = Metered(MqttSettings(metered=setting), lambda: known)
    assert link.on is on and link.holds is on
    assert Metered(MqttSettings(metered=setting, on_metered=True), lambda: known).holds is False


def test_an_answer_counts_for_a_minute() -> None:
    clock, answers = Clock(), [True, False]
    link = Metered(MqttSettings(), lambda: answers.pop(0), clock)
    assert link.on
    clock.now_s = ASK_EVERY_S - 1
    assert link.on
    clock.now_s = ASK_EVERY_S
    assert not link.on and not answers


def test_where_nothing_depends_on_it_nobody_is_asked() -> None:
    def ask() -> bool:
        raise AssertionError

    assert not Metered(MqttSettings(metered="no"), ask).on
    assert not Metered(MqttSettings(on_metered=True), ask).holds


BUSCTL = """#!/bin/sh
echo "$@" >"$(dirname "$0")/asked"
{}
"""


@pytest.mark.parametrize(
    ("script", "known"),
    [
        ("""echo '{"type":"u","data":1}'""", True),
        ("""echo '{"type":"u","data":3}'""", True),
        ("""echo '{"type":"u","data":2}'""", False),
        ("""echo '{"type":"u","data":4}'""", False),
        ("""echo '{"type":"u","data":0}'""", None),
        ("""echo '{"type":"u"}'""", None),
        ("echo '[]'", None),
        ("echo u 4", None),
        ("echo The name is not activatable >&2; exit 1", None),
    ],
)
def test_network_manager_is_asked_over_the_system_bus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, known: bool | None
) -> None:
    program = tmp_path / "busctl"
    program.write_text(BUSCTL.format(script), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert ask_network_manager() is known
    asked = (tmp_path / "asked").read_text()
    assert asked.startswith("--system --json=short get-property org.freedesktop.NetworkManager ")
    assert asked.endswith(" org.freedesktop.NetworkManager Metered\n")


def test_without_a_bus_or_an_answer_nobody_knows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ask_network_manager() is None

    def hangs(command: Sequence[str], **options: object) -> None:
        raise subprocess.TimeoutExpired(command, 1.0)

    monkeypatch.setattr(metered.subprocess, "run", hangs)
    assert ask_network_manager() is None
