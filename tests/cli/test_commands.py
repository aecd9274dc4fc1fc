"""What people type: exit codes, one line for each error, and answers that can be read or parsed."""

import json
import subprocess
import sys
import threading

import pytest

from alexa_local import __version__
from alexa_local.errors import (
    AlreadyRunning,
    AudioFileError,
    ConfigError,
    DaemonUnreachable,
    ModelError,
    StorageError,
    UsageError,
)


def run(*arguments: str, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "alexa_local.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


@pytest.mark.parametrize("arguments", [[], ["fly"], ["say"], ["mode", "fast", "on"], ["run", "--file"]])
def test_wrong_words_are_one_line_and_a_usage_error(command, arguments):
    code, out, err = command(*arguments)
    assert (code, out) == (UsageError.exit_code, "")
    assert err.startswith("alexa-local: ") and err.count("\n") == 1 and "--help" in err


@pytest.mark.parametrize("arguments", [["status"], ["say", "hello"], ["stop"], ["mute", "on"], ["events"]])
def test_without_a_daemon_the_commands_say_how_to_start_it(command, arguments):
    code, out, err = command(*arguments)
    assert (code, out) == (DaemonUnreachable.exit_code, "")
    assert err.startswith("alexa-local: No daemon answers") and "alexa-local run" in err


def test_a_wrong_configuration_is_told_before_anything_else(command, folder):
    (folder / "config.yaml").write_text("wakes: {}\n")
    code, _, err = command("run")
    assert code == ConfigError.exit_code
    assert "config.yaml:1: wakes: unknown key; did you mean `wake`?" in err


def test_help_and_status_load_no_numbers_library():
    for arguments in (["--help"], ["status"]):
        program = f"""
import sys
sys.argv = ["alexa-local"]
from alexa_local.cli import main
try:
    main({arguments!r})
except SystemExit:
    pass
assert "numpy" not in sys.modules, "numpy makes the start slow"
"""
        subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=True)


def test_the_version_is_told():
    assert run("--version").stdout == f"alexa-local {__version__}\n"


def test_status_is_for_people_or_programs(command, daemon):
    code, out, _ = command("status")
    assert code == 0
    assert "waiting" in out and "local only" in out
    assert json.loads(command("status", "--json")[1])["threads"]["listen"]


def test_say_prints_the_answer_and_tells_by_its_code_whether_it_was_done(command, daemon):
    assert command("say", "turn", "on", "the", "light") == (0, "Okay.\n", "")
    assert command("say", "flurble")[:2] == (1, "Sorry?\n")
    assert json.loads(command("say", "--json", "light")[1])["intent"] == "TurnOn"


def test_the_daemons_errors_keep_their_code(command, daemon):
    code, _, err = command("say", "full disk")
    assert code == StorageError.exit_code
    assert err.endswith("alexa-local: The disk is full. Delete something.\n")


def test_modes_are_switched(command, daemon):
    assert command("mode", "local-only", "on")[:2] == (0, "local-only is on\n")
    assert daemon.home.local_only
    assert command("mute", "on")[:2] == (0, "not listening\n")
    assert command("mute", "off")[:2] == (0, "listening\n")


def test_stop_returns_when_the_daemon_is_gone(command, daemon):
    assert command("stop")[0] == 0
    assert not daemon.socket.exists()


def test_a_second_daemon_is_refused_with_a_code_of_its_own(command, daemon):
    code, out, err = command("run", "--quiet")
    assert (code, out) == (AlreadyRunning.exit_code, "")
    assert "alexa-local stop" in err and err.count("\n") == 1


def test_a_missing_model_is_told_and_nothing_is_begun(command, folder):
    (folder / "config.yaml").write_text(
        f"daemon: {{socket: {folder}/c.sock, state_dir: {folder}/state, models_dir: {folder}/models}}\n"
    )
    for arguments in (["run"], ["transcribe", "x.wav"], ["wake", "x.wav"], ["models"]):
        code, _, err = command(*arguments)
        assert (code, err.count("\n")) == (ModelError.exit_code, 1), arguments
        assert "is missing" in err and "Restore it" in err
    assert not (folder / "c.sock").exists() and not (folder / "state").exists()


def test_contacts_go_to_the_daemon_when_there_is_one(command, daemon, folder):
    (folder / "people.csv").write_text("name,phone\nAnna,1\n")
    assert command("contacts", "import", folder / "people.csv")[:2] == (0, "2 contacts added, 0 updated\n")


def test_contacts_go_to_the_database_when_there_is_no_daemon(command, folder):
    (folder / "people.csv").write_text("name,phone\nAnna,1\nBert,2\n")
    assert command("contacts", "import", folder / "people.csv")[:2] == (0, "2 contacts added, 0 updated\n")
    assert command("contacts", "import", folder / "people.csv")[:2] == (0, "0 contacts added, 2 updated\n")
    book = "--book", "Ann"
    assert command("contacts", "import", folder / "people.csv", *book)[1] == "2 contacts added, 0 updated\n"


def test_a_file_without_contacts_is_an_error(command, folder):
    (folder / "empty.vcf").touch()
    code, _, err = command("contacts", "import", folder / "empty.vcf")
    assert code == UsageError.exit_code and "empty" in err
    assert command("contacts", "import", folder / "missing.vcf")[0] == UsageError.exit_code


def test_events_can_be_piped_into_a_program_that_ends_early(daemon):
    ended = threading.Event()

    def keep_happening() -> None:
        while not ended.is_set():
            daemon.ask("mode", on=True)

    happening = threading.Thread(target=keep_happening)
    happening.start()
    command = [sys.executable, "-m", "alexa_local.cli", "events"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        event = json.loads(process.stdout.readline())
        process.stdout.close()
        code = process.wait(60)
        ended.set()
        assert (event["event"], event["on"]) == ("local_only", True)
        assert (code, process.stderr.read()) == (141, "")
    happening.join(20)


@pytest.mark.parametrize("name", ["wake", "transcribe"])
def test_an_unreadable_file_is_told_and_the_others_are_done(command, folder, monkeypatch, name):
    from alexa_local.cli import offline

    def examine(file):
        if file.name == "bad.wav":
            raise AudioFileError(f"'{file}' is empty. Record it again.")
        return {"text": "hello", "detections": [], "seconds": 1.0}

    monkeypatch.setattr(offline, "make_wake_finder", lambda *_: examine)
    monkeypatch.setattr(offline, "make_transcriber", lambda *_: examine)
    code, out, err = command(name, folder / "bad.wav", folder / "good.wav")
    assert code == AudioFileError.exit_code
    assert out.startswith(f"{folder}/good.wav: ") and out.count("\n") == 1
    assert err == f"alexa-local: '{folder}/bad.wav' is empty. Record it again.\n"
    code, out, _ = command(name, "--json", folder / "bad.wav", folder / "good.wav")
    first, second = map(json.loads, out.splitlines())
    assert code == AudioFileError.exit_code
    assert first["file"].endswith("bad.wav") and "empty" in first["error"]
    assert second["file"].endswith("good.wav") and second["seconds"] == 1.0
