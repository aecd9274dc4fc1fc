"""An archive for whoever helps from afar: how all is, but not who lives here or what was said."""

from __future__ import annotations

import io
import json
import platform
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from alexa_local import __version__
from alexa_local.config import Config
from alexa_local.doctor.findings import Finding
from alexa_local.doctor.redact import Sieve, private_words, shown_config
from alexa_local.store import durable_write

UNIT = "alexa-local.service"
_LINES, _LIMIT_S = 2000, 20.0
_PRIVATE = "PRIVATE"
"""The field of entries that were written while `log.transcripts` was on."""

_LEAST_IMPORTANT = 6  # information; what is below may hold words that were said
_PACKAGES = (
    *("numpy", "tflite-runtime", "ai-edge-litert", "pyaudio", "soundfile", "soxr", "pyyaml", "paho-mqtt"),
    *("fastjsonschema", "cryptography", "zstandard", "systemd-python", "num2words", "hassil", "mutagen"),
    *("vobject", "gpiozero", "spidev"),
)

_ABOUT = """\
Made by `alexa-local doctor --bundle`, to be read by somebody who helps.

It holds what the examination found, versions, the settings (numbers, switches and choices; of names, hosts,
passwords, paths and commands only whether they are set), and the service's log. It holds no sound, no
contacts and nothing that was said: names and numbers of the contacts, hosts and passwords are replaced by
[hidden], and in the log every word that is not one of the program's own by ….
Look through it before you send it.
"""

ReadJournal = Callable[[], str]


def write_bundle(
    file: Path, findings: Sequence[Finding], config: Config | None, read_journal: ReadJournal | None = None
) -> None:
    """Write the archive, readable by its maker alone.

    Args:
        file: where.
        findings: what was found.
        config: the settings; None when they are wrong or not ours to read, so that nothing private is known.
        read_journal: gives the service's log, as `journal`.

    Raises:
        StorageError: it cannot be written.
    """
    words, contacts_known = private_words(config or Config())
    sieve = Sieve(words)
    hide = sieve.known if config else sieve.strict
    members = {
        "ABOUT.txt": _ABOUT,
        "findings.json": _json([_redacted(one, hide) for one in findings]),
        "findings.txt": "".join(f"{hide(str(one))}\n" for one in findings),
        "versions.json": sieve.known(_json(versions())),
        "settings.json": sieve.known(_json(shown_config(config))) if config else "{}\n",
        "journal.txt": _journal(config, sieve, contacts_known, read_journal or journal),
    }
    durable_write(file, _packed(members))


def _redacted(finding: Finding, hide: Callable[[str], str]) -> dict[str, Any]:
    return finding.as_json() | {"fact": hide(finding.fact), "remedy": hide(finding.remedy)}


def versions() -> dict[str, Any]:
    """The program's, the system's and the libraries' versions."""
    installed = {one.metadata["Name"].lower().replace("_", "-"): one.version for one in distributions()}
    return {
        "alexa-local": __version__,
        "python": sys.version.split()[0],
        "system": _os_name(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "packages": {name: installed[name] for name in _PACKAGES if name in installed},
        "sound cards": _read(Path("/proc/asound/cards")).splitlines(),
    }


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return ""


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def journal() -> str:
    """The service's last lines as journald's JSON, "" where there is no journal or it may not be read."""
    command = [
        "journalctl",
        "--unit",
        UNIT,
        "--lines",
        str(_LINES),
        "--output",
        "json",
        "--no-pager",
        "--quiet",
    ]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _journal(config: Config | None, sieve: Sieve, contacts_known: bool, read: ReadJournal) -> str:
    if config is None:
        return "Left out: the settings could not be read, so it is not known what is private.\n"
    if config.log.transcripts:
        return "Left out: the log holds what was said, because `log.transcripts` is on.\n"
    if not contacts_known:
        return "Left out: the contacts could not be read, so their names could not be taken out.\n"
    lines = list(_lines(read(), sieve))
    return "".join(f"{line}\n" for line in lines) or "There is none, or it may not be read.\n"


def _lines(said: str, sieve: Sieve) -> Iterator[str]:
    for line in said.splitlines():
        try:
            entry = json.loads(line)
            priority = int(entry.get("PRIORITY", _LEAST_IMPORTANT))
            at_s = int(entry["__REALTIME_TIMESTAMP"]) / 1e6
        except (ValueError, KeyError, TypeError):
            continue
        message = entry.get("MESSAGE") if _PRIVATE not in entry else None
        if priority <= _LEAST_IMPORTANT and isinstance(message, str):
            when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at_s))
            yield f"{when} <{priority}> {sieve.strict(message)}"


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _packed(members: dict[str, str]) -> bytes:
    """A .tar.gz whose entries tell nothing of who made it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in members.items():
            data = text.encode()
            entry = tarfile.TarInfo(f"alexa-local-doctor/{name}")
            entry.size, entry.mode, entry.mtime = len(data), 0o644, int(time.time())
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()
