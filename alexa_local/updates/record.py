"""The course of a model's update as one pure function, and the record that it is kept in.

 idle ──offered──► fetching ──fetched──► applying ──applied──► testing ──passed──► trial ──served──► idle
                     │  ▲──spoiled──┘       │                     │                  │         "committed"
                     └──────────failed──────┴──────failed─────────┘                  └─died twice, failed,
                                 ▼                                                     or the owner says so
                          idle, "refused"                                              ▼
                                                                              idle, "rolled back"

A record is durable before what it says is begun, and everything that follows from it may be begun again; so
after a power cut at any moment the same step is taken once more. What the next start runs is in `choice`,
which only three steps change: "fetched" gives up what the other slot holds, "passed" makes the new generation
active, and a roll-back makes the old one so.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from alexa_local.models.slots import Choice, Held, Place, Slot

Phase = Literal["idle", "fetching", "applying", "testing", "trial"]
Outcome = Literal["", "committed", "refused", "rolled back"]

MOST_TRIES = 3
"""Packages that did not come out as promised, before their generation is given up."""

MOST_DEATHS = 2
"""Ends of the process that nobody asked for, before a generation on trial is given up."""


@dataclass(frozen=True)
class Target:
    """What is being made.

    Attributes:
        version: its number.
        digest: the sha256 of the signed manifest.
        package: the sha256 of the package that was chosen.
        base: the place that the package builds upon; "" for a package of whole files.
        slot: where it is put.
    """

    version: int
    digest: str
    package: str
    base: Place | Literal[""]
    slot: Slot


@dataclass(frozen=True)
class Record:
    """All that is remembered of one model.

    Attributes:
        choice: what the next start runs.
        phase: where the course is.
        target: what the course is about; None when idle.
        highest: the highest version whose package ever came whole; only a higher one is accepted afterwards,
            whatever becomes of it.
        digest: the sha256 of the last signed manifest that a course was about.
        tries: packages of the target that were spoiled.
        deaths: starts on trial that did not come to a proper end, the present one included.
        pinned: whether the owner wants no other generation.
        outcome: how the last course ended.
        why: the reason, or what hinders the present course; "" for none.
        refusal: why the last offer was refused that came to no course; "" for none since the last course.
    """

    choice: Choice = field(default_factory=Choice)
    phase: Phase = "idle"
    target: Target | None = None
    highest: int = 0
    digest: str = ""
    tries: int = 0
    deaths: int = 0
    pinned: bool = False
    outcome: Outcome = ""
    why: str = ""
    refusal: str = ""

    def __post_init__(self) -> None:
        if (self.target is None) != (self.phase == "idle"):
            raise ValueError(f"a target does not go with {self.phase}")

    def to_bytes(self) -> bytes:
        """As the file has it."""
        told = {**dataclasses.asdict(self), "choice": self.choice.as_json(), "v": 1}
        return json.dumps(told, indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes) -> Record:
        """The opposite; ValueError, KeyError or TypeError for anything else."""
        told = json.loads(data)
        if told.pop("v") != 1 or told["phase"] not in get_args(Phase):
            raise ValueError("it is of another version of the program")
        choice = Choice.from_json(told.pop("choice"))
        target = told.pop("target")
        return cls(**told, choice=choice, target=Target(**target) if target else None)

    def free_slot(self) -> Slot:
        """Where the next generation goes: not where the active one is, nor the one before it if possible."""
        taken = self.choice.before if self.choice.active == "shipped" else self.choice.active
        return "b" if taken == "a" else "a"


@dataclass(frozen=True)
class Offered:
    """A signed generation fits and is wanted."""

    target: Target


@dataclass(frozen=True)
class Refused:
    """A generation is not wanted, or not what it should be; what is under way goes on."""

    why: str


@dataclass(frozen=True)
class Fetched:
    """The package is whole."""


@dataclass(frozen=True)
class Spoiled:
    """The package is not what the manifest promised, or did not give it: fetch again, a few times.

    Attributes:
        why: what is wrong.
        then: the course to take instead; its package may be another one.
    """

    why: str
    then: Target


@dataclass(frozen=True)
class Hindered:
    """Something of this machine is in the way, such as a full disk; it is tried again later."""

    why: str


@dataclass(frozen=True)
class Applied:
    """The generation lies whole in its slot."""

    manifest: str


@dataclass(frozen=True)
class Passed:
    """The self-test went well."""


@dataclass(frozen=True)
class Failed:
    """The generation is no good: the self-test failed, or it did in use."""

    why: str


@dataclass(frozen=True)
class Started:
    """The daemon begins to use the active generation."""


@dataclass(frozen=True)
class Ended:
    """The daemon comes to its proper end."""


@dataclass(frozen=True)
class Served:
    """The generation on trial did its work."""


@dataclass(frozen=True)
class GoneBack:
    """The owner wants the generation before."""


@dataclass(frozen=True)
class Pinned:
    """The owner wants no other generation, or lets them come again."""

    on: bool


Happening = (
    Offered
    | Refused
    | Fetched
    | Spoiled
    | Hindered
    | Applied
    | Passed
    | Failed
    | Started
    | Ended
    | Served
    | GoneBack
    | Pinned
)


def step(record: Record, happening: Happening) -> Record:
    """What is to be remembered after something happened; what does not fit the phase changes nothing."""
    entry = _TABLE.get(type(happening))
    if entry is None or record.phase not in entry[0]:
        return record
    return entry[1](record, happening)


def _offered(record: Record, happening: Offered) -> Record:
    target = happening.target
    return replace(
        record,
        phase="fetching",
        target=target,
        digest=target.digest,
        tries=0,
        why="",
        refusal="",
    )


def _fetched(record: Record, _: Fetched) -> Record:
    """From now on the slot holds nothing that counts, and no older generation is accepted."""
    target = _target(record)
    choice = _without(record.choice, target.slot)
    return replace(
        record, phase="applying", choice=choice, highest=max(record.highest, target.version), why=""
    )


def _spoiled(record: Record, happening: Spoiled) -> Record:
    if record.tries + 1 >= MOST_TRIES:
        return _given_up(record, happening.why)
    return replace(record, phase="fetching", target=happening.then, tries=record.tries + 1, why=happening.why)


def _applied(record: Record, happening: Applied) -> Record:
    target = _target(record)
    held = {**record.choice.held, target.slot: Held(target.version, happening.manifest)}
    return replace(record, phase="testing", choice=replace(record.choice, held=held), why="")


def _passed(record: Record, _: Passed) -> Record:
    choice = replace(record.choice, active=_target(record).slot, before=record.choice.active)
    return replace(record, phase="trial", choice=choice, deaths=0, why="")


def _failed(record: Record, happening: Failed) -> Record:
    return (
        _rolled_back(record, happening.why) if record.phase == "trial" else _given_up(record, happening.why)
    )


def _started(record: Record, _: Started) -> Record:
    if record.deaths >= MOST_DEATHS:
        return _rolled_back(record, f"the daemon died {record.deaths} times on trial of it")
    return replace(record, deaths=record.deaths + 1)


def _ended(record: Record, _: Ended) -> Record:
    return replace(record, deaths=max(0, record.deaths - 1))


def _served(record: Record, _: Served) -> Record:
    if not record.deaths:  # the daemon that served was started before it
        return record
    return replace(record, phase="idle", target=None, deaths=0, tries=0, outcome="committed", why="")


def _gone_back(record: Record, _: GoneBack) -> Record:
    choice, why = record.choice, "the owner went back to the one before it"
    if record.phase == "trial":
        return _rolled_back(record, why)
    if record.phase != "idle":
        return _given_up(record, "the owner gave it up")
    if choice.active == "shipped":
        return record
    return replace(
        record,
        choice=_without(replace(choice, active=choice.before, before="shipped"), choice.active),
        outcome="rolled back",
        why=why,
    )


def _rolled_back(record: Record, why: str) -> Record:
    """The old one is active again, and the new one's slot holds nothing any more."""
    choice = replace(record.choice, active=record.choice.before, before="shipped")
    given_up = _given_up(replace(record, choice=choice), why)
    return replace(given_up, outcome="rolled back")


