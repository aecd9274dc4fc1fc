"""Answers without the wake word: who was asked something is listened to, once the question was spoken."""

from __future__ import annotations

from collections.abc import Callable

from alexa_local.daemon.events import EventBus
from alexa_local.messages import Event


class FollowUp:
    """Watches the events, and has the daemon listen again after a question to somebody who speaks.

    A request that was typed is answered by typing: nobody may be near the microphone.
    """

    def __init__(self, bus: EventBus, listen_again: Callable[[], None], speaks: bool) -> None:
        """Begin to watch.

        Args:
            bus: where everything is told.
            listen_again: opens a request without the wake word; called in whatever thread published.
            speaks: whether questions are spoken; otherwise an answer may come at once.
        """
        self._listen_again, self._speaks = listen_again, speaks
        self._was_heard = self._asked = False
        bus.subscribe(wants=self._take)

    def _take(self, event: Event) -> bool:
        """Look at an event; none is kept."""
        match event.name:
            case "stt_text":
                self._was_heard, self._asked = not event.data.get("typed"), False
            case "action":
                self._asked, self._was_heard = self._was_heard and bool(event.data.get("asks")), False
                if self._asked and not self._speaks:
                    self._begin()
            case "tts_finished" if self._asked:
                self._begin()
            case "wake_word_detected" | "listening" | "stop_word_detected":
                self._asked = False
        return False

    def _begin(self) -> None:
        self._asked = False
        self._listen_again()
