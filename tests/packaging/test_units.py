"""The units: as closed as we say, and nothing in them that systemd does not know."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from alexa_local.sound.realtime import PRIORITY
from alexa_local.speaker.sealing import CREDENTIAL

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "systemd").glob("*.*"))
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing"
)


def analyze(*words):
    done = subprocess.run(["systemd-analyze", *map(str, words)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


@needs_systemd
@pytest.mark.parametrize(
    "unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda one: one.name
)
def test_a_service_is_exposed_by_no_more_than_2_of_10(unit):
    code, said = analyze("security", "--offline=true", "--threshold=20", "--no-pager", unit)
    if "Unknown" in said or "unrecognized option" in said:
        pytest.skip("this systemd-analyze cannot look at a file")
    assert code == 0, said


@needs_systemd
def test_systemd_knows_every_setting(tmp_path):
    for unit in UNITS:
        text = unit.read_text()
        (tmp_path / unit.name).write_text(re.sub(r"(?m)^ExecStart=.*", "ExecStart=/bin/true", text))
    _, said = analyze("verify", "--man=no", *(tmp_path / unit.name for unit in UNITS))
    assert not [line for line in said.splitlines() if "alexa-local" in line], said


def test_the_service_has_no_device_but_sound_and_no_network_of_its_own():
    unit = (ROOT / "systemd/alexa-local.service").read_text().splitlines()
    assert [line for line in unit if line.startswith("DeviceAllow=")] == ["DeviceAllow=char-alsa rw"]
    assert "DevicePolicy=closed" in unit
    assert "IPAddressDeny=any" in unit
    assert not [line for line in unit if line.startswith("IPAddressAllow=")]
    assert not [line for line in unit if "network-online" in line]


def test_housekeeping_reaches_nothing_and_never_takes_the_daemons_socket_away():
    """A folder that two units share is removed when the first of them ends."""
    unit = (ROOT / "systemd/alexa-local-housekeeping.service").read_text().splitlines()
    assert "PrivateNetwork=yes" in unit and "PrivateDevices=yes" in unit
    unwanted = ("RuntimeDirectory=", "IPAddressAllow=", "WantedBy=")
    assert not [line for line in unit if line.startswith(unwanted)]


def test_housekeeping_comes_last_but_gets_its_turn():
    """As `idle`, with all processors busy, it held the database for so long that the daemon gave up."""
    unit = (ROOT / "systemd/alexa-local-housekeeping.service").read_text().splitlines()
    assert {"Nice=19", "CPUSchedulingPolicy=batch", "IOSchedulingPriority=7"} < set(unit)
    assert not [line for line in unit if line.endswith("=idle")]


def test_sound_may_go_first_and_the_assistant_has_more_of_a_busy_board_than_its_housekeeping():
    """Nice= orders only within a unit as soon as any unit beside it has a weight."""
    daemon, housekeeping = (
        dict(re.findall(r"(?m)^(\w+)=(.+)", (ROOT / f"systemd/alexa-local{name}.service").read_text()))
        for name in ("", "-housekeeping")
    )
    assert int(daemon["LimitRTPRIO"]) >= PRIORITY and daemon["RestrictRealtime"] == "no"
    for weight in ("CPUWeight", "IOWeight"):
        assert int(housekeeping[weight]) < 100 < int(daemon[weight])


@pytest.mark.parametrize("setting", ["User", "Group", "StateDirectory", "CacheDirectory", "UMask"])
def test_housekeeping_uses_the_daemons_files_as_the_daemon(setting):
    units = [(ROOT / f"systemd/alexa-local{name}.service").read_text() for name in ("", "-housekeeping")]
    daemon, housekeeping = (re.findall(rf"(?m)^{setting}=.+", unit) for unit in units)
    assert daemon == housekeeping != []


@needs_systemd
def test_the_timers_moment_is_one_and_the_package_starts_it():
    timer = (ROOT / "systemd/alexa-local-housekeeping.timer").read_text()
    (moment,) = re.findall(r"(?m)^OnCalendar=(.+)", timer)
    assert analyze("calendar", moment)[0] == 0
    assert "Persistent=true" in timer and "WantedBy=timers.target" in timer
    assert "alexa-local-housekeeping.timer" in (ROOT / "packaging/debian/rules").read_text()


def test_a_servers_worker_has_no_device_no_home_and_its_password_from_systemd():
    unit = (ROOT / "systemd/alexa-local-cloud@.service").read_text().splitlines()
    assert {"DynamicUser=yes", "PrivateDevices=yes", "ProtectHome=yes", "Type=notify"} <= set(unit)
    assert "LoadCredential=alexa-local-cloud.password" in unit
    assert not [line for line in unit if line.startswith("DeviceAllow=")]


@needs_systemd
@pytest.mark.parametrize(
    "example", sorted((ROOT / "packaging/examples").glob("*.conf")), ids=lambda one: one.name
)
def test_systemd_knows_every_setting_of_an_example(example, tmp_path):
    unit = tmp_path / "alexa-local.service"
    text = (ROOT / "systemd/alexa-local.service").read_text()
    unit.write_text(re.sub(r"(?m)^ExecStart=.*", "ExecStart=/bin/true", text) + example.read_text())
    _, said = analyze("verify", "--man=no", unit)
    assert not [line for line in said.splitlines() if "alexa-local.service:" in line], said


def test_the_key_of_the_voices_is_handed_over_by_the_name_that_is_looked_for():
    example = (ROOT / "packaging/examples/voices-key.conf").read_text()
    assert f"LoadCredentialEncrypted={CREDENTIAL}:" in example and f"--name={CREDENTIAL} " in example
