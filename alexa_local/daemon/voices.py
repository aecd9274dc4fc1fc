"""The people whose voices are known, as commands of the control socket; without a daemon on its database."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from alexa_local.errors import AlexaLocalError, UsageError
from alexa_local.messages import Talker, Voice
from alexa_local.speaker.comparing import Embedder, likeness
from alexa_local.speaker.enrolment import checked_name
from alexa_local.speaker.profiles import Profile, Profiles, unit
from alexa_local.speaker.sealing import Seal, handed_over
from alexa_local.store import Store

_LOG = logging.getLogger(__name__)

KEY = "voices.key"
"""In the folder of the state, beside the database: the key of the voices, unless systemd hands one over."""

MOST_PEOPLE, _MOST_SENTENCES, _MOST_VALUES = 50, 100, 1024
ALIKE = 0.5
"""Probability from which a new voice is said to be much like somebody's who is known already."""

ADAPT_S = 2.0
"""Seconds of speech from which a request may be learned from."""

Answer = Mapping[str, Any]
Command = Callable[[Mapping[str, Any]], Answer]
COMMANDS = ("people", "people_enroll", "people_remove", "people_identify")


class People:
    """Lists, takes in, forgets and recognises; any thread may use it."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        embedder: Embedder | None,
        learn: Callable[[Iterable[Profile]], object] = lambda people: None,
    ) -> None:
        """Read who is known.

        Args:
            store: the database.
            folder: of the state, where the key is.
            embedder: tells the version and how sure a likeness is; None where voices are not told apart.
            learn: told of everybody whenever that changes, and at first.
        """
        self._profiles = Profiles(store, Seal(folder / KEY, handed_over(os.environ)))
        self._embedder, self._learn = embedder, learn
        if embedder and any(one.version != embedder.version for one in self._tell()):
            _LOG.warning(
                "Some voices were enrolled with another model and are not known any more. Enrol them again: "
                "`alexa-local people` tells whose."
            )

    def commands(self) -> Mapping[str, Command]:
        """Each by its name."""
        if self._embedder is None:

            def refuse(_: Mapping[str, Any]) -> Answer:
                raise UsageError(
                    "Voices are not told apart: `people.model` is empty. Set it to speaker, and restart."
                )

            return dict.fromkeys(COMMANDS, refuse)
        return dict(zip(COMMANDS, (self._list, self._enroll, self._remove, self._identify), strict=True))

    def follow(self, talker: Talker) -> None:
        """Learn from a request that surely was somebody's; a disk that refuses costs no answer."""
        voice = talker.voice() if talker.voice and talker.person else None
        if voice is None or not talker.is_sure or not talker.person or voice.speech_s < ADAPT_S:
            return
        try:
            profile = self._profiles.get(talker.person)
            if profile:
                self._profiles.put(profile.followed(voice.embedding), again=True)
                self._tell()
        except AlexaLocalError as error:
            _LOG.error("A voice could not be followed: %s", error)

    def _tell(self) -> list[Profile]:
        people = self._profiles.all()
        self._learn(people)
        return people

    def _list(self, _: Mapping[str, Any]) -> Answer:
        assert self._embedder is not None
        readable = {one.name: one for one in self._profiles.all()}
        told = []
        for name in self._profiles.names():
            one = readable.get(name)
            usable = one is not None and one.version == self._embedder.version
            told.append({**(one.about() if one else {"name": name}), "usable": usable})
        return {"people": told}

    def _enroll(self, request: Mapping[str, Any]) -> Answer:
        assert self._embedder is not None
        name, rows = checked_name(_text(request, "name")), _rows(request.get("embeddings"))
        self._check_version(request)
        names = [one.casefold() for one in self._profiles.names()]
        if name.casefold() not in names and len(names) >= MOST_PEOPLE:
            raise UsageError(f"{MOST_PEOPLE} voices are known already. Remove one: alexa-local people remove")
        profile = Profile(name, self._embedder.version, time.time(), rows)
        others = [one for one in self._current() if one.name.casefold() != name.casefold()]
        found = likeness(self._embedder, Voice(profile.mean, 10.0), others)
        self._profiles.put(profile, again=request.get("again") is True)
        self._tell()
        return {"person": profile.about(), "like": found.person if found and found.stranger < ALIKE else ""}

    def _remove(self, request: Mapping[str, Any]) -> Answer:
        name = " ".join(_text(request, "name").split())
        if not self._profiles.remove(name):
            known = ", ".join(self._profiles.names()) or "nobody"
            raise UsageError(f"No voice of {name!r} is known; known: {known}.")
        self._tell()
        return {"removed": name}

    def _identify(self, request: Mapping[str, Any]) -> Answer:
        assert self._embedder is not None
        self._check_version(request)
        speech_s = request.get("speech_s")
        rows = _rows([request.get("embedding")])
        if not isinstance(speech_s, int | float) or not math.isfinite(speech_s):
            raise UsageError("The request lacks 'speech_s'. Give seconds.")
        people = self._current()
        found = likeness(self._embedder, Voice(unit(rows[0]), float(speech_s)), people)
        if found is None:
            return {"person": None, "known": 0}
        is_known = found.probability >= self._embedder.known_probability
        is_stranger = found.stranger >= self._embedder.known_probability
        return {
            "person": found.person if is_known else "" if is_stranger else None,
            "probability": round(found.probability, 4),
            "stranger": round(found.stranger, 4),
            "nearest": found.person,
            "score": round(found.score, 4),
            "known": len(people),
        }

    def _check_version(self, request: Mapping[str, Any]) -> None:
        if self._embedder is None or request.get("version") != self._embedder.version:
            raise UsageError(
                "The voice was read with another model than the daemon uses. Restart the daemon, or run this "
                "with sudo, and try again."
            )

    def _current(self) -> list[Profile]:
        assert self._embedder is not None
        return [one for one in self._profiles.all() if one.version == self._embedder.version]


def _text(request: Mapping[str, Any], key: str) -> str:
    value = request.get(key)
    if not isinstance(value, str):
        raise UsageError(f"The request lacks {key!r}. Give it as text.")
    return value


def _rows(value: object) -> np.ndarray:
    """Embeddings from a request, float32 (N, D), each of unit length."""
    try:
        rows = np.array(value, np.float32)
    except (TypeError, ValueError) as error:
        raise UsageError("The request's embeddings are no rows of numbers.") from error
    right = rows.ndim == 2 and 0 < len(rows) <= _MOST_SENTENCES and 0 < rows.shape[1] <= _MOST_VALUES
    if not right or not np.isfinite(rows).all() or not np.linalg.norm(rows, axis=1).all():
        raise UsageError("The request's embeddings are no rows of numbers.")
    return np.stack([unit(row) for row in rows])
