"""The hard work in a process of its own: what it does, how it fails, and what memory it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from alexa_local.errors import ModelError, UpdateError
from alexa_local.generations import files_of
from alexa_local.models import models_folder
from alexa_local.testing.generations import make_generation, write_model_folder
from alexa_local.updates import selftest
from alexa_local.updates.judging import Present, choose
from alexa_local.updates.labour import Helper, Interrupted
from alexa_local.updates.record import Record
from alexa_local.updates.selftest import try_model

ROOT = Path(__file__).resolve().parents[2]
RECOGNISER, END_OF_SPEECH = models_folder() / "asr-en", models_folder() / "end-of-speech"

WEIGH = """
import json, resource, sys
from pathlib import Path
from alexa_local.generations import Host
from alexa_local.updates.course import Course
from alexa_local.updates.keys import Keyring
from alexa_local.updates.labour import Helper
from alexa_local.updates.shelf import Shelf

folder, shipped, package = map(Path, sys.argv[1:])
shelf, keys = Shelf(folder / "slots" / "asr-en"), Keyring(folder / "keys", folder / "slots")
course = Course("asr-en", shelf, shipped, keys, Host("0.1.0"), Helper())
course.offer((folder / "envelope").read_bytes())
with package.open("rb") as stream:
    while wanted := course.wanted():
        stream.seek(wanted.at_bytes)
        course.put(wanted, stream.read(wanted.bytes))
course.work()
assert course.record.phase == "testing", course.record
status = Path("/proc/self/status").read_text()  # our ru_maxrss began with that of the test
ours_kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
print(json.dumps([ours_kib, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""


@pytest.fixture
def published(tmp_path, publisher):
    """An update of two files that is whole."""
    old = write_model_folder(tmp_path / "old" / "m", {"w": bytes(4000)})
    new = write_model_folder(tmp_path / "new" / "m", {"w": bytes(3000) + b"x" * 1000}, 2)
    return old, new, make_generation("m", new, publisher.key, tmp_path / "work", old)


def test_another_process_makes_the_files(published, tmp_path):
    old, new, made = published
    here = {"shipped": Present(1, next(p.base_digest for p in made.packages if p.base))}
    target = choose(made.generation, Record(), here)
    package = next(path for about, path in made.packages.items() if about.sha256 == target.package)
    Helper().apply(package, target.package, made.generation, old, tmp_path / "made")
    assert files_of(tmp_path / "made") == files_of(new)


def test_what_it_refuses_is_told_with_its_reason(published, tmp_path):
    _, _, made = published
    about, package = next((about, path) for about, path in made.packages.items() if not about.base)
    package.write_bytes(package.read_bytes()[:-1])
    with pytest.raises(UpdateError, match="not the one that was signed"):
        Helper().apply(package, about.sha256, made.generation, None, tmp_path / "made")
    with pytest.raises(ModelError, match="missing"):
        Helper().try_model(tmp_path / "nothing")


def test_a_process_that_dies_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ModelError, match="died of it"):
        Helper().try_model(tmp_path)


def test_an_end_interrupts_the_work_and_nothing_begins_afterwards(tmp_path, monkeypatch):
    waits = tmp_path / "waits"
    waits.write_text("#!/bin/sh\nexec sleep 600\n")
    waits.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(waits))
    helper, ended = Helper(), []

    def work() -> None:
        try:
            helper.try_model(tmp_path)
        except Interrupted:
            ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    helper.end()
    thread.join(60)
    assert ended
    with pytest.raises(Interrupted):
        helper.try_model(tmp_path)


def test_held_work_rests_and_goes_on_afterwards(tmp_path, monkeypatch):
    beats, begun = tmp_path / "beats", tmp_path / "begun"
    works = tmp_path / "works"
    os.mkfifo(begun)
    wait = f"while [ ! -e {tmp_path}/go ]; do :; done"
    works.write_text(f"#!/bin/sh\necho > {begun}\n{wait}\necho > {beats}\n")
    works.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(works))
    helper = Helper()
    thread = threading.Thread(target=helper.try_model, args=(tmp_path,))
    thread.start()
    begun.read_text()
    helper.hold(True)
    (tmp_path / "go").touch()
    state = Path(f"/proc/{helper._process.pid}/stat")
    while state.read_text().rpartition(")")[2].split()[0] != "T":
        pass
    assert not beats.exists()
    helper.hold(False)
    thread.join(60)
    assert beats.exists()


@pytest.mark.skipif(not RECOGNISER.is_dir(), reason="no recogniser model is here")
def test_an_update_of_the_recogniser_takes_64_mb_at_most(tmp_path, publisher):
    new = tmp_path / "new" / "asr-en"
    new.mkdir(parents=True)
    for name in files_of(RECOGNISER):
        (new / name).write_bytes((RECOGNISER / name).read_bytes())
    manifest = json.loads((new / "manifest.json").read_text())
    (new / "manifest.json").write_text(json.dumps({**manifest, "generation": 2}))
    made = make_generation("asr-en", new, publisher.key, tmp_path / "work")
    (tmp_path / "envelope").write_bytes(made.envelope)
    publisher.install_key(tmp_path / "keys")
    (package,) = made.packages.values()
    done = subprocess.run(
        [sys.executable, "-c", WEIGH, str(tmp_path), str(RECOGNISER), str(package)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    assert all(kib <= 64 << 10 for kib in json.loads(done.stdout)), done.stdout


@pytest.mark.skipif(not END_OF_SPEECH.is_dir(), reason="no such model is here")
def test_a_model_that_computes_otherwise_than_where_it_was_made_fails(tmp_path, monkeypatch):
    try_model(END_OF_SPEECH)
    network = selftest.load(END_OF_SPEECH / "end.tflite")
    inputs = {name: np.zeros(shape, np.float32) for name, shape in network.inputs.items()}
    kept = {f"end/in/{name}": value.astype(np.float16) for name, value in inputs.items()}
    kept |= {
        f"end/out/{name}": got.ravel()[:32].astype(np.float16) for name, got in network.run(**inputs).items()
    }
    kept["tolerance"] = np.float32(0.05)
    monkeypatch.setattr(selftest, "_expected", lambda _: kept)
    try_model(END_OF_SPEECH)
    kept["end/out/logits"] = kept["end/out/logits"] + np.float16(1.0)
    with pytest.raises(ModelError, match="computes 'logits' otherwise"):
        try_model(END_OF_SPEECH)
    kept["end/out/logits"] = kept["end/out/logits"] * np.float16("nan")
    with pytest.raises(ModelError, match="otherwise"):
        try_model(END_OF_SPEECH)
