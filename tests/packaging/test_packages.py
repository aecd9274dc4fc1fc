"""What the packages carry agrees with what the program asks for."""

import configparser
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}
FROM_DEBIAN = {"pyaudio": "python3-pyaudio", "systemd-python": "python3-systemd"}
"""No wheels of these exist."""


def wheels(suite):
    lines = (ROOT / f"packaging/wheels-{suite}.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def requirements(suite):
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    for line in settings["options"]["install_requires"].split("\n"):
        if line:
            wanted = Requirement(line)
            if wanted.marker is None or wanted.marker.evaluate({"python_version": PYTHONS[suite]}):
                yield wanted


@pytest.mark.parametrize("suite", PYTHONS)
def test_every_requirement_is_a_wheel_of_a_fitting_version_or_a_package_of_debians(suite):
    there, control = wheels(suite), (ROOT / "packaging/debian/control").read_text()
    for wanted in requirements(suite):
        name = canonicalize_name(wanted.name)
        if name in FROM_DEBIAN:
            assert f" {FROM_DEBIAN[name]}," in control
        else:
            assert wanted.specifier.contains(there[name]), f"{wanted} and {name} {there[name]}"


def test_the_maintainer_scripts_have_debhelpers_part_and_stop_at_errors():
    scripts = [
        path
        for path in (ROOT / "packaging/debian").iterdir()
        if re.search(r"\.(pre|post)(inst|rm)$", path.name)
    ]
    assert len(scripts) == 5
    for script in scripts:
        lines = script.read_text().splitlines()
        assert lines[:2] == ["#!/bin/sh", "set -e"]
        assert lines[-1] == "#DEBHELPER#"
