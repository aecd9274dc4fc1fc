"""`alexa-local enroll`, `identify` and `people`: teaching it voices, trying them, and forgetting them."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alexa_local.cli.control import ask_daemon
from alexa_local.cli.files import each_file
from alexa_local.errors import DaemonUnreachable, UsageError, VoiceRefused

if TYPE_CHECKING:
    from alexa_local.speaker import SpeakerEmbedder
    from alexa_local.speaker.enrolment import Enrolment


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add enroll, identify and people."""
    text = "Teach it a person's voice: five sentences at the microphone, or sound files of them alone."
    enroll = commands.add_parser(
        "enroll", help=text, description=text, parents=[common], options_anywhere=True
    )
    enroll.add_argument("name", metavar="NAME", help="what they are called")
    enroll.add_argument("files", nargs="*", metavar="FILE", type=Path, help="instead of the microphone")
    enroll.add_argument("--again", action="store_true", help="replace what is known of NAME's voice")
    enroll.add_argument("--json", action="store_true", help="one JSON object; only with FILE")
    enroll.set_defaults(run=_enroll)
    text = "Say whose voice is in sound files: somebody's who is enrolled, or nobody's who is known."
    identify = commands.add_parser("identify", help=text, description=text, parents=[common])
    identify.add_argument("files", nargs="+", metavar="FILE", type=Path)
    identify.add_argument("--json", action="store_true", help="one JSON object for each file")
    identify.set_defaults(run=_identify)
    text = "Say whose voices are known, or forget one."
    people = commands.add_parser("people", help=text, description=text, parents=[common])
    people.add_argument("action", nargs="?", choices=["list", "remove"], default="list")
    people.add_argument("name", nargs="?", metavar="NAME", help="whom to forget")
    people.add_argument("--json", action="store_true", help="one JSON object")
    people.set_defaults(run=_people)


def _enroll(arguments: argparse.Namespace) -> int:
    from alexa_local.speaker.enrolment import Enrolment, checked_name
    from alexa_local.speaker.profiles import already_there

    name = checked_name(arguments.name)
    if arguments.json and not arguments.files:
        raise UsageError("At the microphone it talks to you. Give --json with sound files.")
    known = [one["name"] for one in _ask(arguments, "people")["people"]]
    if not arguments.again and name.casefold() in (one.casefold() for one in known):
        raise already_there(name)
    enrolment = Enrolment(_embedder(arguments))
    try:
        if arguments.files:
            _learn_files(enrolment, arguments.files)
        else:
            _learn_spoken(arguments, enrolment, name)
        profile = enrolment.profile(name, time.time())
    except VoiceRefused as error:
        raise VoiceRefused(f"{error} Nothing was kept of {name}'s voice.") from error
    fields = {"name": name, "again": arguments.again, "version": profile.version}
    answer = _ask(arguments, "people_enroll", **fields, embeddings=profile.embeddings.tolist())
    if arguments.json:
        print(json.dumps({**answer, "speech_s": round(enrolment.speech_s, 1)}, ensure_ascii=False))
    else:
        print(f"{name}'s voice is known now, from {enrolment.speech_s:.0f} s of speech.")
        if answer["like"]:
            print(f"It is much like {answer['like']}'s: one may be taken for the other, or both for nobody.")
    return 0


def _learn_files(enrolment: Enrolment, files: list[Path]) -> None:
    from alexa_local.cli.offline import whole_file

    for file in files:
        try:
            enrolment.add(whole_file(file))
        except VoiceRefused as error:
            raise VoiceRefused(f"{file}: {error}") from error


def _learn_spoken(arguments: argparse.Namespace, enrolment: Enrolment, name: str) -> None:
    """Ask for the sentences; a running daemon lets go of the microphone meanwhile."""
    from alexa_local.cli.enrolling import learn, lent_microphone
    from alexa_local.cli.settings import settings_of

    with lent_microphone(lambda command, **fields: ask_daemon(arguments, command, **fields)):
        learn(settings_of(arguments), enrolment, name, lambda line: print(line, flush=True))


