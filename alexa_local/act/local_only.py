"""Local-only mode: remembered across restarts, and asked by whoever is about to send something."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from alexa_local.errors import StorageError
from alexa_local.mqtt import Kind
from alexa_local.store import Store

_KEY = "local_only"


class LocalOnly:
    """What may leave this machine; `allows` stands below every sender."""

    def __init__(
        self,
        store: Store,
        at_first: bool = False,
        on_change: Callable[[], int] = int,
        updates_may_come: bool = False,
    ) -> None:
        """Read the last choice.

        Args:
            store: where the choice is kept.
            at_first: the choice as long as nobody made one.
            on_change: called after a change, so that a sender closes or opens its connection; returns how
                many messages it deleted that waited to be sent.
            updates_may_come: whether models may come in while it is on.
        """
        self._store = store
        self._updates_may_come = updates_may_come
        self._on_change = on_change
        self._on = store.setting(_KEY, "on" if at_first else "off") == "on"

    @property
    def on(self) -> bool:
        """Whether local-only mode is on."""
        return self._on

    def set(self, on: bool) -> int:
        """Switch the mode and keep it; a failing disk does not keep it from being switched on.

        Returns:
            How many messages were deleted that waited to be sent.
        """
        try:
            self._store.remember(_KEY, "on" if on else "off")
        except StorageError:
            if on:
                self._switch(True)
            raise
        return self._switch(on)

    def _switch(self, on: bool) -> int:
        self._on = on
        return self._on_change()

    def allows(self, kind: Kind, host: str = "") -> bool:
        """Whether this kind may be sent to a host.

        In local-only mode nothing of speech, not even to a broker on this machine: who reads there, and
        carries it away, is not known. All else may go to this machine itself. To another one goes only what
        it takes to get models, where the owner wants that.

        No name but `localhost` is looked up: the question to a name server would leave the machine.
        """
        if not self._on:
            return True
        if kind is Kind.SPEECH:
            return False
        return is_loopback(host) or (self._updates_may_come and kind in (Kind.PRESENCE, Kind.UPDATES))


def is_loopback(host: str) -> bool:
    """Whether a name or address can only be this machine."""
    if host.rstrip(".").casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
