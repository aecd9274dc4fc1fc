"""scripts/bench update: kept packages applied to the model that they build upon."""

import json
from pathlib import Path

import numpy as np
import pytest

from alexa_local.generations import Generation, digest_of, files_of
from alexa_local.models import Model
from scripts.benchmarks import update
from scripts.training.adapt.keep import keep

SHIPPED = update.ROOT / "firmware_models" / "asr-en"


def write_folder(folder: Path, generation: int, content: bytes) -> Path:
    folder.mkdir(parents=True)
    (folder / "weights.bin").write_bytes(content)
    (folder / "manifest.json").write_text(
        json.dumps({"generation": generation, "files": {"weights.bin": {}}}), encoding="utf-8"
    )
    return folder


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, Path]:
    """A model's folder, and the folder of the packages that build upon it."""
    content = np.random.default_rng(0).bytes(20_000)
    old = write_folder(tmp_path / "models" / "m", 1, content)
    for name, changed in ((update.PLAIN, 2000), (update.SMALL, 100)):
        new = write_folder(tmp_path / name / "m", 2, content[:-changed] + bytes(changed))
        keep(old, new, tmp_path / "kept", name)
    return old, tmp_path / "kept"


def test_the_figures_have_their_keys_and_are_those_of_the_packages(
    kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, packages = kept
    wer = {"models": 40.0, update.PLAIN: 20.0, update.SMALL: 21.0}
    monkeypatch.setattr(update, "word_errors", lambda folder, clips: wer[folder.parent.name])
    found = update.bench(Model("m", old, {}), packages, {"recordings": []}, tmp_path / "work")
    assert list(found) == [
        "full_bytes",
        "delta_bytes",
        "neural_diff_bytes",
        "wer_before",
        "wer_after",
        "rss_mb",
    ]
    assert (found["wer_before"], found["wer_after"]) == (40.0, 21.0)
    assert found["delta_bytes"] == (packages / "plain.package").stat().st_size
    assert found["full_bytes"] > found["delta_bytes"] and 5 < found["rss_mb"] < 64
    assert (tmp_path / "work/neural-diff/m/weights.bin").read_bytes().endswith(bytes(100))


def test_packages_of_another_model_are_refused_with_what_to_do(
    kept, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, packages = kept
    (packages / "m").mkdir()
    for path in packages.glob("*.*"):
        path.rename(packages / "m" / path.name)
    other = write_folder(tmp_path / "other" / "m", 1, b"another model")
    monkeypatch.setattr(update, "KEPT", packages)
    monkeypatch.setattr(update, "recordings", lambda manifests, limit: [])
    monkeypatch.setattr(update, "open_model", lambda name: Model("m", other, {}))
    assert update.main(["manifest.jsonl"]) != 0
    assert "recipe.sh" in capsys.readouterr().err


@pytest.mark.parametrize("name", [update.PLAIN, update.SMALL])
def test_the_kept_packages_turn_the_shipped_recogniser_into_another(name: str, tmp_path: Path) -> None:
    kept = update.KEPT / SHIPPED.name
    generation = Generation.from_bytes((kept / f"{name}.json").read_bytes())
    if digest_of(files_of(SHIPPED)) not in {package.base_digest for package in generation.packages}:
        pytest.skip("the recogniser has changed since: scripts/training/adapt/recipe.sh makes new packages")
    size, _ = update.applied(kept, name, SHIPPED, tmp_path / "new")
    assert size < 0.05 * generation.total_bytes
    assert digest_of(files_of(tmp_path / "new")) == digest_of(generation.files)