def _identify(arguments: argparse.Namespace) -> int:
    from alexa_local.cli.offline import whole_file
    from alexa_local.speaker.comparing import voice_of

    embedder = _embedder(arguments)

    def examine(file: Path) -> dict[str, Any]:
        from alexa_local.frontend import log_mel

        voice = voice_of(embedder, log_mel(whole_file(file)))
        if voice is None:
            return {"person": None, "speech_s": round(embedder.speech_s, 2)}
        fields = {"version": embedder.version, "speech_s": voice.speech_s}
        fields["embedding"] = voice.embedding.tolist()
        return {
            "person": None,
            "speech_s": round(voice.speech_s, 2),
            **_ask(arguments, "people_identify", **fields),
        }

    return each_file(arguments, examine, lambda file, found: f"{file}: {_who(found)}")


def _who(found: dict[str, Any]) -> str:
    if "known" not in found:
        return "too little speech to tell"
    if not found["known"]:
        return "nobody is known yet (alexa-local enroll NAME)"
    if found["person"]:
        return f"{found['person']} ({_share(found['probability'])} sure)"
    if found["person"] == "":
        return f"nobody who is known ({_share(found['stranger'])} sure)"
    return f"not sure; most like {found['nearest']} ({_share(found['probability'])})"


def _share(probability: float) -> str:
    """Never all of it: a voice is no proof."""
    return f"{min(probability, 0.99):.0%}"


def _people(arguments: argparse.Namespace) -> int:
    if arguments.action == "remove":
        if not arguments.name:
            raise UsageError("Whom? Give the name: alexa-local people remove NAME")
        answer = _ask(arguments, "people_remove", name=arguments.name)
        print(json.dumps(answer, ensure_ascii=False) if arguments.json else f"{answer['removed']}: forgotten")
        return 0
    if arguments.name:
        raise UsageError("`people list` takes no name. To forget somebody: alexa-local people remove NAME")
    answer = _ask(arguments, "people")
    if arguments.json:
        print(json.dumps(answer, ensure_ascii=False))
        return 0
    for one in answer["people"]:
        if not one["usable"]:
            print(f"{one['name']}: cannot be used any more; enrol again: alexa-local enroll --again NAME")
            continue
        day = time.strftime("%Y-%m-%d", time.localtime(one["enrolled_s"]))
        followed = f", followed by {one['adapted']} requests" if one["adapted"] else ""
        print(f"{one['name']}: enrolled on {day}, {one['sentences']} sentences{followed}")
    if not answer["people"]:
        print("No voice is known. Teach it one: alexa-local enroll NAME", file=sys.stderr)
    return 0


def _embedder(arguments: argparse.Namespace) -> SpeakerEmbedder:
    from alexa_local.cli.settings import settings_of
    from alexa_local.daemon.paths import open_used
    from alexa_local.speaker import SpeakerEmbedder

    config = settings_of(arguments)
    if not config.people.model:
        raise UsageError("Voices are not told apart: `people.model` is empty. Set it to speaker.")
    return SpeakerEmbedder(open_used(config.people.model, config.daemon))


def _ask(arguments: argparse.Namespace, command: str, **fields: Any) -> dict[str, Any]:
    """What the daemon answers; without one, what its database does."""
    try:
        return ask_daemon(arguments, command, **fields)
    except DaemonUnreachable as error:
        if isinstance(error.__cause__, PermissionError):
            raise
    from alexa_local.cli.settings import settings_of
    from alexa_local.daemon.paths import DATABASE, state_dir
    from alexa_local.daemon.voices import People
    from alexa_local.store import as_owner_of, existing_store, open_store

    folder = state_dir(settings_of(arguments).daemon)
    embedder = _embedder(arguments)
    with existing_store(folder / DATABASE) as store:
        if store is not None:
            return dict(People(store, folder, embedder).commands()[command](fields))
    nothing: dict[str, dict[str, Any]] = {"people": {"people": []}, "people_identify": {"known": 0}}
    if command in nothing:
        return nothing[command]
    with as_owner_of(folder), open_store(folder / DATABASE) as store:
        return dict(People(store, folder, embedder).commands()[command](fields))
