"""scripts/test-service and scripts/test-arm: which of the built packages are tried."""

import os
from pathlib import Path

import pytest

from scripts.service_test.packages import packages
from scripts.service_test.tree import Broken


def test_the_newest_of_that_suite_and_architecture_is_taken(tmp_path: Path) -> None:
    names = (
        "alexa-local_0.9+deb12_arm64.deb",
        "alexa-local_0.10+deb12_arm64.deb",
        "alexa-local_0.11+deb12_amd64.deb",
        "alexa-local_0.11+deb13_arm64.deb",
        "alexa-local-models_1_all.deb",
    )
    for age_s, name in enumerate(names):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (age_s, age_s))
    program, models = packages(tmp_path, "bookworm", "arm64")
    assert (program.name, models.name) == (names[1], names[-1])


def test_a_missing_package_is_told_with_the_command_that_builds_it(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="packaging/build --suite trixie --arch arm64 --out"):
        packages(tmp_path, "trixie", "arm64")
