"""Processor, models, memory, disk, daemon and broker, as they are found."""

import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from alexa_local.config import Config, DaemonSettings, MqttSettings
from alexa_local.doctor import machine
from alexa_local.doctor.services import check_broker, check_daemon
from alexa_local.models import models_folder
from alexa_local.testing.mosquitto import Mosquitto, find_mosquitto

STATUS = {
    "process": 7,
    "state": "waiting",
    "microphone": "open",
    "loudspeaker": "open",
    "threads": {"act": True},
    "dropped": {"sound": 0},
}


@pytest.fixture
def models(tmp_path):
    """A copy of the models, and the configuration that uses it."""
    names = Config().models
    if not all((models_folder() / name).is_dir() for name in names):
        pytest.skip("the models are not there")
    for name in names:
        shutil.copytree(models_folder() / name, tmp_path / "models" / name)
    return tmp_path / "models", Config(daemon=DaemonSettings(models_dir=tmp_path / "models"))


def test_an_altered_model_is_told_by_its_file_and_the_others_are_well(models):
    folder, config = models
    file = folder / "asr-en" / "joint.tflite"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    found = {one.name: one for one in machine.check_models(config)}
    assert [name for name, one in found.items() if one.state != "ok"] == ["model asr-en"]
    assert found["model asr-en"].state == "fail" and len(found) == len(config.models)
    finding = found["model asr-en"]
    assert "joint.tflite was altered" in finding.fact and finding.remedy.startswith("Restore it")
    assert machine.check_speed(config, 0.1) == []


def test_a_missing_model_is_told(models):
    folder, config = models
    shutil.rmtree(folder / "wake-alexa")
    assert machine.check_models(config)[0].state == "fail"


def test_the_models_cost_is_measured(models):
    found = {one.name: one for one in machine.check_speed(models[1], 0.4)}
    assert found.keys() == {"wake word cost", "recogniser cost"}
    assert all(0 < one.figures["core_percent"] < 1000 for one in found.values())


def test_memory_disk_and_limits_are_read(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 1 kB\nMemAvailable:     153600 kB\n")
    assert machine.check_memory(tmp_path).state == "warn"
    (tmp_path / "meminfo").write_text("MemAvailable:     51200 kB\n")
    assert machine.check_memory(tmp_path).state == "fail"
    assert machine.check_disk(tmp_path / "not" / "yet").figures["free_mib"] > 0
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "limits").write_text("Max realtime priority     10                   10\n")
    assert machine.check_realtime({"process": 7}, tmp_path).figures == {"rtprio": 10}
    (tmp_path / "7" / "limits").write_text("Max realtime priority     0                    0\n")
    assert "LimitRTPRIO" in machine.check_realtime({"process": 7, "realtime": {}}, tmp_path).remedy
    assert machine.check_realtime({"process": 8}, tmp_path).state == "warn"


def test_what_the_daemon_s_threads_have_counts_more_than_what_it_may_have():
    both = machine.check_realtime({"process": 7, "realtime": {"microphone": "rr 5", "loudspeaker": "rr 5"}})
    assert (both.state, both.fact) == (
        "ok",
        "sound goes before other work (microphone rr 5, loudspeaker rr 5)",
    )
    one = machine.check_realtime({"process": 7, "realtime": {"microphone": "rr 5", "loudspeaker": "normal"}})
    assert one.state == "warn" and "loudspeaker normal" in one.fact
    assert "LimitRTPRIO" in one.remedy and "limits.d" in one.remedy


def test_trying_real_time_priority_leaves_no_thread_behind():
    before = threading.active_count()
    assert machine.check_realtime().state in ("ok", "warn")
    assert threading.active_count() == before


def test_a_running_daemon_holds_the_microphone_and_says_how_it_is():
    found = {one.name: one for one in check_daemon(STATUS)}
    assert found["daemon"].state == "ok" and "systemctl stop" in found["microphone"].remedy
    deaf = {
        one.name: one for one in check_daemon(STATUS | {"microphone": "missing", "loudspeaker": "missing"})
    }
    assert (deaf["microphone"].state, deaf["loudspeaker"].state) == ("fail", "warn")
    assert check_daemon(STATUS | {"threads": {"act": False}})[0].state == "fail"
    assert check_daemon(STATUS | {"dropped": {"sound": 4}})[0].state == "warn"


def test_requests_that_nobody_reads_again_are_told():
    def outbox(waiting, oldest_s):
        return check_daemon(STATUS | {"outbox": waiting, "outbox_oldest_s": oldest_s})[-1]

    assert (outbox(0, 0.0).state, outbox(2, 3.0).state) == ("ok", "ok")
    late = outbox(2, 300.0)
    assert (late.name, late.state) == ("outbox", "warn")
    assert "the oldest for 5 min" in late.fact and "mqtt.rerank" in late.remedy


@pytest.mark.skipif(find_mosquitto() is None, reason="the Debian package mosquitto is missing")
def test_right_and_wrong_passwords_and_a_closed_port_are_told_apart(tmp_path: Path):
    passwords = tmp_path / "passwords"
    passwords.touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", passwords, "anna", "right"], check=True, capture_output=True)
    rules = f"allow_anonymous false\npassword_file {passwords}\nuser root\n"
    with Mosquitto(tmp_path, rules) as broker:
        right = check_broker(MqttSettings("127.0.0.1", broker.port, "anna", "right"), local_only=False)
        wrong = check_broker(MqttSettings("127.0.0.1", broker.port, "anna", "wrong"), local_only=False)
    closed = check_broker(MqttSettings("127.0.0.1", broker.port, "anna", "right"), local_only=False)
    assert [one.state for one in (right, wrong, closed)] == ["ok", "fail", "fail"]
    assert "mqtt.password" in wrong.remedy and "Start the broker" in closed.remedy
    assert "wrong" not in wrong.fact.split("(")[0]


@pytest.mark.parametrize(("local_only", "state"), [(True, "ok"), (None, "warn")])
def test_nothing_is_sent_where_nothing_may_be(local_only, state):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        finding = check_broker(MqttSettings("127.0.0.1", server.getsockname()[1]), local_only)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert finding.state == state and "was not tried" in finding.fact
