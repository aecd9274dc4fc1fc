from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.errors import UpdateError
from alexa_local.generations import (
    FileDigest,
    Generation,
    Host,
    Needs,
    Package,
    chunk_topic,
    generation_topic,
)

FULL = Package("full", "1" * 64, 100_000)
DELTA = Package("delta", "2" * 64, 10_000, 6, "3" * 64)
GENERATION = Generation(
    "asr-en",
    7,
    "2026-11-21T20:15:00Z",
    {"manifest.json": FileDigest("0" * 64, 12), "net.tflite": FileDigest("4" * 64, 99)},
    (FULL, DELTA),
    Needs("0.1.0", ("litert",), ("aarch64",), "log-mel-64"),
)


def changed(path: str, value: object) -> bytes:
    """The manifest with one value replaced, or removed where it is None."""
    manifest = json.loads(GENERATION.to_bytes())
    *way, last = (int(step) if step.isdigit() else step for step in path.split("/"))
    place: Any = manifest
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return json.dumps(manifest).encode()


def test_a_manifest_comes_back() -> None:
    assert Generation.from_bytes(GENERATION.to_bytes()) == GENERATION


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", 2),
        ("model", "../etc"),
        ("model", 7),
        ("version", 0),
        ("version", True),
        ("version", 7.0),
        ("version", 1 << 40),
        ("created", "yesterday"),
        ("files", []),
        ("files", {}),
        ("files", "manifest.json"),
        ("files/..", {"sha256": "0" * 64, "bytes": 1}),
        ("files/a%2fb", {"sha256": "0" * 64, "bytes": 1}),
        ("files/.hidden", {"sha256": "0" * 64, "bytes": 1}),
        ("files/manifest.json", None),
        ("files/net.tflite/sha256", "0" * 63),
        ("files/net.tflite/bytes", -1),
        ("files/net.tflite/bytes", 1 << 40),
        ("packages", {}),
        ("packages/0/kind", "pickle"),
        ("packages/0/kind", "delta"),
        ("packages/1/kind", "full"),
        ("packages/1/base_digest", ""),
        ("packages/0/bytes", 0),
        ("packages/0/chunk_bytes", 1),
        ("packages/0/chunk_bytes", 1 << 20),
        ("packages/0/sha256", None),
        ("needs", None),
        ("needs/release", "new"),
        ("needs/runtimes", "litert"),
        ("keys_added", ["short"]),
        ("keys_added", ["AAAA"]),
        ("keys_revoked", ["0"]),
    ],
)
def test_what_breaks_the_format_is_refused(path: str, value: object) -> None:
    with pytest.raises(UpdateError, match="does not keep to the format"):
        Generation.from_bytes(changed(path.replace("%2f", "/") if value is None else path, value))


def test_a_file_in_another_folder_is_refused() -> None:
    manifest = json.loads(GENERATION.to_bytes())
    manifest["files"]["sub/net.tflite"] = {"sha256": "0" * 64, "bytes": 1}
    with pytest.raises(UpdateError, match="does not fit"):
        Generation.from_bytes(json.dumps(manifest).encode())


def test_too_many_files_are_refused() -> None:
    files = {"manifest.json": FileDigest("0" * 64, 1)} | {f"f{i}": FileDigest("0" * 64, 1) for i in range(64)}
    with pytest.raises(UpdateError, match="65 files"):
        Generation.from_bytes(replace(GENERATION, files=files).to_bytes())


def test_a_manifest_without_end_is_not_read() -> None:
    with pytest.raises(UpdateError, match="longer than"):
        Generation.from_bytes(b" " * (1 << 20))


@given(st.binary(max_size=100))
def test_noise_is_a_named_error(noise: bytes) -> None:
    with pytest.raises(UpdateError):
        Generation.from_bytes(noise)


def test_deep_nesting_is_a_named_error() -> None:
    with pytest.raises(UpdateError):
        Generation.from_bytes(b"[" * 100_000)


def test_a_device_takes_the_smallest_package_upon_what_it_has() -> None:
    assert GENERATION.packages_for(6, "3" * 64) == (DELTA, FULL)
    assert GENERATION.packages_for(6, "5" * 64) == (FULL,)
    assert GENERATION.packages_for(5, "3" * 64) == (FULL,)
    assert GENERATION.packages_for(None, "") == (FULL,)


def test_chunks_are_the_package_in_order() -> None:
    assert FULL.chunks == 4
    ranges = [FULL.chunk_range(index) for index in range(4)]
    assert ranges == [(0, 32768), (32768, 65536), (65536, 98304), (98304, 100_000)]


def test_topics_are_those_of_the_contract() -> None:
    assert generation_topic("home", "asr-en") == "home/models/asr-en/generation"
    assert chunk_topic("home", "asr-en", 7, FULL, 3) == f"home/models/asr-en/7/{'1' * 12}/3"


@pytest.mark.parametrize(
    ("host", "unmet"),
    [
        (Host("0.1.0", ("litert",), ("aarch64",)), ""),
        (Host("0.1", ("litert",), ("aarch64 of some make",)), ""),
        (Host("0.0.9", ("litert",), ("aarch64",)), "0.1.0 or newer"),
        (Host("0.1.0", ("tflite-runtime",), ("aarch64",)), "runtimes litert"),
        (Host("0.1.0", ("litert",), ("x86_64",)), "is for aarch64"),
        (Host("0.1.0", ("litert",), ()), "is for aarch64"),
        (Host("0.1.0", ("litert",), ("aarch64",), "mfcc-13"), "hears features"),
    ],
)
def test_what_a_device_lacks_is_said(host: Host, unmet: str) -> None:
    said = GENERATION.needs.unmet(host)
    assert unmet in said and bool(said) == bool(unmet)


def test_a_generation_that_needs_nothing_fits_everywhere() -> None:
    assert Needs().unmet(Host("0.1.0")) == ""
