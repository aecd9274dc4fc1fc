"""`alexa-local doctor`: how everything is, one line each, with what to do about it."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alexa_local.errors import AlexaLocalError, ConfigError

if TYPE_CHECKING:
    from alexa_local.config import Config
    from alexa_local.doctor import Finding


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add doctor."""
    text = "Examine sound, processor, models, broker and room, and say what to do. It plays a test sound."
    parser = commands.add_parser("doctor", help=text, description=text, parents=[common])
    parser.add_argument(
        "--fix", action="store_true", help="choose a microphone that hears, write it down, and set its gain"
    )
    parser.add_argument(
        "--bundle",
        metavar="FILE",
        type=Path,
        help="write a .tar.gz for whoever helps: no sound, no names, nothing that was said",
    )
    parser.add_argument("--silent", action="store_true", help="play no test sound")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    from alexa_local.doctor.bundle import write_bundle

    config, faults = _config_of(arguments)
    findings: list[Finding] = []
    # Whatever ends it, the service runs again.
    with closing(_findings(arguments, config, faults)) as examined:
        for finding in examined:
            findings.append(finding)
            if not arguments.json:
                print(finding, flush=True)
    if arguments.bundle:
        write_bundle(arguments.bundle, findings, config if _is_readable(arguments, faults) else None)
    failed = sum(one.state == "fail" for one in findings)
    if arguments.json:
        bundle = str(arguments.bundle) if arguments.bundle else None
        told = [one.as_json() for one in findings]
        print(json.dumps({"ok": not failed, "findings": told, "bundle": bundle}, ensure_ascii=False))
    else:
        if arguments.bundle:
            print(f"Written to {arguments.bundle}; look through it before you send it.")
        warned = sum(one.state == "warn" for one in findings)
        print(f"{failed} failed, {warned} could be better, {len(findings) - failed - warned} are well.")
    return 1 if failed else 0


def _config_of(arguments: argparse.Namespace) -> tuple[Config, ConfigError | None]:
    """The configuration, or the defaults and what is wrong with it."""
    from alexa_local.cli.settings import settings_of
    from alexa_local.config import Config

    try:
        return settings_of(arguments), None
    except ConfigError as error:
        return Config(), error


def _is_readable(arguments: argparse.Namespace, faults: ConfigError | None) -> bool:
    from alexa_local.doctor.settings_file import own_config_file

    file = own_config_file(arguments.config)
    return faults is None and (not file.exists() or os.access(file, os.R_OK))


def _findings(
    arguments: argparse.Namespace, config: Config, faults: ConfigError | None
) -> Generator[Finding, None, None]:
    from alexa_local.config import load_config
    from alexa_local.doctor import (
        Finding,
        Patient,
        examine_daemon,
        examine_machine,
        examine_sound,
        failure,
        status_of,
        unit_of,
    )
    from alexa_local.doctor.mend import mend
    from alexa_local.doctor.settings_file import SettingsFile, own_config_file
    from alexa_local.sound import PortAudio

    file = own_config_file(arguments.config)
    if faults:
        yield Finding("configuration", "fail", str(faults).replace("\n", " "), "The defaults are examined.")
    elif not _is_readable(arguments, faults):
        fact = f"{file} is not yours to read, so the defaults are examined"
        yield Finding("configuration", "warn", fact, "Run this with sudo.")
    else:
        yield Finding("configuration", "ok", f"{file}" if file.exists() else "none, so the defaults hold")
    try:
        status = status_of(config)
    except AlexaLocalError as error:
        yield failure("daemon", error, "warn")
        status = {}
    portaudio = PortAudio()
    patient = Patient(config, status, portaudio, unit_of((status or {}).get("process")))
    try:
        yield from examine_daemon(patient)
        with patient.alone() as alone:
            if arguments.fix and not faults:
                yield from mend(alone, SettingsFile.read(file))
                alone = replace(alone, config=load_config(file) if file.exists() else config)
            yield from examine_sound(alone, not arguments.silent)
        yield from examine_machine(patient)
    finally:
        portaudio.close()
