"""Encryption as the owner set it: their own authority and, where the broker wants it, our own certificate."""

from __future__ import annotations

import ssl
from pathlib import Path

from alexa_local.errors import ConfigError

SETTINGS = ("mqtt.tls_ca_file", "mqtt.tls_cert_file", "mqtt.tls_key_file")
"""What the three files are called in the configuration."""


def tls_context(
    authority: Path, certificate: Path | None, key: Path | None, called: tuple[str, str, str] = SETTINGS
) -> ssl.SSLContext:
    """What a connection is encrypted with.

    Args:
        authority: who signed the broker's certificate; nobody else is trusted.
        certificate: our own, None for none.
        key: its key.
        called: what the three are called to whoever set them.

    Raises:
        ConfigError: a file cannot be read or is none of these, or the key is another certificate's.
    """
    try:
        context = ssl.create_default_context(cafile=str(authority))
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise ConfigError(
            f"{called[0]}: {authority} cannot be used ({_why(error)}). Name a PEM file."
        ) from error
    if certificate is None or key is None:
        return context
    for name, file in ((called[1], certificate), (called[2], key)):
        try:
            file.read_bytes()
        except OSError as error:
            raise ConfigError(
                f"{name}: {file} cannot be read ({_why(error)}). Correct the path, or who may read it."
            ) from error
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{called[2]}: {key} cannot be used with the certificate {certificate} ({_why(error)}). "
            "Name the PEM file of the key that belongs to it, without a password."
        ) from error
    return context


def _no_password() -> str:
    """Nobody is there to be asked for one."""
    raise ValueError("it has a password")


def _why(error: Exception) -> str:
    return str(getattr(error, "reason", "") or getattr(error, "strerror", "") or error)
