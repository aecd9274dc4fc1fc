"""Parts without models, sound or disk: they understand a few words and remember what was asked of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from alexa_local.daemon.parts import Host, Parts, anybody
from alexa_local.errors import StorageError
from alexa_local.messages import Hypothesis, Interpretation, Lattice, Outcome, Talker
from alexa_local.mqtt import Result
from alexa_local.testing.pipeline import FakePipeline


class FakeHome:
    """Understands "light", "full disk" and "defect", asks about "timer", and remembers what happened."""

    def __init__(
        self,
        spoken: Sequence[str] = (),
        rescore: Callable[[Lattice], Lattice] | None = None,
        post: Callable[[Callable[[], bytes]], Future[Result]] | None = None,
        commands: Mapping[str, Callable[[Mapping[str, Any]], Any]] | None = None,
        may_answer: Callable[[Talker, Talker], bool] = anybody,
    ) -> None:
        self.heard: list[str] = []
        self.performed: list[str] = []
        self.rehearsed: list[str] = []
        self.answered: list[Outcome] = []
        self.stopped: list[str] = []
        self.local_only = False
        self.privacy: dict[str, object] = {}
        self.muted = False
        self.remember_muted: Callable[[bool], None] = self._remember_muted
        self.ringing = False
        self.closed = False
        self._spoken = list(spoken)
        self._rescore, self._post = rescore, post
        self._commands, self._may_answer = commands or {}, may_answer

    def assemble(self, config: object, host: Host) -> Parts:
        """Make parts as the real assembly does."""
        host.at_the_end.callback(lambda: setattr(self, "closed", True))
        return Parts(
            pipeline=FakePipeline(self._spoken, host.bus.publish),
            interpret=self._interpret,
            perform=self._perform,
            rehearse=self._rehearse,
            answer=lambda outcome, talker: self.answered.append(outcome),
            local_only=lambda: self.local_only,
            set_local_only=self._set_local_only,
            muted=lambda: self.muted,
            remember_muted=lambda on: self.remember_muted(on),
            is_ringing=lambda: self.ringing,
            stop_ringing=lambda: setattr(self, "ringing", False),
            stop_playing=self.stopped.append,
            import_contacts=self._import,
            rescore=self._rescore,
            post=self._post,
            privacy=lambda since_s: self.privacy,
            commands=self._commands,
            may_answer=self._may_answer,
        )

    def _remember_muted(self, on: bool) -> None:
        self.muted = on

    def _set_local_only(self, on: bool) -> int:
        self.local_only = on
        return 0

    def _import(self, data: bytes, book: str) -> dict[str, object]:
        return {"added": len(data.splitlines()), "updated": 0, "problems": []}

    def _interpret(self, hypotheses: Sequence[Hypothesis], talker: Talker) -> Interpretation:
        text = hypotheses[0].text
        self.heard.append(text)
        intents = {"light": "TurnOn", "full disk": "AddToList", "defect": "Defect", "timer": "SetTimer"}
        return Interpretation(
            next((name for word, name in intents.items() if word in text), ""), {}, text, 1.0
        )

    def _rehearse(self, meaning: Interpretation, talker: Talker) -> Outcome | None:
        self.rehearsed.append(meaning.text)
        return None

    def _perform(self, meaning: Interpretation, talker: Talker) -> Outcome:
        self.performed.append(meaning.text)
        if meaning.intent == "AddToList":
            raise StorageError("The disk is full. Delete something.")
        if meaning.intent == "Defect":
            raise ZeroDivisionError("a defect")
        if meaning.intent == "SetTimer":
            return Outcome(False, "For how long?", asks="duration")
        return Outcome(
            ok=bool(meaning.intent),
            reply="Okay." if meaning.intent else "Sorry?",
            action={"did": meaning.intent},
        )
