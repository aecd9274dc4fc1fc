"""`alexa-local setup`: the first run, as questions on a terminal or as flags, and any time again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alexa_local.errors import UsageError

if TYPE_CHECKING:
    from alexa_local.cli.setup_answers import Answers
    from alexa_local.config import Config
    from alexa_local.doctor.settings_file import SettingsFile

_FLAGS = ("input", "output", "person", "broker", "local_only", "no_try")


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add setup."""
    text = "Choose devices, people, broker and local-only, by questions or by flags; what is set is kept."
    parser = commands.add_parser("setup", help=text, description=text, parents=[common])
    parser.add_argument("--input", metavar="NAME", help="the microphone, or `default`")
    parser.add_argument("--output", metavar="NAME", help="the loudspeaker, `default` or `none`")
    parser.add_argument(
        "--person",
        metavar="NAME[=FILE]",
        action="append",
        default=[],
        help="who lives here, and their address book; may be given often",
    )
    parser.add_argument("--broker", metavar="URL", help="mqtt://USER@HOST:PORT, mqtts:// with TLS, or `none`")
    parser.add_argument(
        "--broker-password-file", metavar="FILE", type=Path, help="its first line; `-` for standard input"
    )
    parser.add_argument(
        "--broker-ca", metavar="FILE", type=Path, help="who signed the broker's certificate, for mqtts://"
    )
    parser.add_argument(
        "--local-only", action=argparse.BooleanOptionalAction, help="send nothing over the network"
    )
    parser.add_argument("--no-try", action="store_true", help="do not try the microphone out")
    parser.add_argument("--yes", action="store_true", help="ask nothing; so too without a terminal")
    parser.set_defaults(run=_setup)


def _setup(arguments: argparse.Namespace) -> int:
    from alexa_local.config import Config, load_config
    from alexa_local.doctor import status_of, unit_of
    from alexa_local.doctor.settings_file import SettingsFile, own_config_file

    file = SettingsFile.read(own_config_file(arguments.config))
    config = load_config(file.path) if file.text else Config()
    status = status_of(config)
    unit = unit_of((status or {}).get("process"))
    asks = not arguments.yes and sys.stdin.isatty() and sys.stdout.isatty()
    if asks and unit:
        print("The service is stopped while you answer, so that the microphone can be tried.")
        with unit.set_aside():
            written = _settle(arguments, config, file, None, asks)
        print("The service runs again.")
        return 1 if written is None else 0
    written = _settle(arguments, config, file, status, asks)
    if written and unit:
        unit.restart()
        print("The service runs with the new settings.")
    elif written and status is not None:
        print("The daemon runs with the old settings until `systemctl restart alexa-local`.")
    elif written is not None and status is None:
        print("Start it with `systemctl start alexa-local` or `alexa-local run`.")
    return 1 if written is None else 0


def _settle(
    arguments: argparse.Namespace,
    config: Config,
    file: SettingsFile,
    status: Mapping[str, Any] | None,
    asks: bool,
) -> bool | None:
    """Have the answers and keep them; whether the file was changed, None when nothing was wanted."""
    from alexa_local.cli.setup_answers import present, with_flags
    from alexa_local.doctor.examination import stored_local_only

    local_only = bool(status["local_only"]) if status else stored_local_only(config)
    if local_only is None and arguments.local_only is None:
        local_only = config.privacy.local_only  # the database is not ours, and nobody wants to change it
    answers = with_flags(present(config, local_only), arguments)
    if asks:
        asked = _asked(arguments, answers, config, status is not None)
        if asked is None:
            print("Nothing was changed.")
            return None
        answers = asked
    else:
        _warn_of_absent(answers)
    return _apply(answers, config, file, status is not None, local_only)


def _asked(
    arguments: argparse.Namespace, answers: Answers, config: Config, daemon_runs: bool
) -> Answers | None:
    """The answers of whoever sits there; None when they want nothing changed."""
    from alexa_local.cli.setup_answers import told
    from alexa_local.cli.setup_people import known_people
    from alexa_local.cli.setup_questions import Talk, ask_all
    from alexa_local.sound import PortAudio

    talk, portaudio = Talk(), PortAudio()
    given = frozenset(name for name in _FLAGS if getattr(arguments, name) not in (None, [], False))
    if arguments.local_only is False:
        given |= {"local_only"}
    try:
        answers = ask_all(talk, answers, given, config, portaudio, daemon_runs, known_people(config))
        for line in [*told(answers.changes(config)), *(f"new: {person.name}" for person in answers.people)]:
            talk.write(f"  {line}")
        return answers if talk.yes("Do it?", True) else None
    except EOFError as error:
        raise UsageError("The questions ended early, and nothing was changed. Run it again.") from error
    finally:
        portaudio.close()


def _warn_of_absent(answers: Answers) -> None:
    """A device may come later, so its absence is told and does not stop an unattended installation."""
    from alexa_local.errors import DeviceError
    from alexa_local.sound import choose_device, list_devices

    wanted = (("input", answers.input_device), ("output", answers.output_device))
    try:
        devices = list_devices()
        for direction, name in wanted:
            if name and name != "none":
                choose_device(devices, name, "input" if direction == "input" else "output")
    except DeviceError as error:
        print(f"alexa-local: warning: {error}", file=sys.stderr)


def _apply(
    answers: Answers, config: Config, file: SettingsFile, daemon_runs: bool, local_only: bool | None
) -> bool:
    """Write the file first, since it may refuse; then what the daemon keeps in its database.

    Returns:
        Whether the file was changed.
    """
    from alexa_local.cli.setup_answers import told
    from alexa_local.cli.setup_people import add_people, keep_local_only

    changes = answers.changes(config)
    if local_only == answers.local_only and config.privacy.local_only != answers.local_only:
        changes.pop("privacy.local_only")  # the first start is over, and the switch was not touched
    written = file.write(changes)
    for line in told(changes):
        print(f"set {line}")
    if answers.local_only != local_only:
        keep_local_only(config, answers.local_only, daemon_runs)
    for line in add_people(config, answers.people, daemon_runs):
        print(line)
    if answers.people and config.people.model:
        print("It can learn their voices too: alexa-local enroll NAME")
    if not written and not answers.people and answers.local_only == local_only:
        print(f"Nothing to change in {file.path}.")
    elif written:
        print(f"Written to {file.path}.")
    return written
