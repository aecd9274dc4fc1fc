"""The support archive: useful to a stranger, and silent about who lives here and what was said."""

import gzip
import json
import socket
import tarfile
from dataclasses import replace

import pytest

from alexa_local.act.contacts import Contacts
from alexa_local.config import LogSettings, load_config
from alexa_local.daemon.paths import DATABASE
from alexa_local.doctor import Finding
from alexa_local.doctor.bundle import write_bundle
from alexa_local.doctor.redact import Sieve, private_words, program_words
from alexa_local.store import open_store

CONFIG = """\
# Siegfried's assistant
audio: {input_device: "Ottilie's AirPods"}
recogniser: {beam: 12}
home: {devices: [{name: wintergarden lamp, kind: light, room: Kaminzimmer, topic: wohnung/lampe/set}]}
contacts: {call: {run: [/home/siegfried/dial, "{number}"]}}
music: {folders: [/home/siegfried/Schlager]}
mqtt: {host: zuhause.example, username: siegfried, password: kR7-drollig, topic_prefix: wohnung}
daemon: {state_dir: STATE, socket: STATE/c.sock}
"""
PEOPLE = "name,nickname,phone,e-mail\nOttilie Vanderblom,Tilli,+44 20 7946 0991,otti@vanderblom.example\n"
PRIVATE = (
    "siegfried", "ottilie", "vanderblom", "tilli", "7946", "0991", "otti@", "wintergarden", "kaminzimmer",
    "wohnung", "zuhause", "drollig", "kR7", "schlager", "gudrun", "marmelade",
)  # fmt: skip
"""What must not get out, in lower case as everything is compared."""


def entry(message, priority=6, **more):
    return json.dumps(
        {"__REALTIME_TIMESTAMP": "1700000000000000", "PRIORITY": str(priority), "MESSAGE": message, **more}
    )


JOURNAL = "\n".join(
    [
        entry("No MQTT broker (Not authorized); trying again every 1 to 60 s.", 4),
        entry("The MQTT broker at zuhause.example:1883 refused wohnung/lampe/set (Not authorized).", 3),
        entry("Microphone 'Ottilie's AirPods' at 16000 Hz, 1 channel(s)"),
        entry("nobody knows gudrun, and marmelade is no word of ours"),
        entry("heard: call ottilie vanderblom about the marmelade", 7),
        entry("“call the broker”", PRIVATE="1"),
        entry([72, 101]),
        "no json",
    ]
)


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setattr("alexa_local.doctor.redact.SERVICE_STATE", tmp_path / "none")
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG.replace("STATE", str(tmp_path / "state")))
    with open_store(tmp_path / "state" / DATABASE) as store:
        Contacts(store).import_bytes(PEOPLE.encode(), "Siegfried")
    return load_config(file)


def read(file):
    with tarfile.open(file) as archive:
        members = archive.getmembers()
        return {
            member.name.partition("/")[2]: archive.extractfile(member).read().decode() for member in members
        }, members


def bundle(config, tmp_path, journal=JOURNAL):
    findings = [
        Finding("microphone", "ok", "'Ottilie's AirPods' (ALSA)"),
        Finding("broker", "fail", "zuhause.example:1883: it refused the password", "Ask siegfried."),
    ]
    write_bundle(tmp_path / "out.tar.gz", findings, config, lambda: journal)
    return read(tmp_path / "out.tar.gz")


def test_no_name_number_host_or_password_is_in_it(config, tmp_path):
    members, entries = bundle(config, tmp_path)
    everything = "\n".join([*members.values(), *(f"{one.name} {one.uname} {one.gname}" for one in entries)])
    found = [word for word in PRIVATE if word.lower() in everything.lower()]
    assert found == []
    assert socket.gethostname().lower() not in everything.lower() or len(socket.gethostname()) < 2
    raw = gzip.decompress((tmp_path / "out.tar.gz").read_bytes())
    assert not any(word.lower().encode() in raw.lower() for word in PRIVATE)
    assert (tmp_path / "out.tar.gz").stat().st_mode & 0o077 == 0


