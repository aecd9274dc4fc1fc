"""How long an answer takes to prepare on this machine: what a speculative decision can save its speaker.

The same three things that the daemon does ahead: the request is understood, rehearsed against a database, and
the reply is spoken into memory by the voice that is installed. No reply is kept for the next request.
"""

from __future__ import annotations

import tempfile
import time
import weakref
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from alexa_local.act import Actor, LocalOnly, SystemClock, make_services
from alexa_local.config import load_config
from alexa_local.messages import Hypothesis
from alexa_local.playback.voice import Voice, installed_voices
from alexa_local.store import open_store
from alexa_local.testing.player import FakePlayer
from alexa_local.understand import Catalogue, Understander
from scripts.evaluation.catalogue import read_devices


class Preparing:
    """Prepares answers, and forgets them."""

    def __init__(self, config: Path | None = None) -> None:
        """Take the devices of a configuration, or none; the database is new and lasts as long as this."""
        kept = ExitStack()
        folder = kept.enter_context(tempfile.TemporaryDirectory(prefix="alexa-preparing-"))
        store = kept.enter_context(open_store(Path(folder) / "database"))
        weakref.finalize(self, kept.close)
        devices = load_config(config).home.devices if config else ()
        local_only = LocalOnly(store)
        self._actor = Actor(make_services(store, SystemClock(), FakePlayer(), local_only, devices))
        self._understander = Understander(Catalogue(read_devices(config)))
        self._voice = next(iter(installed_voices()), "")

    def seconds(self, hypotheses: Sequence[Hypothesis]) -> float:
        """Prepare the answer to a request, and say how long that took."""
        began_s = time.perf_counter()
        meaning = self._understander.interpret(hypotheses)
        outcome = self._actor.rehearse(meaning) if meaning.intent else None
        if outcome is not None:
            Voice(self._voice).speak(outcome.reply)
        return time.perf_counter() - began_s
