"""`alexa-local-cloud`: the commands of the owner's server, whose options may be environment variables too."""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol

from alexa_local import __version__
from alexa_local.cloud import acl_options, update_options
from alexa_local.errors import AlexaLocalError, ConfigError, UsageError

if TYPE_CHECKING:
    from alexa_local.cloud.broker import BrokerSettings

ENVIRONMENT = "ALEXA_LOCAL_CLOUD_"
CREDENTIAL = "alexa-local-cloud.password"
"""The name under which systemd hands over the password."""

_PORT, _TLS_PORT = 1883, 8883
_INTERRUPTED = 128 + 2
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CHECKOUT = Path(__file__).resolve().parents[2] / "firmware_models"
_INSTALLED = Path("/usr/share/alexa-local-cloud/models")
MODEL = "rerank-en"


class _Parser(argparse.ArgumentParser):
    """Wrong words are an error like every other: one line, and an exit code of its own."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}. See `{self.prog} --help`.")


def make_parser(env: Mapping[str, str]) -> argparse.ArgumentParser:
    """The parser; what the environment says are its defaults."""
    parser = _Parser(
        prog="alexa-local-cloud",
        description="An owner's own server for alexa-local's devices.",
        epilog=f"A command's options may be environment variables instead, such as {ENVIRONMENT}BROKER.",
    )
    parser.add_argument("--version", action="version", version=f"alexa-local-cloud {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    rerank = commands.add_parser(
        "rerank",
        help="read the devices' lattices again, with a larger language model",
        description="Take lattices from a broker, and publish what they say. Start one for each core.",
    )
    rerank.set_defaults(run=run_rerank)
    add = _options(rerank, env)
    _add_broker(rerank, env)
    add("model", "DIR", "another language model than the one that is shipped", Path)
    add("metrics", "PORT", "offer metrics at http://127.0.0.1:PORT/metrics", int)
    add("name", "NAME", "of this worker, other than those of all others (host name and 1)")
    _add_updates(commands, env)
    acl_options.add_acl(
        commands.add_parser(
            "acl",
            help="say who may do what at mosquitto",
            description="Make mosquitto's access list of devices, workers and others.",
        )
    )
    return parser


def _add_updates(commands: argparse._SubParsersAction[_Parser], env: Mapping[str, str]) -> None:
    publish = commands.add_parser(
        "publish",
        help="offer a newer model to the devices",
        description="Pack a model, sign it, and leave it at the broker; devices fetch it when they can.",
    )
    update_options.add_publish(publish)
    _add_broker(publish, env)
    unpublish = commands.add_parser("unpublish", help="offer a model no more")
    update_options.add_unpublish(unpublish)
    _add_broker(unpublish, env)
    update_options.add_keys(commands.add_parser("keys", help="keys that sign models"), _Parser)


def _add_broker(command: argparse.ArgumentParser, env: Mapping[str, str]) -> None:
    """The options that say how the broker is reached."""
    add = _options(command, env)
    add("broker", "HOST[:PORT]", f"the MQTT broker (port {_PORT}, encrypted {_TLS_PORT})")
    add("tls-ca", "FILE", "encrypt, and trust this authority (PEM)", Path)
    add("tls-cert", "FILE", "show the broker this certificate (PEM)", Path)
    add("tls-key", "FILE", "the key of that certificate (PEM)", Path)
    add("username", "NAME", "for the broker")
    add("password-file", "FILE", f"holds the password (default: systemd's credential {CREDENTIAL})", Path)
    add("prefix", "TOPIC", "that of all topics (alexa-local)", default="alexa-local")


class _Add(Protocol):
    """Adds one option."""

    def __call__(
        self,
        name: str,
        metavar: str,
        about: str,
        kind: Callable[[str], object] = str,
        default: object = None,
    ) -> None: ...


def _options(command: argparse.ArgumentParser, env: Mapping[str, str]) -> _Add:
    """What adds options that may be environment variables too."""

    def add(
        name: str, metavar: str, about: str, kind: Callable[[str], object] = str, default: object = None
    ) -> None:
        given = env.get(ENVIRONMENT + name.upper().replace("-", "_")) or default
        command.add_argument(f"--{name}", metavar=metavar, type=kind, default=given, help=about)

    return add


def run_rerank(arguments: argparse.Namespace) -> int:
    """Work until SIGTERM or Ctrl-C."""
    for name in _THREADS:
        os.environ.setdefault(name, "1")  # before numpy is imported: workers, not threads, use the cores
    from alexa_local.cloud.answering import Answering
    from alexa_local.cloud.language_model import LanguageModel
    from alexa_local.cloud.metrics import Metrics
    from alexa_local.cloud.rerank import Reranker, mix_of
    from alexa_local.cloud.worker import Worker
    from alexa_local.models import open_model
    from alexa_local.notify import Notifier

    name = arguments.name or re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())[:60] + "-1"
    if not _NAME.fullmatch(name):
        raise UsageError("--name may have 64 letters, digits, '.', '_' and '-'. Choose another one.")
    settings = broker_settings(arguments, os.environ)
    folder = (arguments.model or models_folder() / MODEL).resolve()
    model = open_model(folder.name, folder.parent)
    metrics = Metrics()
    answering = Answering(arguments.prefix, Reranker(LanguageModel(model), mix_of(model)), name)
    worker = Worker(name, settings, answering, metrics, Notifier())
    if arguments.metrics is not None:
        metrics.serve(arguments.metrics)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    worker.run()
    return 0


def broker_settings(arguments: argparse.Namespace, env: Mapping[str, str]) -> BrokerSettings:
    """How the broker is reached.

    Raises:
        UsageError: there is none, or its port is no number.
        ConfigError: the password cannot be read.
    """
    from alexa_local.cloud.broker import BrokerSettings

    if not arguments.broker:
        raise UsageError(f"No broker is given. Name one with --broker, or {ENVIRONMENT}BROKER.")
    host, colon, port = arguments.broker.rpartition(":")
    if not colon or arguments.broker.endswith("]"):  # no port, or an IPv6 address alone
        host, port = arguments.broker, str(_TLS_PORT if arguments.tls_ca else _PORT)
    if not (port.isdecimal() and 0 < int(port) < 65536):
        raise UsageError(f"--broker: {port!r} is no port. Write HOST or HOST:PORT.")
    if bool(arguments.tls_cert) != bool(arguments.tls_key) or (arguments.tls_cert and not arguments.tls_ca):
        raise UsageError("A certificate needs its key and an authority: --tls-ca, --tls-cert and --tls-key.")
    return BrokerSettings(
        host.strip("[]"),
        int(port),
        arguments.tls_ca,
        arguments.username or "",
        _password(arguments, env),
        tls_cert_file=arguments.tls_cert,
        tls_key_file=arguments.tls_key,
    )


def _password(arguments: argparse.Namespace, env: Mapping[str, str]) -> str:
    file = arguments.password_file
    if file is None:
        handed_over = Path(env.get("CREDENTIALS_DIRECTORY", ""), CREDENTIAL)
        if "CREDENTIALS_DIRECTORY" not in env or not handed_over.exists():
            return ""
        file = handed_over
    try:
        text: str = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The password in {file} cannot be read ({error}). Correct the file.") from error
    return text.rstrip("\n")


def models_folder() -> Path:
    """Where the server's models lie: the checkout's, or the installed ones."""
    return _CHECKOUT if _CHECKOUT.is_dir() else _INSTALLED


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the process's exit code (see `alexa_local.errors`)."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.INFO)
    try:
        arguments = make_parser(os.environ).parse_args(argv)
        code: int = arguments.run(arguments)
        return code
    except AlexaLocalError as error:
        print(f"alexa-local-cloud: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED
