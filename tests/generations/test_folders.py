from __future__ import annotations

from pathlib import Path

import pytest

from alexa_local.errors import UpdateError
from alexa_local.generations import digest_of, files_of, version_of
from alexa_local.testing.generations import write_model_folder


def test_a_folders_files_are_those_that_its_manifest_names(tmp_path: Path) -> None:
    folder = write_model_folder(tmp_path / "one", {"a.bin": b"a", "b.bin": b"b"}, 5)
    digest = digest_of(files_of(folder))
    (folder / "CARD.md").write_text("About it.")
    assert sorted(files_of(folder)) == ["a.bin", "b.bin", "manifest.json"]
    assert digest_of(files_of(folder)) == digest
    assert version_of(folder) == 5
    (folder / "a.bin").write_bytes(b"c")
    assert digest_of(files_of(folder)) != digest


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"files": {"../a": {}}}', '{"files": {"gone": {}}}'])
def test_a_folder_that_is_no_models_is_said(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(UpdateError, match=r"is no model's"):
        files_of(tmp_path)


def test_a_manifest_without_a_generation_is_the_first(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    assert version_of(tmp_path) == 1
    (tmp_path / "manifest.json").write_text('{"generation": "new"}')
    with pytest.raises(UpdateError, match="does not say its generation"):
        version_of(tmp_path)
