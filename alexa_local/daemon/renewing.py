"""Which models the daemon starts with, what the updates hear of that, and how it is asked about them."""

from __future__ import annotations

import base64
import functools
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from alexa_local.config import Config
from alexa_local.daemon.parts import Host
from alexa_local.daemon.paths import open_used, slots_dir
from alexa_local.daemon.updating import Updating
from alexa_local.errors import AlexaLocalError, UpdateError, UsageError
from alexa_local.models import Model
from alexa_local.models.manifest import is_owners_own
from alexa_local.mqtt import Broker, device_id
from alexa_local.mqtt.models import ModelsLine
from alexa_local.mqtt.outbox import Clock
from alexa_local.updates.course import Course, Wanted
from alexa_local.updates.workshop import Plan, Workshop

_LOG = logging.getLogger(__name__)
_PATIENCE_S = 10.0
_Loaded = TypeVar("_Loaded")
Opened = Mapping[str, Model]


def plan_of(config: Config) -> Plan:
    """Where the updates of this configuration's models are.

    Raises:
        UpdateError: the owner named a folder of models, and wants what is in it.
    """
    if is_owners_own(config.daemon.models_dir):
        raise UpdateError(
            "Models are not updated: `daemon.models_dir` or $ALEXA_LOCAL_MODELS names a folder of them, "
            "which is used as it is. Remove that to have them updated."
        )
    settings = config.updates
    models = tuple(name for name in config.models if not settings.models or name in settings.models)
    return Plan(slots_dir(config.daemon), settings.keys, models)


class Renewal:
    """The updates as the start of the daemon sees them.

    Attributes:
        updating: the thread's work; None where models are not updated.
    """

    def __init__(self, config: Config, host: Host) -> None:
        """Take the updates in hand, if nobody else has."""
        self.updating: Updating | None = None
        self._config, self._host = config, host
        self._workshop: Workshop | None = None
        self._folders: dict[str, Path] = {}
        self._objection: AlexaLocalError | None = None
        try:
            self._workshop = Workshop(plan_of(config), _PATIENCE_S)
        except UpdateError as error:
            self._objection = error
        except AlexaLocalError as error:
            self._objection = error
            _LOG.error("Models are not updated until the next start: %s", error)
        else:
            host.at_the_end.push(functools.partial(_end, self._workshop, host))

    def load(self, load: Callable[[Opened], _Loaded]) -> _Loaded:
        """Load the models; those on trial that cannot be are given up, and the ones before loaded.

        Raises:
            AlexaLocalError: a model is missing or wrong that is not on trial.
        """
        if self._workshop:
            self._workshop.starting()
        while True:
            try:
                opened = {name: open_used(name, self._config.daemon) for name in self._config.models}
                loaded = load(opened)
            except Exception as error:  # whatever a model that was not made for us makes of our code
                if not self._workshop or not self._workshop.broke(f"it could not be loaded: {error!r}"):
                    raise
            else:
                self._folders = {name: model.folder for name, model in opened.items()}
                if self._workshop:
                    self._workshop.loaded(self._folders)
                return loaded

    def start(
        self,
        broker: Broker | None,
        clock: Clock,
        is_playing: Callable[[], bool] = bool,
        hindrance: Callable[[], str] = str,
    ) -> None:
        """Start the thread `updates`, where there is something to update; see `Updating`."""
        if not self._workshop:
            return
        config, workshop = self._config, self._workshop
        updating = Updating(
            *(config.updates, workshop, self._host, clock, self._folders, hindrance, is_playing)
        )
        if broker is not None and config.updates.enabled and workshop.trusts_anybody():
            prefix, device = config.mqtt.topic_prefix, device_id(config.mqtt)
            updating.connect(ModelsLine(broker, prefix, device, updating.offered, updating.came))
        self.updating = updating
        self._host.spawn("updates", updating.run, updating.stop)

    def give_up(self, rungs: frozenset[str]) -> None:
        """Let the hard work of updates rest while work that nobody waits for is to pause."""
        if self._workshop:
            self._workshop.helper.hold("background" in rungs)

    def status(self) -> Mapping[str, Any]:
        """A line for the daemon's status: what is not at rest."""
        report = self.updating.report() if self.updating else {}
        return {"models": ", ".join(f"{name} {_in_words(told)}" for name, told in report.items())}

    def commands(self) -> Mapping[str, Callable[[Mapping[str, Any]], Any]]:
        """What can be asked for on the control socket."""
        updating, objection = self.updating, self._objection
        if updating is None:

            def refuse(_: object) -> Mapping[str, Any]:
                raise objection or UpdateError("Models are not updated. See the log.")

            return dict.fromkeys((*commands_of(refuse), "models", "models_look"), refuse)

        def look(_: Workshop) -> Mapping[str, Any]:
            if not updating.has_line:
                raise UpdateError(
                    "No broker is asked for models. Set `mqtt.host`, leave `updates.enabled`, put a key into "
                    "`updates.keys`, and start the daemon again."
                )
            updating.look()
            return {"models": updating.report()}

        return {
            **commands_of(updating.ask),
            "models": lambda _: {"models": updating.report()},  # at once, also while hard work is done
            "models_look": lambda _: updating.ask(look),
        }


