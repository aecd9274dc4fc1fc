"""The first run: flags or questions, nothing lost, and the same again changes nothing."""

import os
import pty
import subprocess
import sys

import pytest
import yaml

from alexa_local.act.contacts import Contacts
from alexa_local.cli.setup_answers import broker_of, person_of
from alexa_local.config import MqttSettings, load_config
from alexa_local.daemon.paths import DATABASE
from alexa_local.errors import ConfigError, UsageError
from alexa_local.store import open_store

BOOK = "name,phone\nMum,+44 20 7946 0991\nDr. Brown,0123\n"


@pytest.fixture
def setup(command):
    """Runs setup without questions; returns its output, which must be a success's."""

    def setup(*arguments: object) -> str:
        code, out, err = command("setup", "--yes", *arguments)
        assert code == 0, err
        return out

    return setup


def config_of(folder):
    return load_config(folder / "config.yaml")


def people_of(folder):
    with open_store(folder / "state" / DATABASE) as store:
        return {person.name: person for person in Contacts(store).all()}


def test_flags_change_their_settings_and_nothing_else(setup, folder):
    file = folder / "config.yaml"
    file.write_text(file.read_text() + "# mine\nmusic:   # all of it\n  volume: 30\n")
    before = file.read_text()
    (folder / "password").write_text("s3cret: #\nmore")
    setup(
        *("--input", "usb", "--output", "none", "--broker", "mqtt://anna@broker.home:1884"),
        *("--broker-password-file", folder / "password", "--local-only"),
    )
    config = config_of(folder)
    assert (config.audio.input_device, config.audio.output_device) == ("usb", "none")
    assert config.mqtt == MqttSettings("broker.home", 1884, "anna", "s3cret: #")
    assert config.privacy.local_only and config.music.volume == 30
    assert file.read_text().startswith(before)


def test_a_password_is_neither_shown_nor_readable_by_everybody(setup, folder):
    (folder / "config.yaml").chmod(0o644)
    assert "hunter2" not in setup("--broker", "mqtt://anna:hunter2@broker.home")
    assert config_of(folder).mqtt.password == "hunter2"
    assert (folder / "config.yaml").stat().st_mode & 0o007 == 0


def test_the_same_again_changes_nothing(setup, folder):
    flags = ("--input", "usb", "--broker", "anna@broker.home:1884", "--local-only", "--person", "Ann")
    setup(*flags)
    before = (folder / "config.yaml").stat()
    out = setup(*flags)
    after = (folder / "config.yaml").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert "Ann: known already" in out
    assert "Nothing to change" in setup()


def test_who_lives_here_is_known_by_name_or_by_their_address_book(setup, folder):
    (folder / "ann.csv").write_text(BOOK)
    setup("--person", f"Ann={folder}/ann.csv", "--person", "Bob")
    people = people_of(folder)
    assert set(people) == {"Mum", "Dr. Brown", "Bob"}
    setup("--person", "bob", "--person", "mum")
    assert people_of(folder).keys() == people.keys()
    assert people_of(folder)["Mum"].number() == people["Mum"].number() == "+442079460991"


def test_a_running_daemon_is_switched_and_told_the_people_and_keeps_running(command, daemon, folder):
    code, out, err = command("setup", "--yes", "--local-only", "--person", "Bob", "--input", "usb")
    assert code == 0, err
    assert daemon.home.local_only
    assert "systemctl restart" in out and "Bob: known by name" in out


def test_the_service_takes_up_what_was_written(setup, daemon, unit):
    assert "The service runs with the new settings." in setup("--output", "none")
    assert unit == ["restarted"]
    assert "The service" not in setup("--output", "none") and unit == ["restarted"]


def test_the_switch_that_was_set_later_counts_and_not_the_first_one(setup, command, folder):
    setup("--local-only", "--person", "Bob")  # which makes a database
    setup("--no-local-only")
    from alexa_local.doctor.examination import stored_local_only

    assert stored_local_only(config_of(folder)) is False
    setup("--local-only")
    assert stored_local_only(config_of(folder)) is True
    assert "Nothing to change" in setup()


@pytest.mark.parametrize(
    "flags",
    [
        ["--broker", "http://broker.home"],
        ["--broker", "mqtt://broker.home:99999"],
        ["--broker", "mqtt://"],
        ["--broker", "mqtts://broker.home", "--broker-ca", "/missing"],
        ["--person", "=x"],
        ["--person", "Ann=/missing.vcf"],
        ["--broker-password-file", "/missing"],
    ],
)
def test_a_flag_that_makes_no_sense_changes_nothing(command, folder, flags):
    before = (folder / "config.yaml").read_text()
    code, _, err = command("setup", "--yes", "--input", "usb", *flags)
    assert code == UsageError.exit_code and err.count("\n") == 1
    assert (folder / "config.yaml").read_text() == before


def test_a_wrong_url_does_not_show_its_password():
    with pytest.raises(UsageError) as raised:
        broker_of("mqtt://anna:hunter2@", MqttSettings())
    assert "hunter2" not in str(raised.value)


def test_a_broker_that_is_needed_is_not_taken_away(command, folder):
    file = folder / "config.yaml"
    file.write_text("mqtt: {host: b}\nhome: {devices: [{name: l, kind: light, topic: t}]}\n")
    before = file.read_text()
    code, _, err = command("setup", "--yes", "--broker", "none")
    assert (code, file.read_text()) == (ConfigError.exit_code, before)
    assert f"{file}:2: home.devices[0].topic" in err


