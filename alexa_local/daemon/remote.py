"""Does what is asked over MQTT, as far as the owner allows it, and each thing once.

Whoever may publish there is let in by the broker alone. So a command must fit its schema and be one of
`mqtt.commands`; a few are in hand at a time, so that a storm of them keeps no spoken request from its turn.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from typing import Any

from alexa_local.daemon.acting import Act
from alexa_local.daemon.control import Answer
from alexa_local.daemon.parts import Do, Parts
from alexa_local.errors import AlexaLocalError, MessageError
from alexa_local.messages import TYPED, Interpretation
from alexa_local.mqtt.message import Message
from alexa_local.mqtt.topics import Command, id_of, read_command

_LOG = logging.getLogger(__name__)

MOST_IN_HAND = 4
"""Commands that are being done at once; more are told to come again."""

MOST_IDS = 512
"""Ids that are remembered, with what was answered, while the daemon runs."""

Table = Mapping[str, Callable[[Mapping[str, Any]], "Answer | Future[Answer]"]]
"""What can be asked of the daemon on its control socket."""

Reply = Callable[[bytes, Mapping[str, Any]], None]
"""Tells what became of the command with an id (b"" for none)."""


class Remote:
    """Commands come in one thread, and may be done in another.

    Attributes:
        counts: how many there were, by what became of them: "done", "failed", "repeated" (an id that was
            there before), "invalid" (no command), "forbidden" (not allowed) or "busy" (too many at once).
    """

    def __init__(self, allowed: Collection[str], actions: Mapping[str, Do], reply: Reply) -> None:
        self.counts: Counter[str] = Counter()
        self._allowed, self._actions, self._reply = frozenset(allowed), actions, reply
        self._lock = threading.Lock()
        self._in_hand = 0
        self._answers: OrderedDict[bytes, Mapping[str, Any] | None] = OrderedDict()

    def take(self, message: Message) -> None:
        """Do a command, or say why not."""
        try:
            command = read_command(message)
        except MessageError as error:
            _LOG.warning("A command was refused (%d so far): %s", self.counts["invalid"] + 1, error)
            self._refuse("invalid", id_of(message), "", str(error))
            return
        if command.name not in self._allowed:
            told = (
                f"The command {command.name} is not allowed. List it in mqtt.commands of the configuration."
            )
            self._refuse("forbidden", command.id, command.name, told)
            return
        if not self._is_new(command):
            return
        try:
            answer = self._actions[command.name](command.value)
        except AlexaLocalError as error:
            self._finish(command, error)
        else:
            if isinstance(answer, Future):
                answer.add_done_callback(functools.partial(self._settle, command))
            else:
                self._finish(command, answer)

    def _is_new(self, command: Command) -> bool:
        """Whether to do it; else it is answered as it was before, or as soon as that is known."""
        with self._lock:
            is_known = bool(command.id) and command.id in self._answers
            before = self._answers[command.id] if is_known else None
            is_busy = not is_known and self._in_hand >= MOST_IN_HAND
            if not is_known and not is_busy:
                self._in_hand += 1
                self._remember(command.id, None)
        if is_known:
            self.counts["repeated"] += 1
            if before is not None:
                self._reply(command.id, before)
        elif is_busy:
            self._refuse("busy", command.id, command.name, "Too many commands came at once. Send it again.")
        return not is_known and not is_busy

    def _settle(self, command: Command, promise: Future[Answer]) -> None:
        if promise.cancelled():
            self._finish(command, AlexaLocalError("The device was too busy, or ends. Send it again."))
            return
        error = promise.exception()
        if error is None:
            self._finish(command, promise.result())
        elif isinstance(error, AlexaLocalError):
            self._finish(command, error)
        else:
            self._finish(command, AlexaLocalError(f"It failed: {error}."))

    def _finish(self, command: Command, outcome: Answer | AlexaLocalError) -> None:
        told: dict[str, Any] = {"command": command.name, "ok": not isinstance(outcome, AlexaLocalError)}
        if isinstance(outcome, AlexaLocalError):
            told["error"] = str(outcome)[:500]
        elif command.name == "say":
            told |= {"done": bool(outcome["done"]), "reply": str(outcome["reply"])[:2000]}
        elif not outcome.get("done", True):
            told |= {"ok": False, "error": str(outcome["reply"])[:500]}
        with self._lock:
            self._in_hand -= 1
            self._remember(command.id, told)
        self.counts["done" if told["ok"] else "failed"] += 1
        self._reply(command.id, told)

    def _refuse(self, why: str, about: bytes, name: str, told: str) -> None:
        self.counts[why] += 1
        self._reply(about, {"command": name, "ok": False, "error": told[:500]})

    def _remember(self, about: bytes, answer: Mapping[str, Any] | None) -> None:
        if about:
            self._answers[about] = answer
            self._answers.move_to_end(about)
            if len(self._answers) > MOST_IDS:
                self._answers.popitem(last=False)


def actions(parts: Parts, act: Act, table: Table) -> Mapping[str, Do]:
    """What the commands do, by name: what a person could do with the program or with their voice."""

    def perform(intent: str, **slots: Any) -> Future[Answer]:
        def work() -> Answer:
            outcome = parts.perform(Interpretation(intent, slots, confidence=1.0), TYPED)
            return {"done": outcome.ok, "reply": outcome.reply}

        return act.submit(work)

    return {
        "volume": lambda percent: perform("SetVolume", level=percent),
        "stop": lambda _: perform("Stop"),
        "mute": lambda on: table["mute"]({"on": on}),
        "local-only": lambda on: table["mode"]({"on": on}),
        "say": lambda text: table["say"]({"text": text}),
    }