def commands_of(
    ask: Callable[[Callable[[Workshop], Mapping[str, Any]]], Any],
) -> Mapping[str, Callable[[Mapping[str, Any]], Any]]:
    """What people can ask about models, by its name; `ask` has it done to a workshop."""

    def of_model(work: Callable[[Course, Mapping[str, Any]], None]) -> Callable[[Mapping[str, Any]], Any]:
        def answer(workshop: Workshop, request: Mapping[str, Any]) -> Mapping[str, Any]:
            course = _course(workshop, request)
            work(course, request)
            return wanted_of(course)

        return lambda request: ask(lambda workshop: answer(workshop, request))

    return {
        "models_offer": of_model(_offer),
        "models_piece": of_model(_put),
        "models_back": of_model(lambda course, _: course.go_back()),
        "models_pin": of_model(lambda course, request: course.pin(request.get("on") is True)),
    }


def wanted_of(course: Course) -> Mapping[str, Any]:
    """What is to come next of a course, and how the course is."""
    wanted = course.wanted()
    about = vars(wanted) if wanted else None
    return {"wanted": about, **course.report()}


def _offer(course: Course, request: Mapping[str, Any]) -> None:
    course.offer(_bytes(request, "envelope"), by_owner=True)


def _put(course: Course, request: Mapping[str, Any]) -> None:
    try:
        wanted = Wanted(**request["wanted"])
    except (KeyError, TypeError) as error:
        raise UsageError("The request lacks 'wanted', as the answer before had it.") from error
    course.put(wanted, _bytes(request, "data"))


def _course(workshop: Workshop, request: Mapping[str, Any]) -> Course:
    name = str(request.get("model"))
    if name not in workshop.courses:
        raise UsageError(f"{name!r} is no model that is updated here: {', '.join(workshop.courses)}.")
    return workshop.courses[name]


def _bytes(request: Mapping[str, Any], key: str) -> bytes:
    try:
        return base64.b64decode(request[key], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"The request lacks {key!r}, in base64.") from error


def _in_words(told: Mapping[str, Any]) -> str:
    state = "" if told["state"] in ("idle", "active") else f" ({told['state']})"
    return f"{told['version']}{state}"


def _end(
    workshop: Workshop,
    host: Host,
    kind: type[BaseException] | None,
    error: BaseException | None,
    trace: TracebackType | None,
) -> bool:
    """The daemon ends, or did not come to its start: of a crash a model on trial may be the cause."""
    if host.is_well() and (error is None or isinstance(error, AlexaLocalError)):
        workshop.ended()
    workshop.close()
    return False
