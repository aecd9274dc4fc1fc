"""The program has one way to the network: whoever opens a socket, or loads what could, is named here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import alexa_local
from alexa_local.config import load_config
from alexa_local.errors import ConfigError

ROOT = Path(alexa_local.__file__).parent

NETWORK = {
    *("aiohttp", "asyncio", "asyncore", "ftplib", "grpc", "http", "httpx", "imaplib", "mpd"),
    *("multiprocessing", "nntplib", "paho", "poplib", "prometheus_client", "requests", "smtplib", "socket"),
    *("socketserver", "ssl", "telnetlib", "urllib", "urllib3", "webbrowser", "websocket", "websockets"),
    *("xmlrpc", "zmq"),
}
"""Modules with which something could be sent."""

CLIENTS = {"mqtt/session.py", "mqtt/probe.py", "playback/served.py"}
"""Where connections are made: the one below the gate, and the look that `doctor` and `setup` take.

And the one to a music server, which the settings allow on this machine alone."""

HELPERS = {
    "mqtt/connection.py": {"paho"},
    "mqtt/broker.py": {"paho"},
    "mqtt/message.py": {"paho"},
    "mqtt/meter.py": {"socket", "ssl"},
    "mqtt/tls.py": {"ssl"},
    "mqtt/wire.py": {"paho"},
    "mqtt/topics.py": {"paho"},
    "cli/setup_answers.py": {"urllib"},
    "playback/playlists.py": {"urllib"},
}
"""Who uses such a module without making a connection: packets, certificates, the parts of an address."""

LOCAL = {
    "daemon/claim.py": {"AF_UNIX"},
    "daemon/client.py": {"AF_UNIX"},
    "daemon/control.py": {"socketpair"},
    "daemon/supervisor.py": {"socketpair"},
    "mqtt/identity.py": {"gethostname"},
    "doctor/redact.py": {"gethostname"},
}
"""Who uses sockets within this machine alone, and what of them."""

PROGRAMS = {
    "act/commands.py": "the owner's programs, which `privacy report` counts",
    "playback/voice.py": "the voice",
    "sound/rtkit.py": "a question to RTKit, by the system's bus",
    "daemon/metered.py": "NetworkManager's word on whether the connection costs",
    "updates/labour.py": "the unpacking of models",
    "doctor/unit.py": "systemctl",
    "doctor/bundle.py": "journalctl",
    "doctor/gain.py": "the sound server's gain",
    "recognise/lattice_picture.py": "the drawing of a graph",
}
"""Who starts other programs, and which."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Everything that runs on a device."""
    for file in sorted(ROOT.rglob("*.py")):
        name = file.relative_to(ROOT).as_posix()
        if not name.startswith(("testing/", "cloud/")):
            yield name, ast.parse(file.read_text())


def imported(tree: ast.Module) -> set[str]:
    """The packages that a module loads, also within functions."""
    names = [one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for name in names}


def test_only_these_modules_load_what_could_send_something() -> None:
    found = {name: imported(tree) & NETWORK for name, tree in modules()}
    loaded = {name: used for name, used in found.items() if used and name not in CLIENTS}
    allowed = {**HELPERS, **{name: {"socket"} for name in LOCAL}}
    assert {name: used - allowed.get(name, set()) for name, used in loaded.items()} == {
        name: set() for name in loaded
    }


def test_sockets_within_the_machine_are_nothing_else() -> None:
    for name, tree in modules():
        if name in LOCAL:
            used = {
                node.attr
                for node in ast.walk(tree)
                if isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "socket"
            }
            assert LOCAL[name] <= used, name
            assert not used & {"AF_INET", "AF_INET6", "create_connection", "getaddrinfo", "gethostbyname"}, (
                name
            )


def test_nothing_is_loaded_by_a_name_that_is_made_up_while_it_runs() -> None:
    """But for boards and runtimes, whose libraries may be missing."""
    allowed = {"indicate/board.py", "sound/portaudio.py", "tflite/network.py"}
    for name, tree in modules():
        calls = {
            node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute | ast.Name)
        }
        assert name in allowed or not calls & {"import_module", "__import__", "exec", "eval"}, name


def test_only_these_modules_start_other_programs() -> None:
    starters = {name for name, tree in modules() if "subprocess" in imported(tree)}
    assert starters <= PROGRAMS.keys()
    for name, tree in modules():
        words = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        starts = words & {"system", "popen", "execv", "execve", "execvp", "posix_spawn", "fork"}
        assert not starts or (name, starts) == ("cli/run.py", {"execv"}), name  # which starts itself anew


@pytest.mark.parametrize("host", ["nas.home", "192.168.1.2", "localhost.evil.example", "", "0.0.0.0"])
def test_a_music_server_is_on_this_machine(host: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(f"music: {{mpd_host: '{host}'}}\n")
    with pytest.raises(ConfigError, match=r"music\.mpd_host: expected a socket or localhost"):
        load_config(tmp_path / "config.yaml")


def test_the_broker_publishes_nothing_that_has_no_kind() -> None:
    """All that is handed to the library goes through `Connection._hand_over`, which asks for the kind."""
    calls = [
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "publish"
        and isinstance(node.func.value, ast.Attribute)
        and node.func.value.attr == "_client"
    ]
    assert calls == ["mqtt/connection.py"]
