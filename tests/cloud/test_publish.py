"""Publishing to a real broker: what is on it afterwards is what devices need, whatever happened."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alexa_local.cloud.broker import BrokerSettings
from alexa_local.cloud.main import main
from alexa_local.cloud.shelf import Shelf
from alexa_local.errors import NetworkError
from alexa_local.generations import (
    Generation,
    TrustedKeys,
    apply_package,
    chunk_topic,
    files_of,
    verify,
    version_of,
)
from alexa_local.generations.signing import key_id
from alexa_local.generations.signing_key import SigningKey
from alexa_local.testing.generations import write_model_folder
from alexa_local.testing.link import Link
from alexa_local.testing.mosquitto import Mosquitto, find_mosquitto

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="the Debian package mosquitto is missing")
LIMIT_S = 60.0
KEY = SigningKey.new()
NOISE = random.Random(1).randbytes(400_000)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as mosquitto:
        yield mosquitto


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(KEY.private_pem())
    path.chmod(0o600)
    return path


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A model as it came with the program, and a newer one with a few other bytes."""
    old = write_model_folder(tmp_path / "old" / "small", {"a.bin": NOISE, "b.txt": b"old"})
    new = write_model_folder(
        tmp_path / "new" / "small", {"a.bin": NOISE[:999] + b"!" + NOISE[999:], "b.txt": b"new"}
    )
    return old, new


def publish(port: int, key: Path, folder: Path, *more: object) -> int:
    words = ["publish", str(folder), "--key", str(key), "--broker", f"127.0.0.1:{port}", *map(str, more)]
    return main(words)


def retained(port: int, model: str = "small") -> dict[str, bytes]:
    with Shelf(BrokerSettings("127.0.0.1", port), "test") as shelf:
        return shelf.look([f"alexa-local/models/{model}/#"])


def offered(port: int) -> Generation:
    return verify(retained(port)["alexa-local/models/small/generation"], TrustedKeys([KEY.public]))


def check_whole(port: int, tmp_path: Path, old: Path | None, new: Path) -> Generation:
    """Do as devices do: every package that is offered gives the files, and nothing else is retained."""
    there, generation = retained(port), offered(port)
    del there["alexa-local/models/small/generation"]
    for number, package in enumerate(generation.packages):
        topics = [
            chunk_topic("alexa-local", "small", generation.version, package, i) for i in range(package.chunks)
        ]
        path = tmp_path / f"fetched-{generation.version}-{number}"
        path.write_bytes(b"".join(there.pop(topic) for topic in topics))
        out = tmp_path / f"applied-{generation.version}-{number}"
        apply_package(path, package, generation, None if package.base is None else old, out)
        assert files_of(out) == files_of(new)
    assert there == {}
    return generation


def test_what_is_published_is_what_a_device_needs(broker, key, folders, tmp_path, capsys) -> None:
    old, new = folders
    assert publish(broker.port, key, new, "--from", old) == 0
    generation = check_whole(broker.port, tmp_path, old, new)
    assert generation.version == version_of(new) == 2
    full, patch = generation.packages
    assert (full.kind, full.base) == ("full", None)
    assert patch.base == 1 and patch.bytes < 2000 < full.bytes
    assert "small 2 is published" in capsys.readouterr().out


def test_publishing_the_same_again_sends_nothing(broker, key, folders, capsys) -> None:
    old, new = folders
    publish(broker.port, key, new, "--from", old)
    before = retained(broker.port)
    assert publish(broker.port, key, new, "--from", old) == 0
    assert "0 messages sent" in capsys.readouterr().out.splitlines()[-1]
    assert retained(broker.port) == before


def test_a_newer_generation_takes_the_place_of_the_older(broker, key, folders, tmp_path) -> None:
    old, new = folders
    publish(broker.port, key, old)
    first = retained(broker.port).keys()
    assert publish(broker.port, key, new, "--from", old) == 0
    assert check_whole(broker.port, tmp_path, old, new).version == 3
    assert retained(broker.port).keys() & first == {"alexa-local/models/small/generation"}


def test_a_version_that_is_not_above_the_published_one_is_refused(broker, key, folders, capsys) -> None:
    old, new = folders
    publish(broker.port, key, old, "--version", 5)
    before = retained(broker.port)
    for version in (4, 5):
        assert publish(broker.port, key, new, "--version", version) == 65
        assert "Take --version 6, or next." in capsys.readouterr().err
    assert retained(broker.port) == before
    assert version_of(new) == 1


def test_a_version_that_is_not_above_an_older_folders_is_refused(broker, key, folders, capsys) -> None:
    old, new = folders
    assert publish(broker.port, key, new, "--version", 1, "--from", old) == 65
    assert "not older than 1" in capsys.readouterr().err
    assert retained(broker.port) == {}


