"""What can be asked of the daemon on its control socket."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from alexa_local.context import new_request, working_for
from alexa_local.daemon.acting import Act
from alexa_local.daemon.control import Answer, Command
from alexa_local.daemon.controls import Controls
from alexa_local.daemon.events import EventBus
from alexa_local.daemon.parts import Parts
from alexa_local.daemon.readings import LastLattice
from alexa_local.errors import UsageError
from alexa_local.messages import TYPED, Hypothesis
from alexa_local.recognise.lattice_files import to_json
from alexa_local.recognise.normalise import spoken_form

WAKE_WORD = "alexa"


def commands(
    parts: Parts,
    act: Act,
    controls: Controls,
    bus: EventBus,
    status: Callable[[], Answer],
    request_stop: Callable[[str], None],
    last_lattice: LastLattice,
    outbox: Callable[[], Answer],
) -> Mapping[str, Command]:
    """Each command by its name; all run in the thread `control`, so what takes long is handed to `act`."""

    def say(request: Mapping[str, Any]) -> Any:
        words = spoken_form(_text(request, "text")).removeprefix(f"{WAKE_WORD} ")
        if not words:
            raise UsageError(
                "There is nothing to say. Give some words, such as: alexa-local say what time is it"
            )
        with working_for(new_request()):
            bus.publish("stt_text", {"text": words, "typed": True})
            return act.heard([Hypothesis(words, 0.0)], TYPED)

    def stop(_: Mapping[str, Any]) -> Answer:
        request_stop("the command stop")
        return {"stopping": True}

    def mode(request: Mapping[str, Any]) -> Any:
        return controls.set_local_only(_switch(request))

    def mute(request: Mapping[str, Any]) -> Answer:
        return controls.mute(_switch(request))

    def contacts(request: Mapping[str, Any]) -> Any:
        try:
            data = base64.b64decode(_text(request, "data"), validate=True)
        except ValueError as error:
            raise UsageError("The request's 'data' is not base64.") from error
        book = _text(request, "book") if "book" in request else ""
        return act.submit(lambda: parts.import_contacts(data, book))

    def lattice(_: Mapping[str, Any]) -> Answer:
        return {"lattice": to_json(last_lattice.get()), "age_s": round(last_lattice.age_s, 1)}

    def privacy(request: Mapping[str, Any]) -> Answer:
        since_s = request.get("since_s", 0.0)
        if isinstance(since_s, bool) or not isinstance(since_s, int | float):
            raise UsageError("The request's 'since_s' is no number. Give seconds since the epoch.")
        return parts.privacy(since_s)

    return {
        "status": lambda _: status(),
        "say": say,
        "stop": stop,
        "mode": mode,
        "mute": mute,
        "contacts": contacts,
        "lattice": lattice,
        "outbox": lambda _: outbox(),
        "privacy": privacy,
        "outbox_clear": lambda _: {"deleted": parts.clear_outbox()},
        **parts.commands,
    }


def _text(request: Mapping[str, Any], key: str) -> str:
    value = request.get(key)
    if not isinstance(value, str):
        raise UsageError(f"The request lacks {key!r}. Give it as text.")
    return value


def _switch(request: Mapping[str, Any]) -> bool:
    value = request.get("on")
    if not isinstance(value, bool):
        raise UsageError("The request lacks 'on'. Give it as true or false.")
    return value
