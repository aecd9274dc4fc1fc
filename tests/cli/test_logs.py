"""The log: its fields, its levels, and above all what is not in it."""

import io
import json
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from alexa_local.cli.logs import Log, _Formatter, _JournalHandler, is_journal, set_up_logging
from alexa_local.config import Config
from alexa_local.context import PRIVATE, begin_request, end_request, new_request
from alexa_local.errors import ModelError
from alexa_local.models import open_model
from alexa_local.playback.voice import Voice, installed_voices
from alexa_local.testing.journal import parse_entry

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = ("unshare", "--map-root-user", "--mount")


def can_cover_run() -> bool:
    """Whether this machine allows a mount of one's own."""
    if not shutil.which("unshare"):
        return False
    trial = (*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", "/run")
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


def has_models() -> bool:
    try:
        for name in ("wake-alexa", "asr-en", "end-of-speech"):
            open_model(name)
    except ModelError:
        return False
    return True


needs_namespace = pytest.mark.skipif(not can_cover_run(), reason="this machine allows no mount of one's own")


@pytest.fixture
def entries():
    """What is sent to the journal through a handler of `log`."""
    sent: list[dict[str, str]] = []
    log = Log()
    handler = _JournalHandler(log)
    handler.setFormatter(_Formatter("%(message)s", log))
    handler._send = lambda *fields: sent.append(dict(field.decode().split("=", 1) for field in fields))
    logger = logging.getLogger("alexa_local.act.actor")
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    sent_by = type("Sent", (), {"log": log, "logger": logger, "all": sent})
    yield sent_by
    logger.removeHandler(handler)
    logger.setLevel(level)
    end_request()


@pytest.mark.parametrize(
    ("level", "priority"),
    [
        (logging.DEBUG, "7"),
        (logging.INFO, "6"),
        (logging.WARNING, "4"),
        (logging.ERROR, "3"),
        (logging.CRITICAL, "2"),
    ],
)
def test_an_entry_has_its_priority_and_where_it_comes_from(entries, level, priority):
    entries.logger.log(level, "%d things", 3)
    (entry,) = entries.all
    assert (entry["MESSAGE"], entry["PRIORITY"], entry["COMPONENT"]) == ("3 things", priority, "act")
    assert entry["CODE_FILE"] == __file__ and entry["THREAD_NAME"] == "MainThread"


def test_an_entry_has_its_request_and_state_as_far_as_there_are_any(entries):
    entries.logger.info("before")
    begin_request()
    entries.log.state = lambda: "listening"
    entries.logger.info("during")
    end_request()
    entries.logger.info("after")
    before, during, after = entries.all
    assert "REQUEST" not in before and "STATE" not in before and "REQUEST" not in after
    assert during["REQUEST"] == str(new_request() - 1) and during["STATE"] == "listening"


def test_private_arguments_are_hidden_and_numbers_are_not(entries):
    entries.logger.debug("%r is %s, %.1f off", "call zebedee", "CallContact", 0.5, extra=PRIVATE)
    assert entries.all[0]["MESSAGE"] == "'…' is …, 0.5 off"
    entries.log.transcripts = True
    entries.logger.debug("%r is %s, %.1f off", "call zebedee", "CallContact", 0.5, extra=PRIVATE)
    assert entries.all[1]["MESSAGE"] == "'call zebedee' is CallContact, 0.5 off"


def test_a_defect_is_told_by_its_kind_and_place_without_its_text(entries):
    def fail():
        try:
            {}["zebedee"]
        except KeyError as error:
            raise ValueError("call zebedee") from error

    for transcripts in (False, True):
        entries.log.transcripts = transcripts
        try:
            fail()
        except ValueError:
            entries.logger.critical("It died.", exc_info=True)
    hidden, shown = ("".join(entry.values()) for entry in entries.all)
    assert "ValueError" in hidden and "KeyError" in hidden and "in fail" in hidden
    assert "call zebedee" not in hidden.replace('raise ValueError("call zebedee")', "")
    assert "ValueError: call zebedee" in shown and "ValueError: call zebedee" not in hidden


def test_a_call_with_wrong_arguments_is_told_without_them(entries, monkeypatch):
    monkeypatch.setattr(entries.logger, "propagate", False)  # pytest's own handler would complain
    entries.logger.info("%d things", "zebedee")
    assert entries.all[0]["MESSAGE"] == "%d things"


def test_other_handlers_still_see_the_record_as_it_was(entries, caplog):
    with caplog.at_level(logging.DEBUG):
        entries.logger.debug("%s", "call zebedee", extra=PRIVATE)
    assert entries.all[0]["MESSAGE"] == "…" and caplog.messages == ["call zebedee"]


def test_a_journal_that_is_away_disturbs_nobody(entries, capsys):
    def refuse(*fields):
        raise OSError("no journal")

    for handler in entries.logger.handlers:
        handler._send = refuse
    entries.logger.error("lost")
    assert capsys.readouterr().err == ""


def test_only_what_journald_reads_counts_as_the_journal(tmp_path):
    with (tmp_path / "file").open("w") as file:
        about = os.fstat(file.fileno())
        mine = {"JOURNAL_STREAM": f"{about.st_dev}:{about.st_ino}"}
        assert is_journal(file.fileno(), mine)
        assert not is_journal(file.fileno(), {}) and not is_journal(1, mine), (
            "as in a terminal started by a service"
        )
    assert not is_journal(999, mine)


def test_people_read_plain_lines(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    set_up_logging(1, {})
    logging.getLogger("alexa_local.act").warning("No microphone found.")
    logging.getLogger("alexa_local.act").info("Ready; %s.", "here")
    logging.getLogger("alexa_local.act").info("Heard %s.", "zebedee", extra=PRIVATE)
    assert sys.stderr.getvalue().splitlines() == [
        "alexa-local: warning: No microphone found.",
        "alexa-local: Ready; here.",
        "alexa-local: Heard ….",
    ]


def test_the_native_protocol_is_read_with_and_without_line_breaks():
    entry = b"MESSAGE\n" + (3).to_bytes(8, "little") + b"a\nb" + b"\nPRIORITY=6\n"
    assert parse_entry(entry) == {"MESSAGE": "a\nb", "PRIORITY": "6"}


def recording(file: Path, *texts: str) -> None:
    """flite calls Alexa and says this, in a room that is not quite silent."""
    voice, pieces = Voice("flite"), [np.zeros(8000)]
    for text in texts:
        speech = voice.speak(text)
        pieces += [soxr.resample(speech.samples, speech.rate_hz, 16_000), np.zeros(40_000)]
    whole = np.concatenate(pieces)
    noise = np.random.default_rng(5).normal(0, 8, len(whole))
    soundfile.write(file, np.clip(whole + noise, -32768, 32767).astype(np.int16), 16_000)


def journal_of(folder: Path, *arguments: str, config: str = "") -> list[dict[str, str]]:
    """The journal of a whole run of the program as a service, on a recording."""
    settings = folder / "config.yaml"
    settings.write_text(
        f"daemon: {{socket: {folder}/c.sock, state_dir: {folder}/state}}\n"
        f"audio: {{output_device: none}}\nvoice: {{engine: none}}\n{config}\n"
    )
    command = (sys.executable, "-m", "alexa_local.cli", "run", "--file", str(folder / "said.wav"), *arguments)
    result = subprocess.run(
        [*NAMESPACE, sys.executable, "-m", "alexa_local.testing.journal", str(folder / "journal"), *command],
        env={**os.environ, "ALEXA_LOCAL_CONFIG": str(settings), "OMP_NUM_THREADS": "1"},
        cwd=ROOT,
        timeout=200,
        check=False,
    )
    assert result.returncode == 0
    return [json.loads(line) for line in (folder / "journal").read_text(encoding="utf-8").splitlines()]


@needs_namespace
@pytest.mark.skipif(not has_models(), reason="the models are not here")
@pytest.mark.skipif("flite" not in installed_voices(), reason="flite is not installed")
def test_a_spoken_request_is_followed_through_the_whole_program_by_its_number(tmp_path):
    recording(tmp_path / "said.wav", "Alexa, set a timer for ten minutes.", "Alexa, what time is it?")
    journal = journal_of(tmp_path)
    assert not [entry for entry in journal if "UNSTRUCTURED" in entry], "every line is an entry"
    requests: dict[str, list[dict[str, str]]] = {}
    for entry in journal:
        assert {"PRIORITY", "COMPONENT", "STATE", "MESSAGE"} <= entry.keys()
        assert entry["SYSLOG_IDENTIFIER"] == "alexa-local" and int(entry["PRIORITY"]) <= 6
        requests.setdefault(entry.get("REQUEST", ""), []).append(entry)
    assert sorted(requests) == ["", "1", "2"]
    for number in "12":
        steps = [entry["MESSAGE"].split()[0].strip(".,") for entry in requests[number]]
        assert steps == ["Called", "Listening", "Heard", "Understood", "Done"]
        threads = {entry["THREAD_NAME"] for entry in requests[number]}
        assert threads == {"listen", "act"}
        assert [entry["STATE"] for entry in requests[number]][1:4] == ["listening", "idle", "thinking"]
    told = " ".join(value.casefold() for entry in journal for value in entry.values())
    assert not [word for word in ("timer", "ten", "minutes", "time is") if f" {word}" in told]


@needs_namespace
@pytest.mark.skipif(not has_models(), reason="the models are not here")
@pytest.mark.skipif("flite" not in installed_voices(), reason="flite is not installed")
def test_who_asks_for_transcripts_gets_them(tmp_path):
    recording(tmp_path / "said.wav", "Alexa, set a timer for ten minutes.")
    journal = journal_of(tmp_path, config="log: {transcripts: true}")
    words = [entry["MESSAGE"] for entry in journal if entry.get("REQUEST") == "1"]
    assert "“set a timer for ten minutes”" in words
    assert any(word.startswith("Answer: ") for word in words)


def test_transcripts_are_off_unless_the_owner_wants_them():
    assert not Config().log.transcripts
