from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alexa_local.errors import StorageError, UpdateError
from alexa_local.generations import Generation, Package, apply_package, files_of, make_package, verify_package
from alexa_local.generations.signing_key import SigningKey
from alexa_local.testing.generations import Published, make_generation, write_model_folder
from tests.generations.small import large_network, network

KINDS = ("full", "zstd", "delta")
NAMES = st.sampled_from(["a.tflite", "b.npz", "c.txt", "zz"])
FOLDERS = st.dictionaries(NAMES, st.binary(max_size=300), max_size=4)


def apply(published: Published, package: Package, old: Path | None, out: Path) -> None:
    base = None if package.base is None else old
    apply_package(published.packages[package], package, published.generation, base, out)


def same(one: Path, other: Path) -> bool:
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in files_of(one))


def resigned(published: Published, package: Package, data: bytes) -> tuple[Package, Generation]:
    """What a careless publisher would sign for these bytes in the place of a package."""
    published.packages[package].write_bytes(data)
    other = replace(package, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    return other, replace(published.generation, packages=(other,))


@contextmanager
def place() -> Iterator[Path]:
    """A folder for one example; pytest's is for one test."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_package_gives_the_same_files(
    two: tuple[Path, Path, Published], tmp_path: Path, kind: str
) -> None:
    old, new, published = two
    apply(published, published.package(kind), old, tmp_path / "out")
    assert files_of(tmp_path / "out") == files_of(new) == published.generation.files
    assert same(new, tmp_path / "out")


def test_a_delta_is_smaller_than_a_patch_and_a_patch_than_all(two: tuple[Path, Path, Published]) -> None:
    full, patch, delta = (two[2].package(kind).bytes for kind in KINDS)
    assert delta < 0.7 * patch < 0.7 * full


def test_pruned_blocks_cost_next_to_nothing(tmp_path: Path) -> None:
    old = write_model_folder(tmp_path / "old", {"net.tflite": network()})
    new = write_model_folder(tmp_path / "new", {"net.tflite": network(pruned=10)}, 2)
    package = make_package("delta", old, new, tmp_path / "package")
    assert package.bytes < 0.05 * (new / "net.tflite").stat().st_size


@given(FOLDERS, FOLDERS)
@settings(deadline=None, max_examples=30)
def test_any_folder_becomes_any_other(before: dict[str, bytes], after: dict[str, bytes]) -> None:
    with place() as folder:
        old = write_model_folder(folder / "old", before)
        new = write_model_folder(folder / "new", after, 2)
        published = make_generation("any", new, SigningKey.new(), folder / "packages", old)
        for package in published.packages:
            apply(published, package, old, folder / package.kind)
            assert same(new, folder / package.kind)


@given(st.integers(0, 1 << 32), st.floats(0, 0.5), st.floats(0, 1), st.integers(0, 64))
@settings(deadline=None, max_examples=15)
def test_any_network_becomes_one_near_it(seed: int, moved: float, float_moved: float, pruned: int) -> None:
    with place() as folder:
        old = write_model_folder(folder / "old", {"net.tflite": network()})
        after = network(1 + seed % 2, moved, float_moved, pruned)
        new = write_model_folder(folder / "new", {"net.tflite": after}, 2)
        published = make_generation("any", new, SigningKey.new(), folder / "packages", old)
        apply(published, published.package("delta"), old, folder / "out")
        assert same(new, folder / "out")


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_a_changed_or_missing_byte_of_a_package_leaves_nothing(data: st.DataObject) -> None:
    with place() as folder:
        old = write_model_folder(folder / "old", {"a.tflite": b"abc" * 100, "b": b"old"})
        new = write_model_folder(folder / "new", {"a.tflite": b"abc" * 99 + b"abd", "b": b"new"}, 2)
        published = make_generation("any", new, SigningKey.new(), folder / "packages", old)
        package = published.package(data.draw(st.sampled_from(KINDS)))
        whole = bytearray(published.packages[package].read_bytes())
        at = data.draw(st.integers(0, len(whole) - 1))
        if data.draw(st.booleans()):
            del whole[at:]
        else:
            whole[at] ^= data.draw(st.integers(1, 255))
        published.packages[package].write_bytes(whole)
        with pytest.raises(UpdateError, match="not the one that was signed"):
            apply(published, package, old, folder / "out")
        assert not (folder / "out").exists()


@given(st.data())
@settings(deadline=None, max_examples=100)
def test_even_a_signed_package_that_is_nonsense_leaves_nothing_or_the_right_files(
    data: st.DataObject,
) -> None:
    with place() as folder:
        old = write_model_folder(folder / "old", {"a.tflite": bytes(range(256)) * 3})
        new = write_model_folder(folder / "new", {"a.tflite": bytes(range(255)) * 3 + b"abc"}, 2)
        published = make_generation("any", new, SigningKey.new(), folder / "packages", old)
        package = published.package(data.draw(st.sampled_from(KINDS)))
        whole = bytearray(published.packages[package].read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
        del whole[data.draw(st.integers(1, len(whole))) :]
        whole += data.draw(st.binary(max_size=3))
        package, generation = resigned(published, package, bytes(whole))
        path = next(path for one, path in published.packages.items() if one.kind == package.kind)
        try:
            apply_package(path, package, generation, None if package.base is None else old, folder / "out")
            assert same(new, folder / "out")
        except UpdateError:
            assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("place_of_field", "value"),
    [
        (4, 99),  # the kind
        (5, 0),  # makes nothing
        (5, 0xFFFFFFFF),  # makes more than the file
        (9, 0xFFFFFFFF),  # runs without end
        (13, 0xFFFFFFFF),  # longer runs than there are
        (17, 0xFFFFFFFF),  # a payload without end
    ],
)
def test_lengths_that_cannot_be_are_refused_before_they_are_used(
    two: tuple[Path, Path, Published], tmp_path: Path, place_of_field: int, value: int
) -> None:
    old, _, published = two
    package = published.package("delta")
    whole = bytearray(published.packages[package].read_bytes())
    size = 1 if place_of_field == 4 else 4
    whole[place_of_field : place_of_field + size] = value.to_bytes(size, "little")
    other, generation = resigned(published, package, bytes(whole))
    with pytest.raises(UpdateError, match="damaged"):
        apply_package(published.packages[package], other, generation, old, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_bytes_after_the_last_piece_are_refused(two: tuple[Path, Path, Published], tmp_path: Path) -> None:
    old, _, published = two
    package = published.package("full")
    data = published.packages[package].read_bytes() + b"!"
    other, generation = resigned(published, package, data)
    with pytest.raises(UpdateError, match="extra bytes"):
        apply_package(published.packages[package], other, generation, old, tmp_path / "out")


def test_a_package_upon_another_folder_is_refused(two: tuple[Path, Path, Published], tmp_path: Path) -> None:
    _, new, published = two
    with pytest.raises(UpdateError, match="builds upon another version 1"):
        apply(published, published.package("delta"), new, tmp_path / "out")
    with pytest.raises(UpdateError, match="builds upon another version 1"):
        apply(published, published.package("delta"), None, tmp_path / "out")


def test_a_folder_that_holds_something_is_left_as_it_is(
    two: tuple[Path, Path, Published], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious").write_text("mine")
    with pytest.raises(UpdateError, match="not empty"):
        apply(two[2], two[2].package("full"), None, tmp_path / "out")
    assert (tmp_path / "out" / "precious").read_text() == "mine"


def test_a_disk_that_fails_is_said_and_nothing_is_left(
    two: tuple[Path, Path, Published], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageError, match="cannot be written"):
        apply(two[2], two[2].package("full"), None, tmp_path / "file" / "out")
    shutil.rmtree(tmp_path / "packages")
    with pytest.raises(StorageError, match="cannot be read"):
        verify_package(two[2].packages[two[2].package("full")], two[2].package("full"))


def test_what_is_half_applied_has_no_manifest(
    two: tuple[Path, Path, Published], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut at each file that is made durable leaves no folder that counts as a model."""
    old, _, published = two
    out, seen = tmp_path / "out", []

    def cut(_descriptor: int) -> None:
        seen.append(sorted(path.name for path in out.iterdir()))

    monkeypatch.setattr("alexa_local.generations.packages.os.fsync", cut)
    apply(published, published.package("delta"), old, out)
    assert [("manifest.json" in names) for names in seen] == [False, False, True, True, True]


MEASURE = """
import sys
from pathlib import Path
from alexa_local.generations import Generation, apply_package
package, manifest, kind, old, out = sys.argv[1:]
generation = Generation.from_bytes(Path(manifest).read_bytes())
(one,) = [each for each in generation.packages if each.kind == kind]
apply_package(Path(package), one, generation, None if one.base is None else Path(old), Path(out))
print(int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024)
"""


@pytest.mark.parametrize("kind", KINDS)
def test_applying_takes_less_than_64_mb_in_all(tmp_path: Path, kind: str) -> None:
    """Measured from its own program on: ru_maxrss would begin with what the test's process takes."""
    table = np.random.default_rng(1).bytes(3 << 20)
    old = write_model_folder(tmp_path / "old", {"w.tflite": large_network(), "t.npz": table})
    new = write_model_folder(tmp_path / "new", {"w.tflite": large_network(moved=3), "t.npz": table[9:]}, 2)
    package = make_package(kind, None if kind == "full" else old, new, tmp_path / "package")
    generation = Generation("large", 2, "2026-11-21T20:15:00Z", files_of(new), (package,))
    (tmp_path / "manifest").write_bytes(generation.to_bytes())
    places = [str(tmp_path / name) for name in ("package", "manifest")]
    command = [sys.executable, "-c", MEASURE, *places, kind, str(old), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 64
    assert same(new, tmp_path / "out")
