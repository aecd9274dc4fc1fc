"""Where the daemon's files are, for the service and for a user, so that the commands find them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from alexa_local.config import DaemonSettings
from alexa_local.models import Model, open_model

SOCKET, DATABASE = "control.sock", "alexa-local.sqlite"
PHRASE_VECTORS = "phrases.npz"
"""What attention biasing makes of the names, kept so that only new ones are encoded; it may be deleted."""
MUSIC_INDEX = "music.json"
"""The tags of the music; it may be deleted."""
SLOTS = "models"
"""In the folder of the state: newer generations of the models."""
SERVICE_RUNTIME, SERVICE_STATE = Path("/run/alexa-local"), Path("/var/lib/alexa-local")


def socket_path(
    settings: DaemonSettings, env: Mapping[str, str] = os.environ, uid: int | None = None
) -> Path:
    """The socket that a daemon started here would hold."""
    if settings.socket:
        return settings.socket
    if env.get("RUNTIME_DIRECTORY"):  # systemd gives a list when the unit asks for several
        return Path(env["RUNTIME_DIRECTORY"].split(":")[0], SOCKET)
    if (os.getuid() if uid is None else uid) == 0:
        return SERVICE_RUNTIME / SOCKET
    if env.get("XDG_RUNTIME_DIR"):
        return Path(env["XDG_RUNTIME_DIR"], "alexa-local", SOCKET)
    return state_dir(settings, env, uid) / SOCKET


def client_socket_path(settings: DaemonSettings, env: Mapping[str, str] = os.environ) -> Path:
    """The socket to ask: one's own daemon's, or else the service's."""
    own = socket_path(settings, env)
    if settings.socket or os.path.exists(own) or not SERVICE_RUNTIME.exists():  # noqa: PTH110 - never raises
        return own
    return SERVICE_RUNTIME / SOCKET  # whether we may open it, the attempt tells


def state_dir(settings: DaemonSettings, env: Mapping[str, str] = os.environ, uid: int | None = None) -> Path:
    """The folder of the database and everything else that survives a restart."""
    if settings.state_dir:
        return settings.state_dir
    if env.get("STATE_DIRECTORY"):
        return Path(env["STATE_DIRECTORY"].split(":")[0])
    if (os.getuid() if uid is None else uid) == 0:
        return SERVICE_STATE
    return Path(env.get("XDG_STATE_HOME") or Path.home() / ".local" / "state", "alexa-local")


def slots_dir(settings: DaemonSettings) -> Path:
    """The folder of the models' updates."""
    return state_dir(settings) / SLOTS


def open_used(name: str, settings: DaemonSettings) -> Model:
    """Open a model as the daemon here would: the newest generation that was accepted.

    Raises:
        ModelError: it is missing or altered.
    """
    return open_model(name, settings.models_dir, slots_dir(settings))


def cache_dir(settings: DaemonSettings, env: Mapping[str, str] = os.environ, uid: int | None = None) -> Path:
    """The folder of what can be made again; the service has one of its own, others use their state's."""
    if env.get("CACHE_DIRECTORY") and not settings.state_dir:
        return Path(env["CACHE_DIRECTORY"].split(":")[0])
    return state_dir(settings, env, uid)