def test_a_folder_that_does_not_fit_its_manifest_is_refused(broker, key, folders, capsys) -> None:
    (folders[1] / "b.txt").write_bytes(b"bad")
    assert publish(broker.port, key, folders[1]) == 66
    assert "was altered" in capsys.readouterr().err
    assert retained(broker.port) == {}


def test_after_a_kill_in_the_middle_the_same_command_finishes(broker, key, folders, tmp_path, capsys) -> None:
    """The link stops after some of the chunks, and the publisher is killed there: there is no envelope."""
    old, new = folders
    with Link(broker.port) as link:
        held = link.hold_after(200_000)
        words = [
            "publish",
            str(new),
            "--key",
            str(key),
            "--from",
            str(old),
            "--broker",
            f"127.0.0.1:{link.port}",
        ]
        publisher = subprocess.Popen(
            [sys.executable, "-m", "alexa_local.cloud", *words], stdout=subprocess.DEVNULL
        )
        assert held.wait(LIMIT_S)
        publisher.send_signal(signal.SIGKILL)
        publisher.wait(LIMIT_S)
    partly = retained(broker.port)
    assert partly and "alexa-local/models/small/generation" not in partly
    assert publish(broker.port, key, new, "--from", old) == 0
    found = re.search(r"(\d+) were there", capsys.readouterr().out)
    assert found and int(found[1]) >= len(partly)
    assert check_whole(broker.port, tmp_path, old, new).version == 2


def test_what_an_abandoned_publication_left_is_removed_by_the_next(broker, key, folders, tmp_path) -> None:
    old, new = folders
    left = {f"alexa-local/models/small/2/abandoned/{index}": b"x" for index in range(300)}
    with Shelf(BrokerSettings("127.0.0.1", broker.port), "test") as shelf:
        shelf.put(left.items())
    assert publish(broker.port, key, new) == 0
    check_whole(broker.port, tmp_path, old, new)


def test_what_somebody_else_publishes_meanwhile_is_left_alone(broker, key, folders) -> None:
    """Two publishers at once: the one with the lower version must not remove what the other one lays down."""
    theirs = {"alexa-local/models/small/9/theirs/0": b"x"}
    with Shelf(BrokerSettings("127.0.0.1", broker.port), "test") as shelf:
        shelf.put(theirs.items())
    assert publish(broker.port, key, folders[1]) == 0
    assert retained(broker.port).items() >= theirs.items()


def test_unpublishing_leaves_nothing(broker, key, folders, capsys) -> None:
    publish(broker.port, key, folders[1], "--from", folders[0])
    count = len(retained(broker.port))
    assert main(["unpublish", "small", "--broker", f"127.0.0.1:{broker.port}"]) == 0
    assert f"{count} messages removed" in capsys.readouterr().out
    assert retained(broker.port) == {}
    assert main(["unpublish", "small", "--broker", f"127.0.0.1:{broker.port}"]) == 0
    assert "0 messages removed" in capsys.readouterr().out


def test_other_models_are_left_alone(broker, key, folders, tmp_path) -> None:
    publish(broker.port, key, folders[0], "--name", "other")
    before = retained(broker.port, "other")
    publish(broker.port, key, folders[1])
    main(["unpublish", "small", "--broker", f"127.0.0.1:{broker.port}"])
    assert retained(broker.port, "other") == before != {}


def test_something_else_in_the_envelopes_place_is_told(broker, key, folders, capsys) -> None:
    with Shelf(BrokerSettings("127.0.0.1", broker.port), "test") as shelf:
        shelf.put([("alexa-local/models/small/generation", b"hello")])
    assert publish(broker.port, key, folders[1]) == 65
    assert "alexa-local-cloud unpublish small" in capsys.readouterr().err


def test_a_broker_that_is_not_there_is_told(key, folders, capsys) -> None:
    assert publish(1, key, folders[1]) == 76
    assert "cannot be reached" in capsys.readouterr().err


def test_a_broker_that_forbids_it_is_told(key, folders, tmp_path, capsys) -> None:
    (tmp_path / "acl").write_text("topic read #\ntopic write alexa-local/models/small/asked\n")
    with Mosquitto(tmp_path, f"allow_anonymous true\nacl_file {tmp_path / 'acl'}\nuser root\n") as broker:
        assert publish(broker.port, key, folders[1]) == 76
        assert "Not authorized" in capsys.readouterr().err


def test_a_broker_that_keeps_nothing_is_told(key, folders, tmp_path, capsys) -> None:
    with Mosquitto(tmp_path, "allow_anonymous true\nretain_available false\n") as broker:
        assert publish(broker.port, key, folders[1]) == 76
        assert "keeps no messages" in capsys.readouterr().err


