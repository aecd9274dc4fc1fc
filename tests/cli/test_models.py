"""Models are listed and checked, newer ones taken from files, gone back from and pinned, without a daemon."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from alexa_local.config import Config
from alexa_local.errors import ModelError, UpdateError, UsageError
from alexa_local.generations.signing_key import SigningKey
from alexa_local.models import models_folder
from alexa_local.testing.generations import make_generation
from alexa_local.testing.labour import FakeLabour
from alexa_local.updates import workshop

MODEL = "end-of-speech"

pytestmark = pytest.mark.skipif(
    not all((models_folder() / name).is_dir() for name in Config().models), reason="a model is not here"
)


@pytest.fixture
def key(folder: Path, monkeypatch) -> SigningKey:
    """The owner's, whose public half is on the device."""
    monkeypatch.delenv("ALEXA_LOCAL_MODELS", raising=False)
    monkeypatch.setattr(workshop, "Helper", lambda _: FakeLabour())
    key = SigningKey.new()
    (folder / "keys").mkdir()
    (folder / "keys" / "owner.pub").write_bytes(key.public_pem())
    config = folder / "config.yaml"
    config.write_text(f"{config.read_text()}updates: {{keys: {folder}/keys}}\n")
    return key


@pytest.fixture
def stick(folder: Path, key: SigningKey):
    """Makes a stick with a version of the model."""

    def stick(version: int, key: SigningKey = key) -> Path:
        model, out = folder / f"{version}" / MODEL, folder / f"stick-{version}"
        shutil.copytree(models_folder() / MODEL, model)
        manifest = json.loads((model / "manifest.json").read_text())
        (model / "manifest.json").write_text(json.dumps({**manifest, "generation": version}))
        made = make_generation(MODEL, model, key, folder / "work", models_folder() / MODEL)
        out.mkdir()
        (out / "generation.json").write_bytes(made.envelope)
        for package, path in made.packages.items():
            shutil.copyfile(path, out / f"{package.sha256[:12]}.package")
        return out

    return stick


def versions(command) -> dict[str, object]:
    told = json.loads(command("models", "list", "--json")[1])["models"]
    return {name: one["version"] for name, one in told.items()}


def test_a_newer_model_is_taken_from_a_folder_gone_back_from_and_never_taken_again(command, stick):
    assert versions(command)[MODEL] == 1
    file = stick(2)
    code, told, _ = command("models", "update", file)
    assert (code, told) == (0, f"{MODEL}  2  trial 2\n")
    assert any(line.endswith(f"models/{MODEL}/a") for line in command("models")[1].splitlines())
    code, told, _ = command("models", "rollback", MODEL)
    assert code == 0 and told.startswith(f"{MODEL}  1  rolled back: the owner")
    assert versions(command)[MODEL] == 1
    code, _, wrong = command("models", "update", file)
    assert code == UpdateError.exit_code and "never taken" in wrong


def test_what_nobody_trusted_signed_is_refused(command, stick):
    code, _, wrong = command("models", "update", stick(2, SigningKey.new()) / "generation.json")
    assert code == UpdateError.exit_code and "does not trust" in wrong
    assert "refused: The update is signed by" in command("models", "list")[1]


def test_a_pinned_model_is_left_as_it_is(command, stick):
    assert "pinned" in command("models", "pin", MODEL)[1]
    file = stick(2)
    assert command("models", "update", file)[0] == UpdateError.exit_code
    assert "pinned" not in json.loads(command("models", "unpin", MODEL, "--json")[1])["models"][MODEL]
    assert command("models", "update", file)[0] == 0


def test_a_stick_without_its_package_is_told_and_can_be_tried_again(command, stick):
    file = stick(2)
    for package in file.glob("*.package"):
        package.rename(package.with_suffix(".away"))
    code, _, wrong = command("models", "update", file)
    assert code == UsageError.exit_code and ".package cannot be read" in wrong
    for package in file.glob("*.away"):
        package.rename(package.with_suffix(".package"))
    assert command("models", "update", file)[0] == 0


def test_every_model_is_compared_with_what_was_accepted(command, folder, key):
    assert [line.split(":")[1] for line in command("models", "verify")[1].splitlines()] == [
        " whole, in " + str(models_folder() / name) for name in Config().models
    ]
    told = json.loads(command("models", "verify", "--json")[1])
    assert told["ok"] and told["models"][MODEL]["version"] == 1
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("daemon: {", f"daemon: {{models_dir: {folder}, "))
    code, told, wrong = command("models")
    assert code == ModelError.exit_code and f"{MODEL}: broken" in told and "is missing" in wrong


def test_a_folder_of_ones_own_is_used_as_it_is(command, folder, stick):
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("daemon: {", f"daemon: {{models_dir: {models_folder()}, "))
    code, _, wrong = command("models", "update", stick(2))
    assert code == UpdateError.exit_code and "models_dir" in wrong


@pytest.mark.parametrize("words", [("pin",), ("rollback",), ("list", "x"), ("verify", "x"), ("pin", "x")])
def test_wrong_words_are_told(command, key, words):
    assert command("models", *words)[0] == UsageError.exit_code
