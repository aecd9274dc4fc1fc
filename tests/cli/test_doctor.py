"""The doctor as people call it: a line each, codes that scripts can use, and no sound without a device."""

import json
import subprocess
import tarfile

import pytest

from alexa_local.errors import ConfigError
from alexa_local.sound import portaudio
from alexa_local.testing.portaudio import FakePyAudio
from alexa_local.testing.virtual_sound import VirtualSound, missing


@pytest.fixture
def no_device(monkeypatch):
    """A machine without sound."""
    monkeypatch.setattr(portaudio, "import_pyaudio", lambda: FakePyAudio())


@pytest.fixture
def quick(monkeypatch):
    """Leaves the models out, which have tests of their own."""
    from alexa_local.doctor import machine

    monkeypatch.setattr(machine, "check_models", lambda _: [])
    monkeypatch.setattr(machine, "check_speed", lambda _: [])


def test_without_any_device_the_rest_is_examined_all_the_same(command, no_device, quick):
    code, out, err = command("doctor")
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert any(line.startswith("fail  microphone: No microphone found. Plug one in") for line in lines)
    assert any(line.startswith("ok    broker: none is configured") for line in lines)
    assert any("disk: " in line for line in lines) and "2 failed" in lines[-1]


def test_fixing_without_any_device_says_so_and_changes_nothing(command, folder, no_device, quick):
    before = (folder / "config.yaml").read_text()
    code, out, _ = command("doctor", "--fix")
    assert code == 1 and "fail  fix: no microphone gives sound" in out
    assert (folder / "config.yaml").read_text() == before


def test_for_programs_it_is_one_object(command, no_device, quick):
    code, out, _ = command("doctor", "--json")
    told = json.loads(out)
    assert code == 1 and told["ok"] is False
    assert {"name", "state", "fact", "remedy", "figures"} == told["findings"][0].keys()


def test_a_running_daemon_keeps_its_microphone(command, daemon, quick):
    code, out, _ = command("doctor", "--fix")
    assert code == 0, out
    assert "ok    daemon: running as process" in out
    assert "warn  microphone: open and heard; the running daemon holds it" in out
    assert "warn  fix: nothing was mended" in out


def test_a_service_that_may_be_stopped_makes_room_for_the_measuring(command, daemon, no_device, quick, unit):
    code, out, _ = command("doctor", "--fix")
    assert code == 1 and unit == ["stopped", "started"]
    assert "ok    daemon: running as process" in out and "holds it" not in out
    assert "fail  fix: no microphone gives sound" in out and "fail  microphone: No microphone found" in out


def test_a_wrong_configuration_is_one_finding_among_the_others(command, folder, no_device, quick):
    (folder / "config.yaml").write_text("wakes: {}\n")
    code, out, _ = command("doctor")
    assert code == 1 and "fail  configuration: 1 fault" in out and "did you mean `wake`?" in out
    assert "disk: " in out


def test_a_daemon_that_may_not_be_asked_is_not_called_deaf(command, no_device, quick, monkeypatch):
    from alexa_local import doctor
    from alexa_local.errors import DaemonUnreachable

    def refuse(_):
        raise DaemonUnreachable("You may not open the socket. Join the group that owns it.")

    monkeypatch.setattr(doctor, "status_of", refuse)
    code, out, _ = command("doctor")
    assert code == 0 and "warn  daemon: You may not open the socket. Join" in out and "microphone" not in out


def test_an_archive_can_be_had(command, folder, no_device, quick):
    command("doctor", "--bundle", folder / "out.tar.gz")
    with tarfile.open(folder / "out.tar.gz") as archive:
        assert "alexa-local-doctor/findings.json" in archive.getnames()
    assert command("doctor", "--bundle", folder / "missing" / "out.tar.gz")[0] == 74


needs_sound = pytest.mark.skipif(bool(missing()), reason=missing() or "-")


@pytest.fixture
def sound(monkeypatch):
    """A room in which the loudspeaker can be heard; call it with pactl's arguments."""
    pytest.importorskip("pyaudio", reason="PyAudio is not installed; run `pip install pyaudio`")
    with VirtualSound() as virtual:
        for name, value in virtual.environment.items():
            monkeypatch.setenv(name, value)

        def pactl(*arguments: str) -> str:
            done = subprocess.run(
                ("pactl", *arguments), capture_output=True, text=True, timeout=60, check=True
            )
            return done.stdout

        pactl("load-module", "module-loopback", "source=music.monitor", "sink=room", "latency_msec=60")
        pactl("set-default-source", "vmic")
        yield pactl


def findings(command, *arguments):
    code, out, err = command("doctor", "--json", *arguments)
    assert err == ""
    return code, {one["name"]: one for one in json.loads(out)["findings"]}


@needs_sound
def test_in_a_real_room_level_echo_and_cancellation_are_measured(command, folder, sound, quick):
    text = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(f"{text}audio: {{input_device: mic, output_device: music}}\n")
    _, found = findings(command)
    assert found["microphone"]["state"] == found["loudspeaker"]["state"] == "ok"
    assert found["level"]["state"] == "ok" and found["level"]["figures"]["peak_dbfs"] < -3
    echo = found["echo"]["figures"]
    assert echo["likeness"] > 0.5 and 30 < echo["delay_ms"] < 1000
    if "apt install" not in found["echo cancellation"]["remedy"]:
        assert found["echo cancellation"]["figures"]["cancelled_db"] > 3
    sound("set-source-mute", "vmic", "1")
    code, found = findings(command)
    assert code == 1 and "muted" in found["noise floor"]["fact"]


@needs_sound
def test_a_wrong_device_and_a_wrong_gain_are_mended_and_comments_kept(command, folder, sound, quick):
    text = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(
        f"{text}# mine\naudio:\n  input_device: jabra  # was\n  output_device: music\n"
    )
    sound("set-source-volume", "vmic", "400%")
    code, out, _ = command("doctor", "--fix")
    after = (folder / "config.yaml").read_text()
    assert "audio.input_device is now 'default'" in out or "audio.input_device is now 'mic'" in out, out
    assert "# mine\naudio:\n  input_device: " in after and "  # was\n  output_device: music\n" in after
    assert "the gain was 400 % and is" in out
    assert "clipped. " not in out.partition("level:")[2].partition("\n")[0]
    assert code == 0, out


def test_an_unreadable_file_is_no_reason_to_write_one(command, folder, no_device, quick):
    (folder / "config.yaml").write_bytes(b"\xff\xfe\x00")
    code, out, _ = command("doctor", "--fix")
    assert code == 1 and "fail  configuration" in out and ConfigError.exit_code == 78