def test_more_is_looked_at_than_a_broker_tells_at_once(broker) -> None:
    there = {f"many/{index}": b"%d" % index for index in range(900)}
    with Shelf(BrokerSettings("127.0.0.1", broker.port), "test") as shelf:
        assert shelf.put(there.items()) == 900
        assert shelf.look([*there, "many/none"]) == there
        assert shelf.take_away(there) == 900
        assert shelf.look(["many/#"]) == {}


def test_a_link_that_breaks_is_told(broker) -> None:
    with Link(broker.port) as link, Shelf(BrokerSettings("127.0.0.1", link.port), "test") as shelf:
        link.cut()
        with pytest.raises(NetworkError, match="goes on where it was"):
            shelf.look(["many/#"])


def test_without_a_broker_the_files_are_written(key, folders, tmp_path, capsys) -> None:
    old, new = folders
    out = tmp_path / "out"
    assert main(["publish", str(new), "--key", str(key), "--from", str(old), "--out", str(out)]) == 0
    generation = verify((out / "generation.json").read_bytes(), TrustedKeys([KEY.public]))
    for package in generation.packages:
        assert (out / f"{package.sha256[:12]}.package").stat().st_size == package.bytes
    assert "upon 1" in capsys.readouterr().out


def test_a_key_hands_over_to_the_next(broker, key, folders, tmp_path, capsys) -> None:
    assert main(["keys", "new", str(tmp_path / "next")]) == 0
    name = capsys.readouterr().out.splitlines()[0]
    more = ["--add-key", tmp_path / "next.pub", "--revoke-key", KEY.id]
    assert publish(broker.port, key, folders[1], *more) == 0
    keys = TrustedKeys([KEY.public]).after(offered(broker.port))
    assert keys.ids == (name,)


def test_a_generation_says_what_it_needs(broker, key, folders, capsys) -> None:
    manifest = folders[1] / "manifest.json"
    info = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**info, "needs": {"release": "0.2", "boards": ["aarch64"]}}))
    assert publish(broker.port, key, folders[1]) == 0
    needs = offered(broker.port).needs
    assert (needs.release, needs.boards) == ("0.2", ("aarch64",))
    for wrong in ({"colour": "red"}, {"boards": "aarch64"}, ["aarch64"]):
        manifest.write_text(json.dumps({**info, "needs": wrong}))
        assert publish(broker.port, key, folders[1]) == 66
        assert "no device knows" in capsys.readouterr().err


def test_keys_are_made_once_and_only_for_their_owner(tmp_path, capsys) -> None:
    assert main(["keys", "new", str(tmp_path / "key")]) == 0
    name = capsys.readouterr().out.splitlines()[0]
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    for file, kind in (("key", "private"), ("key.pub", "public")):
        assert main(["keys", "show", str(tmp_path / file)]) == 0
        assert capsys.readouterr().out.split() == [name, kind]
    assert key_id(SigningKey.load(tmp_path / "key").public) == name
    assert main(["keys", "new", str(tmp_path / "key")]) == 74
    assert "File exists" in capsys.readouterr().err


def test_a_key_that_others_can_read_is_warned_of(broker, key, folders, caplog) -> None:
    key.chmod(0o644)
    assert publish(broker.port, key, folders[1]) == 0
    assert f"chmod 600 {key}" in caplog.text


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["publish", "FOLDER"], 64, "--key"),
        (["publish", "FOLDER", "--key", "KEY"], 64, "No broker is given"),
        (["publish", "FOLDER", "--key", "KEY", "--version", "new"], 64, "no version"),
        (["publish", "FOLDER", "--key", "KEY", "--name", "a/b"], 64, "no name of a model"),
        (["publish", "FOLDER", "--key", "/nowhere"], 78, "keys new"),
        (["publish", "/nowhere", "--key", "KEY"], 66, "missing"),
        (["publish", "FOLDER", "--key", "KEY", "--revoke-key", "me", "--out", "OUT"], 65, "does not fit"),
        (["publish", "FOLDER", "--key", "KEY", "--broker", "b", "--tls-cert", "c"], 64, "needs its key"),
        (["unpublish", "a/b", "--broker", "b"], 64, "no name of a model"),
        (["keys"], 64, "COMMAND"),
        (["keys", "show", "/nowhere"], 78, "cannot be read"),
    ],
)
def test_an_error_is_one_line_and_a_code(
    words, code, said, key, folders, tmp_path, capsys, monkeypatch
) -> None:
    monkeypatch.delenv("ALEXA_LOCAL_CLOUD_BROKER", raising=False)
    meant = {"FOLDER": str(folders[1]), "KEY": str(key), "OUT": str(tmp_path / "out")}
    assert main([meant.get(word, word) for word in words]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
