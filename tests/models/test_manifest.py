from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from alexa_local.errors import ModelError
from alexa_local.models import manifest, models_folder, open_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A models folder with one sound model, "wake-test", of two files."""
    files = {"net.tflite": b"weights", "words.txt": b"one\ntwo\n"}
    model = tmp_path / "wake-test"
    model.mkdir()
    for name, data in files.items():
        (model / name).write_bytes(data)
    about = {name: {"sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}
    (model / "manifest.json").write_text(json.dumps({"files": about, "threshold": 0.5}))
    return tmp_path


def test_a_whole_model_gives_its_paths_and_its_manifest(folder: Path) -> None:
    model = open_model("wake-test", folder)
    assert model.path("net.tflite").read_bytes() == b"weights"
    assert model.info["threshold"] == 0.5
    assert (model.name, model.folder) == ("wake-test", folder / "wake-test")


def test_a_file_that_the_manifest_does_not_name_is_not_given(folder: Path) -> None:
    (folder / "wake-test" / "stray.tflite").write_bytes(b"unchecked")
    with pytest.raises(ModelError, match=r"no file 'stray\.tflite'"):
        open_model("wake-test", folder).path("stray.tflite")


@pytest.mark.parametrize("data", [b"weighty", b"weight", b"weights\n", b""])
def test_an_altered_file_is_refused(folder: Path, data: bytes) -> None:
    (folder / "wake-test" / "net.tflite").write_bytes(data)
    with pytest.raises(ModelError, match=r"net\.tflite was altered.*Restore it"):
        open_model("wake-test", folder)


def test_a_missing_file_is_refused_even_when_another_is_wanted(folder: Path) -> None:
    (folder / "wake-test" / "words.txt").unlink()
    with pytest.raises(ModelError, match=r"words\.txt cannot be read"):
        open_model("wake-test", folder)


def test_a_missing_model_is_told_with_the_place_that_was_searched(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"'asr-test' is missing.*asr-test/manifest\.json.*Restore"):
        open_model("asr-test", folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        "{}",
        '{"files": 3}',
        '{"files": ["a"]}',
        '{"files": {"a": 1}}',
        '{"files": {"a": {}}}',
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused(folder: Path, text: str) -> None:
    (folder / "wake-test" / "manifest.json").write_text(text)
    with pytest.raises(ModelError, match="cannot be read"):
        open_model("wake-test", folder)


def test_a_manifest_of_bytes_that_are_no_text_is_refused(folder: Path) -> None:
    (folder / "wake-test" / "manifest.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="cannot be read"):
        open_model("wake-test", folder)


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "sub/net.tflite", ""])
def test_a_manifest_names_only_files_of_its_own_folder(folder: Path, name: str) -> None:
    (folder / "outside").write_bytes(b"x")
    about = {name: {"sha256": hashlib.sha256(b"x").hexdigest()}}
    (folder / "wake-test" / "manifest.json").write_text(json.dumps({"files": about}))
    with pytest.raises(ModelError, match="not a file of its folder"):
        open_model("wake-test", folder)


def test_the_folder_given_goes_before_the_environment_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALEXA_LOCAL_MODELS", str(tmp_path / "environment"))
    assert models_folder(tmp_path / "given") == tmp_path / "given"
    assert models_folder() == tmp_path / "environment"


def test_without_either_the_checkout_s_models_are_used_and_then_the_installed_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALEXA_LOCAL_MODELS", raising=False)
    monkeypatch.setattr(manifest, "_CHECKOUT", tmp_path)
    assert models_folder() == tmp_path
    monkeypatch.setattr(manifest, "_CHECKOUT", tmp_path / "none")
    assert models_folder() == Path("/usr/share/alexa-local/models")
