"""The course of one model's update: what happens is judged, remembered, and then done; nothing here waits."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alexa_local.errors import AlexaLocalError, ModelError, StorageError, UpdateError
from alexa_local.generations import Generation, Host, digest_of, files_of, verify, verify_package, version_of
from alexa_local.generations.signing import read_unverified
from alexa_local.models.slots import Place
from alexa_local.updates.judging import Present, choose, judge, package_of
from alexa_local.updates.judging import digest_of as manifest_digest
from alexa_local.updates.keys import Keyring
from alexa_local.updates.labour import Labour
from alexa_local.updates.record import (
    Applied,
    Ended,
    Failed,
    Fetched,
    GoneBack,
    Happening,
    Hindered,
    Offered,
    Passed,
    Pinned,
    Record,
    Refused,
    Served,
    Spoiled,
    Started,
    step,
)
from alexa_local.updates.shelf import Shelf

_LOG = logging.getLogger(__name__)

KEPT_FREE_BYTES = 16 << 20
"""What an update leaves free on the disk, for everything else."""


@dataclass(frozen=True)
class Wanted:
    """A piece of a package that is to come next.

    Attributes:
        version: of the generation.
        package: the package's sha256.
        index: the piece's number, from 0 on.
        at_bytes: where it begins in the package.
        bytes: its length.
        chunks: how many pieces there are in all.
    """

    version: int
    package: str
    index: int
    at_bytes: int
    bytes: int
    chunks: int


class Course:
    """One model's; used by one thread.

    Attributes:
        model: its name.
        record: what is remembered.
    """

    def __init__(
        self, model: str, shelf: Shelf, shipped: Path, keyring: Keyring, host: Host, labour: Labour
    ) -> None:
        """Read what is remembered.

        Raises:
            StorageError: that cannot be read.
        """
        self.model = model
        self.record = shelf.read()
        self._shelf, self._shipped, self._keyring = shelf, shipped, keyring
        self._host, self._labour = host, labour
        self._generation: Generation | None = None
        self._next = 0

    def resume(self) -> None:
        """Go on where an end, whatever its kind, interrupted the course; call it before anything else.

        Raises:
            StorageError: the disk is full or broken.
        """
        self._shelf.remove(list(self._shelf.left_overs(self.record)))
        if self.record.phase in ("fetching", "applying"):
            try:
                self._read_envelope()
            except UpdateError as error:
                self._happened(Failed(str(error)))
            except AlexaLocalError as error:  # the keys cannot be read now; nothing is done without them
                self._happened(Hindered(str(error)))
                raise
            else:
                self._rewind()

    def offer(self, envelope: bytes, by_owner: bool = False) -> None:
        """Take a generation, if it may be taken; the network offers the same one again and again.

        Raises:
            UpdateError: it is refused, which is also remembered.
            ConfigError, StorageError: the keys or the disk are at fault.
        """
        try:
            keys = self._keyring.trusted()
            is_stuck = self.record.phase == "fetching" and self._generation is None
            if not by_owner and self._is_known(envelope) and not is_stuck:
                return
            verdict = judge(envelope, self.model, keys, self.record, self._here(), self._host)
            target = self.record.target
            if self.record.phase not in ("idle", "fetching"):
                raise UpdateError(f"{self.model} is being updated to version {self._version}. Wait for that.")
            if target and target.digest == verdict.target.digest:
                if is_stuck:
                    self._generation = verdict.generation
                    self._rewind()
                return
            if target and target.version >= verdict.target.version:
                raise UpdateError(
                    f"Version {target.version} is being fetched, and this is {verdict.target.version}."
                )
        except UpdateError as error:
            self._happened(Refused(str(error)))
            raise
        self._shelf.keep_envelope(envelope)
        self._keyring.remember(verdict.keys)
        self._shelf.drop_package()
        self._happened(Offered(verdict.target))
        self._generation, self._next = verdict.generation, 0

    def withdrawn(self) -> None:
        """Nothing is offered any more."""
        if self.record.phase == "fetching":
            self._happened(Failed("it was withdrawn"))

    def wanted(self) -> Wanted | None:
        """The piece to come next; None when nothing is to be fetched, or there is no room for it now."""
        if self.record.phase != "fetching" or self.record.target is None or self._generation is None:
            return None
        package = package_of(self._generation, self.record.target)
        missing = self._missing_bytes(package.bytes)
        if missing > 0:
            self._happened(
                Hindered(
                    f"The disk is too full: {missing >> 20} MiB more are needed under {self._shelf.folder}. "
                    "Free some space (df -h); it goes on by itself."
                )
            )
            return None
        first, last = package.chunk_range(self._next)
        return Wanted(
            self.record.target.version, package.sha256, self._next, first, last - first, package.chunks
        )

    def put(self, wanted: Wanted, data: bytes) -> None:
        """Take a piece; what is not wanted any more is ignored.

        Raises:
            UpdateError: it is not as long as it should be.
            StorageError: the disk is full or broken; the piece is still wanted.
        """
        if wanted != self.wanted() or self._generation is None or self.record.target is None:
            return
        if len(data) != wanted.bytes:
            error = UpdateError(
                f"Piece {wanted.index} of the update has {len(data)} bytes, not {wanted.bytes}. "
                "Publish it again."
            )
            self._spoiled(str(error))
            raise error
        package = package_of(self._generation, self.record.target)
        try:
            self._shelf.append(wanted.at_bytes, data)
        except StorageError as error:
            self._happened(Hindered(str(error)))
            raise
        self._next += 1
        if self._next == package.chunks:
            self._check_package()

    @property
    def has_work(self) -> bool:
        """Whether `work` has something to do."""
        phase = self.record.phase
        return phase == "testing" or (phase == "applying" and self._generation is not None)

    def work(self) -> None:
        """Make the generation's files, or try them; takes its time.

        Raises:
            StorageError: the disk is full or broken; it is tried again when this is called again.
            Interrupted: the program ends.
        """
        try:
            if self.record.phase == "applying":
                self._apply()
            else:
                self._try()
        except StorageError as error:
            self._happened(Hindered(str(error)))
            raise

    def starting(self) -> None:
        """The daemon begins, and loads the model next; a generation that it died of is not active any more.

        Raises:
            StorageError: that cannot be remembered.
        """
        self._happened(Started())

    def loaded(self, folder: Path) -> None:
        """The daemon loaded the model from there, which is another place when the active one is damaged."""
        if folder != self.active_folder():
            self.broke(f"it is not whole in {self.active_folder()}")

    def broke(self, why: str) -> None:
        """The generation on trial is no good."""
        if self.record.phase == "trial":
            self._happened(Failed(why))

    def ended(self) -> None:
        """The daemon comes to its proper end."""
        self._happened(Ended())

    def served(self) -> None:
        """The generation on trial did its work."""
        self._happened(Served())

    def go_back(self) -> None:
        """Have the generation before used, or the course given up.

        Raises:
            UpdateError: there is nothing to go back from.
        """
        if self.record.phase == "idle" and self.record.choice.active == "shipped":
            raise UpdateError(f"{self.model} is the one that came with the program; there is none before it.")
        self._happened(GoneBack())

    def pin(self, on: bool) -> None:
        """Let no other generation come, or let them come again."""
        self._happened(Pinned(on))
        if on and self.record.phase == "fetching":
            self._happened(Failed(f"{self.model} was pinned"))

    def folder_of(self, place: Place) -> Path:
        """Where a place's files are."""
        return self._shipped if place == "shipped" else self._shelf.slot(place)

    def active_folder(self) -> Path:
        """Where the model is to be loaded from, if it is whole there."""
        choice = self.record.choice
        held = None if choice.active == "shipped" else choice.held[choice.active]
        return self.folder_of(choice.active if held and held.version > self._shipped_version else "shipped")

    def report(self) -> Mapping[str, Any]:
        """What a person, or the owner's broker, may know; ready for JSON."""
        record, active = self.record, self.record.choice.active
        is_slot = active != "shipped" and self.active_folder() != self._shipped
        version = record.choice.held[active].version if is_slot else self._shipped_version  # type: ignore[index]
        told: dict[str, Any] = {
            "version": version,
            "state": self._state(),
            "why": record.why or record.refusal,
        }
        if record.why and record.refusal:
            told["refusal"] = record.refusal
        if record.target:
            told["next"] = record.target.version
        if record.pinned:
            told["pinned"] = True
        return told

    def progress(self) -> tuple[int, int]:
        """How many bytes of how many have been fetched; (0, 0) when nothing is."""
        if self.record.phase != "fetching" or self._generation is None or self.record.target is None:
            return 0, 0
        return self._shelf.fetched_bytes(), package_of(self._generation, self.record.target).bytes

    def _state(self) -> str:
        phase, outcome = self.record.phase, self.record.outcome
        if phase != "idle":
            return phase
        at_rest = {"": "idle", "committed": "active"}.get(outcome, outcome)
        return "refused" if self.record.refusal and at_rest in ("idle", "active") else at_rest

    @property
    def _version(self) -> int:
        return self.record.target.version if self.record.target else 0

    def _happened(self, happening: Happening) -> None:
        """Remember it; said in the log when it is news."""
        before, after = self.record, step(self.record, happening)
        if after == before:
            return
        self._shelf.write(after)
        self.record = after
        if after.phase == "idle" and before.phase != "idle":
            self._forget_course()
        _tell(self.model, before, after)

    def _forget_course(self) -> None:
        """Remove what came; the slot stays until the next start: the daemon may have been started from it."""
        self._generation = None
        try:
            self._shelf.remove([self._shelf.package, self._shelf.envelope])
        except StorageError as error:  # so does the next start
            _LOG.warning("%s", error)

    def _is_known(self, envelope: bytes) -> bool:
        """Whether it is what the present course, or the last one, is about."""
        return bool(self.record.digest) and _digest_in(envelope) == self.record.digest

    def _here(self) -> Mapping[Place, Present]:
        """What a package may build upon; a place that is damaged is none."""
        here: dict[Place, Present] = {}
        places: tuple[Place, ...] = ("shipped", *self.record.choice.held)
        for place in places:
            folder = self.folder_of(place)
            try:
                here[place] = Present(version_of(folder), digest_of(files_of(folder)))
            except UpdateError as error:
                _LOG.warning("Nothing can build upon %s: %s", folder, error)
        return here

    @functools.cached_property
    def _shipped_version(self) -> int:
        try:
            return version_of(self._shipped)
        except UpdateError:
            return 0

    def _missing_bytes(self, package_bytes: int) -> int:
        """How much room on the disk the update lacks."""
        assert self._generation is not None
        try:
            about = os.statvfs(self._shelf.folder)
        except OSError as error:
            raise StorageError(f"{self._shelf.folder} cannot be used ({error.strerror}).") from error
        still_to_come = max(0, package_bytes - self._shelf.fetched_bytes())
        made = sum(file.bytes for file in self._generation.files.values())
        return still_to_come + made + KEPT_FREE_BYTES - about.f_bavail * about.f_frsize

    def _read_envelope(self) -> None:
        """Judge the kept envelope anew: its key may have been revoked since.

        Raises:
            UpdateError: it does not count any more, or is not what the record is about.
        """
        try:
            envelope = self._shelf.envelope.read_bytes()
        except OSError as error:
            raise UpdateError(f"{self._shelf.envelope} cannot be read ({error.strerror}).") from error
        generation = verify(envelope, self._keyring.trusted())
        if self.record.target is None or manifest_digest(generation) != self.record.target.digest:
            raise UpdateError("A newer version was about to be fetched.")
        package_of(generation, self.record.target)
        self._generation = generation

    def _rewind(self) -> None:
        """Fetch the last piece once more: a power cut may have left its length without its content."""
        assert self._generation is not None and self.record.target is not None
        package = package_of(self._generation, self.record.target)
        there = self._shelf.fetched_bytes() // package.chunk_bytes
        self._next = min(max(0, there - 1), package.chunks - 1)

    def _check_package(self) -> None:
        """All of it has come."""
        assert self._generation is not None and self.record.target is not None
        target = self.record.target
        try:
            verify_package(self._shelf.package, package_of(self._generation, target))
        except UpdateError as error:
            self._spoiled(str(error))
            raise
        self._happened(Fetched())

    def _spoiled(self, why: str) -> None:
        """Fetch again, and whole files if it was the smaller package that did not lead to them."""
        assert self._generation is not None and self.record.target is not None
        self._shelf.drop_package()
        self._next = 0
        try:
            target = choose(self._generation, self.record, {} if self.record.target.base else self._here())
        except UpdateError as error:
            self._happened(Failed(f"{why} {error}"))
        else:
            self._happened(Spoiled(why, target))

    def _apply(self) -> None:
        assert self._generation is not None and self.record.target is not None
        target = self.record.target
        new = self._shelf.empty(target.slot)
        old = self.folder_of(target.base) if target.base else None
        try:
            if not self._shelf.package.exists():
                raise UpdateError("The package is gone.")
            self._labour.apply(self._shelf.package, target.package, self._generation, old, new)
            made = digest_of(files_of(new))
            if made != digest_of(self._generation.files):
                raise UpdateError("The files are not those that the manifest promised. Publish it again.")
        except (UpdateError, ModelError) as error:
            self._spoiled(str(error))
            return
        self._happened(Applied(self._generation.files["manifest.json"].sha256))

    def _try(self) -> None:
        assert self.record.target is not None
        try:
            self._labour.try_model(self._shelf.slot(self.record.target.slot))
        except (ModelError, UpdateError) as error:
            self._happened(Failed(f"the self-test failed: {error}"))
        else:
            self._happened(Passed())


def _digest_in(envelope: bytes) -> str:
    """The digest of the manifest in an envelope, whoever signed it; "" when there is none."""
    try:
        return manifest_digest(read_unverified(envelope))
    except AlexaLocalError:
        return ""


def _tell(model: str, before: Record, after: Record) -> None:
    """One line in the log for what is news."""
    target = after.target or before.target
    version = target.version if target else 0
    if after.phase != before.phase and after.phase != "idle":
        _LOG.info("Model %s, version %d: %s.", model, version, after.phase)
    elif after.phase == "idle" and before.phase != "idle":
        level = logging.INFO if after.outcome == "committed" else logging.ERROR
        _LOG.log(level, "Model %s, version %d: %s%s", model, version, after.outcome, _because(after))
    for news, old in ((after.why, before.why), (after.refusal, before.refusal)):
        if news and news != old and after.phase == before.phase:
            _LOG.warning("Model %s: %s", model, news)


def _because(record: Record) -> str:
    return f": {record.why}" if record.why else "."
