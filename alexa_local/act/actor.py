"""Does what a request means: finds the handler, and turns whatever goes wrong into an answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from alexa_local.act.asking import Asked
from alexa_local.act.handlers import HANDLERS
from alexa_local.act.handlers.base import Handler, done, refused
from alexa_local.act.permissions import Permissions
from alexa_local.act.rehearsal import Unforeseen, rehearsed
from alexa_local.act.services import Services
from alexa_local.context import PRIVATE
from alexa_local.errors import AlexaLocalError, NetworkError, RequestRefused, StorageError
from alexa_local.messages import TYPED, Interpretation, Outcome, Talker
from alexa_local.understand import IMPOSSIBLE, OwnerAction

_LOG = logging.getLogger(__name__)

_APOLOGIES: tuple[tuple[type[AlexaLocalError], str], ...] = (
    (StorageError, "I couldn't write that down: there is a problem with the disk."),
    (NetworkError, "I couldn't reach the broker."),
    (AlexaLocalError, "Sorry, that did not work."),
)


class Actor:
    """Performs requests, one at a time."""

    def __init__(
        self,
        services: Services,
        owner: Mapping[str, OwnerAction] | None = None,
        handlers: Mapping[str, Handler] = HANDLERS,
        permissions: Permissions | None = None,
    ) -> None:
        """Make an actor.

        Args:
            services: what the handlers work with.
            owner: what to do for the owner's own intents; one that has a built-in's name replaces it.
            handlers: the built-in intents.
            permissions: what may be asked for by whom; everything by everybody when None.
        """
        self._services = services
        self._permissions = permissions
        self._owner = dict(owner or {})
        self._handlers = handlers
        self._last_reply = ""

    def perform(self, interpretation: Interpretation, talker: Talker = TYPED) -> Outcome:
        """Do what was asked. Nothing that a person asks for raises: it fails with an answer."""
        if interpretation.intent == "Repeat":
            return done(self._last_reply or "I haven't said anything yet.")
        services = replace(self._services, talker=talker)
        outcome = self._perform_one(interpretation, services)
        for one in interpretation.also:
            outcome = _joined(outcome, self._perform_one(one, services))
        self._last_reply = outcome.reply or self._last_reply
        return outcome

    def _perform_one(self, interpretation: Interpretation, services: Services) -> Outcome:
        try:
            return self._dispatch(interpretation, services)
        except RequestRefused as error:
            _LOG.debug("%s: %s", interpretation.intent, error, extra=PRIVATE)
            return _answer_to(error)
        except AlexaLocalError as error:
            _LOG.error("%s", error)
            return refused(next(apology for kind, apology in _APOLOGIES if isinstance(error, kind)))

    def rehearse(self, interpretation: Interpretation, talker: Talker = TYPED) -> Outcome | None:
        """What `perform` would most likely answer, while nothing is done; None when nobody can know."""
        if interpretation.intent == "Repeat":
            return self.perform(interpretation, talker)  # which does nothing but answer
        if interpretation.also:
            return None  # the second may depend on what the first does
        try:
            with self._services.store.rehearsal():
                return self._dispatch(interpretation, rehearsed(replace(self._services, talker=talker)))
        except RequestRefused as error:
            return _answer_to(error)
        except (Unforeseen, AlexaLocalError) as stopped:
            _LOG.debug("%s cannot be rehearsed: %r", interpretation.intent, stopped, extra=PRIVATE)
            return None

    def _dispatch(self, interpretation: Interpretation, services: Services) -> Outcome:
        name = interpretation.intent
        if self._permissions and (objection := self._permissions.objection(name, services.talker)):
            return refused(objection)
        if name in self._owner:
            return self._perform_owners(self._owner[name], interpretation, services)
        if name in self._handlers:
            return self._handlers[name](services, interpretation.slots)
        if name == IMPOSSIBLE:
            return refused(f"There is no {interpretation.slots['what']}")
        return refused("Sorry, I can't do that yet." if name else "Sorry, I didn't understand that.")

    def _perform_owners(
        self, action: OwnerAction, interpretation: Interpretation, services: Services
    ) -> Outcome:
        printed = services.commands.perform_owners(action, interpretation.slots)
        outcome = done(action.answer(interpretation.slots) or printed or "Okay.")
        return replace(outcome, action={interpretation.intent: dict(interpretation.slots)})


def _answer_to(refusal: RequestRefused) -> Outcome:
    """What is said instead of doing it: why not, or a question."""
    if isinstance(refusal, Asked):
        return Outcome(False, str(refusal), asks=refusal.slot)
    return refused(str(refusal))


def _joined(first: Outcome, second: Outcome) -> Outcome:
    """What came of two requests of one breath, as one answer."""
    return Outcome(
        first.ok and second.ok,
        " ".join(filter(None, (first.reply, second.reply))),
        {**first.action, **second.action},
        "error" if "error" in (first.earcon, second.earcon) else first.earcon or second.earcon,
        second.asks or first.asks,
    )
