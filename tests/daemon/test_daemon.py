"""The daemon as a whole, with fakes for everything that needs a model, a device or a disk."""

import json
import socket
import threading

import numpy as np
import pytest

from alexa_local.daemon.client import RefusedByDaemon, ask, listen
from alexa_local.errors import (
    AlreadyRunning,
    AudioFileError,
    DaemonUnreachable,
    ModelError,
    StorageError,
    ThreadDied,
    UsageError,
)
from alexa_local.testing.parts import FakeHome
from alexa_local.testing.quiet_microphone import QuietMicrophone
from alexa_local.testing.sources import FakeSource

LOUD, QUIET = np.full(1600, 20_000, np.int16), np.zeros(1600, np.int16)


def test_what_is_typed_is_understood_and_done_as_if_it_had_been_heard(start):
    daemon = start()
    answer = daemon.ask("say", text="Alexa, turn on the light!")
    assert daemon.home.heard == ["turn on the light"]
    assert (answer["intent"], answer["reply"], answer["done"]) == ("TurnOn", "Okay.", True)
    assert [outcome.reply for outcome in daemon.home.answered] == ["Okay."]


def test_what_is_not_understood_is_answered_and_is_no_error(start):
    assert start().ask("say", text="abracadabra")["reply"] == "Sorry?"


@pytest.mark.parametrize("text", ["", "?!", "   "])
def test_saying_nothing_is_refused(start, text):
    with pytest.raises(RefusedByDaemon) as caught:
        start().ask("say", text=text)
    assert caught.value.exit_code == UsageError.exit_code


def test_a_spoken_request_goes_from_the_source_to_the_answer(start):
    home = FakeHome(["switch the light on", "and off the light"])
    daemon = start(home, open_source=lambda _: FakeSource([QUIET, LOUD, QUIET, QUIET, LOUD]), finite=True)
    daemon.join()
    assert home.heard == ["switch the light on", "and off the light"], "the cut-off end of a file counts too"
    assert daemon.code == 0 and home.closed


def test_a_damaged_file_is_an_error_after_what_came_before_it_was_done(start):
    def blocks():
        yield from (LOUD, QUIET, QUIET, QUIET)
        raise AudioFileError("damaged")

    daemon = start(FakeHome(["light"]), open_source=lambda _: FakeSource(blocks()), finite=True)
    daemon.join()
    assert daemon.home.heard == ["light"]
    assert isinstance(daemon.error, AudioFileError)


def test_a_full_disk_is_told_and_the_next_request_is_done(start):
    daemon = start()
    with pytest.raises(RefusedByDaemon, match="disk is full") as caught:
        daemon.ask("say", text="full disk")
    assert caught.value.exit_code == StorageError.exit_code
    assert daemon.event("pipeline_error")["code"] == StorageError.exit_code
    assert daemon.ask("say", text="light")["done"]


def test_a_defect_ends_the_daemon_with_the_code_of_a_dead_thread(start):
    daemon = start()
    with pytest.raises(RefusedByDaemon, match="defect"):
        daemon.ask("say", text="defect")
    daemon.join()
    assert isinstance(daemon.error, ThreadDied)


def test_a_microphone_that_ends_by_itself_ends_the_daemon(start):
    daemon = start(open_source=lambda _: FakeSource([QUIET]))
    daemon.join()
    assert isinstance(daemon.error, ThreadDied)
    assert "capture" in str(daemon.error)


def test_without_a_microphone_typed_requests_work_and_the_status_says_deaf(start, caplog):
    told = []

    def open_source(on_state):
        on_state("lost", "No microphone found.")
        on_state("retrying", "No microphone found.")
        told.append(on_state)
        return daemon_source

    daemon_source = QuietMicrophone()
    daemon = start(open_source=open_source)
    assert daemon.ask("status")["state"] == "deaf"
    assert daemon.ask("say", text="light")["done"]
    assert caplog.text.count("No microphone found.") == 1, "it is said once and not at every try"
    told[0]("back", "It is there again.")
    assert daemon.ask("status")["state"] == "waiting"


def test_the_status_shows_threads_queues_and_drops(start):
    status = start().ask("status")
    assert status["threads"] == {"act": True, "listen": True, "capture": True, "control": True}
    assert status["queues"]["sound"]["waiting"] == 0
    assert status["dropped"] == {"microphone": 0, "sound": 0, "jobs": 0}
    assert (status["state"], status["muted"], status["local_only"]) == ("waiting", False, False)


def test_mode_and_mute_are_switched_and_told(start):
    daemon = start()
    assert daemon.ask("mode", on=True)["local_only"] and daemon.home.local_only
    assert daemon.event("local_only") == {"on": True}
    daemon.ask("mute", on=True)
    daemon.microphone.step()
    daemon.event("muted")
    assert daemon.ask("status")["state"] == "muted"
    with pytest.raises(RefusedByDaemon, match="true or false"):
        daemon.ask("mode", on="yes")


def test_muted_sound_is_thrown_away(start):
    home = FakeHome(["light"])
    muted = threading.Event()

    def blocks():
        assert muted.wait(20)
        yield from (LOUD, QUIET, QUIET, QUIET)

    daemon = start(home, open_source=lambda _: FakeSource(blocks()), finite=True)
    assert daemon.ask("mute", on=True)["muted"]
    muted.set()
    daemon.join()
    assert home.heard == []


def test_contacts_are_imported(start):
    assert start().ask("contacts", data="YQpiCg==")["added"] == 2


def test_events_follow_line_by_line_with_their_usual_names(start):
    daemon = start()
    events = listen(daemon.socket)
    with socket.socket(socket.AF_UNIX) as other:  # a second listener which never reads
        other.connect(str(daemon.socket))
        other.sendall(b'{"command": "events"}\n')
        assert json.loads(other.recv(4096)) == {"ok": True}
        names = []
        started = threading.Event()

        def collect():
            for event in events:
                started.set()
                names.append(event["event"])
                if event["event"] == "action":
                    return

        collector = threading.Thread(target=collect)
        collector.start()
        while not started.wait(0.05):  # until the subscription is there
            daemon.ask("mode", on=False)
        daemon.ask("say", text="light")
        collector.join(20)
    assert [name for name in names if name != "local_only"] == ["stt_text", "thinking", "intent", "action"]


def test_stop_ends_it_cleanly_and_removes_the_socket(start):
    daemon = start()
    assert daemon.ask("stop") == {"ok": True, "stopping": True}
    daemon.join()
    assert daemon.code == 0
    assert not daemon.socket.exists()
    with pytest.raises(DaemonUnreachable, match="alexa-local run"):
        ask(daemon.socket, "status")


def test_a_second_daemon_is_refused_and_the_first_goes_on(start):
    first = start()
    with pytest.raises(AssertionError, match="AlreadyRunning"):
        start()
    assert first.ask("status")["state"] == "waiting"


def test_a_missing_model_is_told_and_the_socket_is_free_again(start):
    home = FakeHome()

    def assemble(*_):
        raise ModelError("Model 'x' is missing.")

    home.assemble = assemble  # type: ignore[method-assign]
    with pytest.raises(AssertionError, match="ModelError"):
        start(home)
    assert start().ask("status")["ok"]


def test_already_running_has_an_exit_code_of_its_own():
    assert AlreadyRunning.exit_code == 75