def test_who_we_are_to_the_same_broker_is_kept():
    now = MqttSettings("b", 1883, "anna", "right")
    assert broker_of("mqtt://b:1884", now) == MqttSettings("b", 1884, "anna", "right")
    assert broker_of("anna@b", now) == now
    assert broker_of("mqtt://other", now) == MqttSettings("other")
    assert broker_of("none", now) == MqttSettings()


def test_without_a_file_one_is_made(command, folder, monkeypatch):
    monkeypatch.setenv("ALEXA_LOCAL_CONFIG", str(folder / "new" / "config.yaml"))
    assert command("setup", "--yes", "--output", "none", "--no-try")[0] == 0
    assert yaml.safe_load((folder / "new" / "config.yaml").read_text()) == {
        "audio": {"output_device": "none"}
    }


def test_a_file_that_is_wrong_is_left_alone(command, folder):
    (folder / "config.yaml").write_text("audios: {}\n")
    code, _, err = command("setup", "--yes", "--input", "usb")
    assert code == ConfigError.exit_code and "did you mean `audio`?" in err


def test_a_change_by_somebody_else_meanwhile_is_not_lost(folder):
    from alexa_local.doctor.settings_file import SettingsFile

    file = SettingsFile.read(folder / "config.yaml")
    (folder / "config.yaml").write_text("voice: {replies: false}\n")
    with pytest.raises(ConfigError, match="changed by somebody else"):
        file.write({"audio.input_device": "usb"})
    assert (folder / "config.yaml").read_text() == "voice: {replies: false}\n"


def test_without_a_terminal_nothing_is_asked(folder):
    command = [sys.executable, "-m", "alexa_local.cli", "setup", "--input", "usb"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and config_of(folder).audio.input_device == "usb"


class Person:
    """Somebody at a terminal who types an answer when a question is there."""

    def __init__(self, *arguments: str) -> None:
        self.mine, theirs = pty.openpty()
        command = [sys.executable, "-m", "alexa_local.cli", "setup", *arguments]
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.said = ""

    def answer(self, question: str, answer: str) -> None:
        self._read_until(question)
        os.write(self.mine, f"{answer}\n".encode())

    def end(self) -> int:
        self._read_until(None)
        return self.process.wait(60)

    def go_away(self) -> None:
        os.close(self.mine)
        self.process.kill()
        self.process.wait(60)

    def _read_until(self, text: str | None) -> None:
        heard = ""
        while text is None or text not in heard:
            try:
                piece = os.read(self.mine, 4096).decode()
            except OSError:  # the other end is closed
                piece = ""
            if not piece:
                assert text is None, f"{text!r} was not asked after: {self.said}{heard}"
                break
            heard += piece
        self.said += heard


@pytest.fixture
def person(monkeypatch, tmp_path):
    """Sits somebody down to setup's questions, on a machine whose only sound device is the default."""
    pytest.importorskip("pyaudio", reason="PyAudio is not installed; run `pip install pyaudio`")
    (tmp_path / "asound.conf").write_text("pcm.!default { type null }\nctl.!default { type null }\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    people = []

    def person(*arguments: str) -> Person:
        people.append(Person(*arguments))
        return people[-1]

    yield person
    for one in people:
        one.go_away()


def test_questions_on_a_terminal_start_from_the_present_values(folder, person):
    (folder / "config.yaml").write_text(
        f"audio: {{input_device: usb}} # mine\ndaemon: {{state_dir: {folder}/state, socket: {folder}/c}}\n"
    )
    person = person("--no-try", "--output", "none")
    person.answer("Which microphone", "nothing of that name")
    person.answer("not found", "")
    person.answer("Who else lives here", "Ann")
    person.answer("Ann's address book", "")
    person.answer("Local-only", "perhaps")
    person.answer("Type y or n.", "y")
    person.answer("MQTT broker", "anna@127.0.0.1:1")
    person.answer("Its password", "hunter2")
    person.answer("Do it?", "")
    assert person.end() == 0, person.said
    assert "hunter2" not in person.said and "was not tried, because local-only is on" in person.said
    config = config_of(folder)
    assert (config.audio.input_device, config.audio.output_device) == ("usb", "none")
    assert config.mqtt == MqttSettings("127.0.0.1", 1, "anna", "hunter2")
    assert config.privacy.local_only and "Ann" in people_of(folder)
    assert "# mine" in (folder / "config.yaml").read_text()


def test_a_no_at_the_end_changes_nothing(folder, person):
    before = (folder / "config.yaml").read_text()
    person = person("--no-try", "--input", "usb", "--output", "none", "--person", "Ann", "--local-only")
    person.answer("MQTT broker", "")
    person.answer("Do it?", "n")
    assert person.end() == 1
    assert (folder / "config.yaml").read_text() == before and not (folder / "state").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may stop the service")
def test_the_service_is_stopped_while_somebody_answers(folder, person, daemon, tmp_path, monkeypatch):
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$1" >>{tmp_path}/calls\necho {os.getpid()}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    person = person("--no-try", "--output", "none", "--person", "Ann", "--broker", "none")
    person.answer("Which microphone", "")
    person.answer("Local-only", "")
    person.answer("Do it?", "y")
    assert person.end() == 0, person.said
    assert (tmp_path / "calls").read_text().split() == ["show", "stop", "start"]
    assert "The service is stopped while you answer" in person.said and "runs again" in person.said
    assert "Ann" in people_of(folder)


def test_a_person_is_a_name_and_perhaps_a_file(tmp_path):
    (tmp_path / "a=b.vcf").touch()
    assert person_of(f" Ann  Lee ={tmp_path}/a=b.vcf").name == "Ann Lee"
    assert person_of("Bob").book is None
    assert person_of("Bob=").book is None
