"""`alexa-local wake-word`: the words that call the device, how good they are, and an owner's own."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alexa_local.cli.settings import settings_of
from alexa_local.errors import UsageError

if TYPE_CHECKING:
    from alexa_local.config import Config
    from alexa_local.daemon.own_words import Trial
    from alexa_local.wake import Hearer

_RESTART = "It counts from the daemon's next start on: `sudo systemctl restart alexa-local`."
_GOOD_SHARE = 0.8


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add wake-word list, add, remove and test."""
    text = "The words that call the device: how good they are, and words of your own."
    top = commands.add_parser("wake-word", help=text, description=text)
    inner = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    text = "Print the words, and what each step of sensitivity was measured to miss and to hear falsely."
    inner.add_parser("list", help=text, description=text, parents=[common]).set_defaults(run=_list)
    text = (
        'Add a phrase of your own, such as "hey computer", from its text alone: nothing is trained. It is '
        "tried out first on the voices that are installed, and what is wrong with it is told."
    )
    add = inner.add_parser("add", help=text, description=text, parents=[common])
    add.add_argument("phrase", metavar="PHRASE", help="two or three words, as they sound in English")
    add.add_argument("--yes", action="store_true", help="add it whatever the trial says, without a question")
    add.set_defaults(run=_add)
    text = "Remove a phrase of your own."
    remove = inner.add_parser("remove", help=text, description=text, parents=[common])
    remove.add_argument("phrase", metavar="PHRASE", help="as `list` prints it")
    remove.set_defaults(run=_remove)
    text = "Print when the words are heard in recordings: all words, or a phrase that is not added yet."
    test = inner.add_parser("test", help=text, description=text, parents=[common])
    test.add_argument("files", metavar="FILE", nargs="+", type=Path, help="WAV, FLAC or Ogg")
    test.add_argument("--phrase", help="this phrase alone")
    test.set_defaults(run=_test)


def _list(arguments: argparse.Namespace) -> int:
    from alexa_local.daemon.calling import steps_of

    config = settings_of(arguments)
    if config.wake.model:
        print(f"Alexa              {config.wake.model}")
    for phrase in config.wake.words:
        print(f"{phrase:18s} your own")
    print()
    if steps := steps_of(config) if config.wake.model else ():
        print("sensitivity  missed  in noise  false an hour   (Alexa, on validation recordings)")
        for one in steps:
            mark = "*" if one.step == config.wake.sensitivity and config.wake.threshold is None else " "
            print(
                f"{mark} {one.step:9s}  {one.missed_pct:4.1f} %    {one.missed_noise_pct:4.1f} %"
                f"  {one.false_per_hour:13.2f}"
            )
    if config.wake.threshold is not None:
        print(f"The threshold is your own: {config.wake.threshold}.")
    return 0


def _add(arguments: argparse.Namespace) -> int:
    from alexa_local.daemon.own_words import doubts, refuse, try_out
    from alexa_local.doctor.settings_file import SettingsFile, own_config_file
    from alexa_local.playback.voice import Voice, installed_voices

    config = settings_of(arguments)
    file = SettingsFile.read(own_config_file(arguments.config))
    phrase = refuse(arguments.phrase, config)
    hearer = _hearer_of(phrase, config)
    objections = list(doubts(phrase, config))
    voices = [Voice(name) for name in installed_voices()]
    if voices:
        trial = try_out(phrase, hearer, voices, lambda line: print(line, file=sys.stderr))
        _tell(phrase, trial)
        objections += _judge(trial)
    else:
        objections.append("No voice is installed, so it was not tried out. `apt install flite` gives one.")
    for objection in objections:
        print(f"! {objection}")
    if not arguments.yes and not _agreed(phrase, bool(objections)):
        print("Nothing was changed.")
        return 1
    file.write({"wake.words": (*config.wake.words, phrase)})
    print(f"{phrase!r} calls the device now. {_RESTART}")
    return 0


def _agreed(phrase: str, doubtful: bool) -> bool:
    """Whether the owner wants it; without a terminal, whether nothing speaks against it."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        if doubtful:
            raise UsageError("The phrase is doubtful. Choose another, or add it anyway with --yes.")
        return True
    return input(f"Use {phrase!r}? [y/N] ").strip().lower() in ("y", "yes")


def _tell(phrase: str, trial: Trial) -> None:
    print(f"{phrase!r} was said {trial.said} times by {', '.join(trial.voices)}: heard {trial.heard} times.")
    print(
        f"{trial.sentences} other sentences ({60 * trial.hours:.0f} minutes): "
        f"taken for it {len(trial.woken_by)} times."
    )
    print("People are heard less often than these voices: try `alexa-local wake-word test` on recordings.")


def _judge(trial: Trial) -> list[str]:
    found = []
    if trial.heard < _GOOD_SHARE * trial.said:
        found.append(
            "It is often missed, even from clear voices: the recogniser hears these sounds badly. Choose "
            "another, or write it as it sounds."
        )
    found += [f"It was heard in {sentence!r}." for sentence in trial.woken_by[:3]]
    return found


def _remove(arguments: argparse.Namespace) -> int:
    from alexa_local.doctor.settings_file import SettingsFile, own_config_file

    config = settings_of(arguments)
    wanted = " ".join(arguments.phrase.lower().split())
    kept = tuple(word for word in config.wake.words if word.lower() != wanted)
    if kept == config.wake.words:
        own = ", ".join(map(repr, config.wake.words)) or "none"
        raise UsageError(f"{wanted!r} is none of your own wake words ({own}).")
    SettingsFile.read(own_config_file(arguments.config)).write({"wake.words": kept})
    print(f"{wanted!r} calls the device no more. {_RESTART}")
    return 0


def _test(arguments: argparse.Namespace) -> int:
    from alexa_local.cli.offline import whole_file
    from alexa_local.daemon.calling import offline_hearer
    from alexa_local.daemon.own_words import refuse
    from alexa_local.wake import scan

    config = settings_of(arguments)
    if arguments.phrase:
        hearer = _hearer_of(refuse(arguments.phrase, config), config)
    else:
        hearer = offline_hearer(config)
    for file in arguments.files:
        found = scan(whole_file(file), hearer)
        heard = ", ".join(f"{one.word} at {one.end_frame / 100:.2f} s ({one.score:.2f})" for one in found)
        print(f"{file}: {heard or 'nothing'}")
    return 0


def _hearer_of(phrase: str, config: Config) -> Hearer:
    """What hears this phrase and nothing else."""
    from dataclasses import replace

    from alexa_local.daemon.calling import offline_hearer

    return offline_hearer(replace(config, wake=replace(config.wake, model="", words=(phrase,))))
