"""The commands `publish`, `unpublish` and `keys`: from their words to what `publish` and `signing` do."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alexa_local.cloud import edition, publish
from alexa_local.cloud.main import broker_settings
from alexa_local.cloud.shelf import Shelf
from alexa_local.errors import ConfigError, StorageError, UsageError
from alexa_local.generations import KeyChanges, version_of
from alexa_local.generations.signing import PUBLIC_SUFFIX, key_id, load_public
from alexa_local.generations.signing_key import SigningKey
from alexa_local.models import open_model

_LOG = logging.getLogger(__name__)
_NEXT = "next"


def run_publish(arguments: argparse.Namespace) -> int:
    """Make, sign and publish a generation."""
    folder, older = arguments.folder.resolve(), [each.resolve() for each in arguments.older]
    model = arguments.name or folder.name
    root = publish.models_root(arguments.prefix, model)
    wanted = _version(arguments.version)
    keys = [_signing_key(path) for path in arguments.key]
    changes = KeyChanges(tuple(map(load_public, arguments.add_key)), tuple(arguments.revoke_key))
    for each in (folder, *older):
        open_model(each.name, each.parent)
    now, begun, broker = None, False, None
    if arguments.out is None:
        broker = broker_settings(arguments, os.environ)
        with Shelf(broker, root) as shelf:
            now = publish.published(shelf, arguments.prefix, model)
            begun = publish.is_begun(shelf, arguments.prefix, model, version_of(folder))
    version = wanted or edition.next_version(folder, older, now, begun)
    edition.refuse_older(version, folder, older, now)
    edition.set_version(folder, version)
    with tempfile.TemporaryDirectory(prefix="alexa-local-publish-") as work:
        made = edition.prepare(model, folder, older, keys, Path(work), changes, now)
        _tell(made)
        if broker is None:
            _write(made, arguments.out)
            return 0
        with Shelf(broker, root) as shelf:  # another connection: packing takes longer than brokers wait
            report = publish.publish(shelf, arguments.prefix, made)
    print(
        f"{model} {version} is published: {report.sent} messages sent, {report.found} were there, "
        f"{report.removed} removed."
    )
    return 0


def run_unpublish(arguments: argparse.Namespace) -> int:
    """Remove a model from the broker."""
    with Shelf(
        broker_settings(arguments, os.environ), publish.models_root(arguments.prefix, arguments.name)
    ) as shelf:
        removed = publish.unpublish(shelf, arguments.prefix, arguments.name)
    print(f"{arguments.name} is published no more: {removed} messages removed.")
    return 0


def run_new_key(arguments: argparse.Namespace) -> int:
    """Make a key that only we can read, and its public half beside it."""
    key, file = SigningKey.new(), arguments.file
    public = file.with_name(file.name + PUBLIC_SUFFIX)
    _write_new(file, key.private_pem(), 0o600)
    _write_new(public, key.public_pem(), 0o644)
    print(f"{key.id}\nKeep {file} secret; copy {public} to the devices.")
    return 0


def run_show_key(arguments: argparse.Namespace) -> int:
    """Say a key's id."""
    try:
        print(key_id(load_public(arguments.file)), "public")
    except ConfigError:
        print(SigningKey.load(arguments.file).id, "private")
    return 0


def _version(text: str) -> int | None:
    """A version; None for the next one."""
    if text == _NEXT:
        return None
    if not text.isdecimal() or not int(text):
        raise UsageError(f"--version: {text!r} is no version. Write a whole number above 0, or next.")
    return int(text)


def _signing_key(path: Path) -> SigningKey:
    key = SigningKey.load(path)
    if path.stat().st_mode & 0o077:
        _LOG.warning("Others than you can read the key %s. Run: chmod 600 %s", path, path)
    return key


def _tell(made: edition.Edition) -> None:
    generation, whole = made.generation, made.generation.total_bytes
    print(f"{generation.model} {generation.version}: {len(generation.files)} files, {whole} bytes")
    for package in made.packages:
        upon = "" if package.base is None else f" upon {package.base}"
        print(f"  {package.kind}{upon}: {package.bytes} bytes, {package.bytes / whole:.1%}")


def _write(made: edition.Edition, out: Path) -> None:
    with _explained(out):
        out.mkdir(parents=True, exist_ok=True)
        for package, path in made.packages.items():
            shutil.copyfile(path, out / f"{package.sha256[:12]}.package")
        (out / "generation.json").write_bytes(made.envelope)


def _write_new(path: Path, data: bytes, mode: int) -> None:
    with _explained(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error.strerror}). Name another place.") from error