def _given_up(record: Record, why: str) -> Record:
    return replace(
        record,
        phase="idle",
        target=None,
        choice=_without(record.choice, _target(record).slot),
        tries=0,
        deaths=0,
        outcome="refused",
        why=why,
    )


def _without(choice: Choice, slot: Slot) -> Choice:
    """Nothing is held in a slot that is not the active one."""
    before: Place = "shipped" if choice.before == slot else choice.before
    return replace(
        choice, before=before, held={each: held for each, held in choice.held.items() if each != slot}
    )


def _target(record: Record) -> Target:
    assert record.target is not None  # __post_init__ saw to it
    return record.target


def _refused(record: Record, happening: Refused) -> Record:
    return replace(record, refusal=happening.why)


def _hindered(record: Record, happening: Hindered) -> Record:
    return replace(record, why=happening.why)


def _pinned(record: Record, happening: Pinned) -> Record:
    return replace(record, pinned=happening.on)


_ANY: tuple[Phase, ...] = get_args(Phase)
_UNDER_WAY: tuple[Phase, ...] = ("fetching", "applying", "testing")
_TABLE: Mapping[type, tuple[tuple[Phase, ...], Callable[[Record, Any], Record]]] = {
    Offered: (("idle", "fetching"), _offered),
    Refused: (("idle", "fetching"), _refused),
    Fetched: (("fetching",), _fetched),
    Spoiled: (("fetching", "applying"), _spoiled),
    Hindered: (_UNDER_WAY, _hindered),
    Applied: (("applying",), _applied),
    Passed: (("testing",), _passed),
    Failed: (("fetching", "applying", "testing", "trial"), _failed),
    Started: (("trial",), _started),
    Ended: (("trial",), _ended),
    Served: (("trial",), _served),
    GoneBack: (_ANY, _gone_back),
    Pinned: (_ANY, _pinned),
}