def test_what_helps_is_in_it(config, tmp_path):
    members, _ = bundle(config, tmp_path)
    assert members.keys() == {
        "ABOUT.txt", "findings.json", "findings.txt", "versions.json", "settings.json", "journal.txt",
    }  # fmt: skip
    settings = json.loads(members["settings.json"])
    assert settings["recogniser"]["beam"] == 12
    assert settings["mqtt"] == {
        "host": "set", "port": 1883, "username": "set", "password": "set", "tls_ca_file": None,
        "topic_prefix": "set",
        "device_id": "not set",
        "rerank": "off", "events": "off", "commands": "none set", "catalogue": False,
        "tls_cert_file": None, "tls_key_file": None,
        "home_assistant": False, "home_assistant_prefix": "set", "home_assistant_devices": True,
        "metered": "auto", "on_metered": False,
    }  # fmt: skip
    assert settings["home"]["devices"] == "1 set" and "AirPods" in settings["audio"]["input_device"]
    assert json.loads(members["findings.json"])[1]["state"] == "fail"
    assert "it refused the password" in members["findings.txt"]
    assert json.loads(members["versions.json"])["python"]
    assert "No MQTT broker (Not" in members["journal.txt"] and "<4>" in members["journal.txt"]


def test_of_the_log_only_words_of_the_program_are_kept(config, tmp_path):
    lines = bundle(config, tmp_path)[0]["journal.txt"].splitlines()
    assert len(lines) == 4  # what may hold words that were said is below information, and left out
    assert lines[3].endswith("nobody knows …, and … is no word of ours")


def test_the_log_is_left_out_where_it_may_hold_what_was_said(config, tmp_path):
    config = replace(config, log=LogSettings(transcripts=True))
    journal = bundle(config, tmp_path)[0]["journal.txt"]
    assert journal.startswith("Left out") and journal.count("\n") == 1


def test_the_log_is_left_out_where_the_names_are_not_known(config, tmp_path):
    (tmp_path / "state" / DATABASE).write_bytes(b"no database, but something of that name" * 100)
    assert not private_words(config)[1]
    assert bundle(config, tmp_path)[0]["journal.txt"].startswith("Left out")


def test_of_settings_that_cannot_be_read_nothing_gets_out(config, tmp_path):
    faulty = (
        "1 fault in the configuration; marmelade.yaml:1: mqtt.port: expected a whole number, not `Ottilie`"
    )
    findings = [Finding("configuration", "fail", faulty)]
    write_bundle(tmp_path / "out.tar.gz", findings, None, lambda: JOURNAL)
    everything = "\n".join(read(tmp_path / "out.tar.gz")[0].values()).lower()
    assert not [word for word in PRIVATE if word.lower() in everything]
    assert "expected a whole number" in everything and "left out: the settings" in everything


def test_longer_names_go_first_and_only_whole_words_go():
    sieve = Sieve({"Ann", "Ann Lee", "+44 1"})
    assert (
        sieve.known("Ann Lee's annexe, ANN, Annie (+44 1)") == "[hidden]'s annexe, [hidden], Annie ([hidden])"
    )
    assert Sieve(()).known("nothing") == "nothing"


def test_the_programs_words_are_those_of_its_messages():
    words = program_words()
    assert {"microphone", "broker", "plug", "trying"} <= words
    assert not {"ottilie", "marmelade", "zuhause"} & words


def test_without_a_home_or_a_user_nothing_is_hidden_by_mistake(tmp_path, monkeypatch):
    for name in ("HOME", "USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "c.yaml").write_text(f"daemon: {{state_dir: {tmp_path}/state}}\n")
    assert "" not in private_words(load_config(tmp_path / "c.yaml"))[0]


def test_names_of_those_whose_voices_are_known_are_private_too(config):
    with open_store(config.daemon.state_dir / DATABASE) as store:
        store.write("INSERT INTO voices VALUES ('Hildegund Ruprecht', x'00')")
    assert {"Hildegund", "Ruprecht"} <= private_words(config)[0]
