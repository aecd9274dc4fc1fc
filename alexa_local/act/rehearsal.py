"""What a request would do, without doing it: while the speaker may still go on, nothing may leave a trace.

A rehearsal runs the very handlers that will do it later. What they write to the store is rolled back when the
rehearsal ends; what they would send, run, play or switch goes to the stand-ins below, which do nothing.
There is therefore nothing to undo, after a reset or after a power cut, and what is done in earnest is done by
one path alone. A rehearsal may be wrong about a reply (a program may fail); then that reply is not used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from alexa_local.act.services import Player, Services


class Unforeseen(Exception):
    """What would happen next cannot be known without doing it."""


def rehearsed(services: Services) -> Services:
    """Services that write to the same store, for the time of a `Store.rehearsal`, and touch nothing else."""
    commands = services.commands.rehearsed()
    return replace(
        services,
        commands=commands,
        home=services.home.through(commands),
        player=_Player(services.player),
        local_only=_LocalOnly(services.local_only.on),  # type: ignore[arg-type]
    )


@dataclass
class _LocalOnly:
    """The mode, switched for nobody."""

    on: bool

    def set(self, on: bool) -> int:
        self.on = on
        return 0


class _Player:
    """A player whose buttons move and which plays nothing."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self.volume, self.muted, self.held = player.volume, player.muted, player.held

    def play(self, query: str = "", shuffle: bool = False) -> str:
        raise Unforeseen

    def pause(self) -> bool:
        raise Unforeseen

    def resume(self) -> bool:
        raise Unforeseen

    def next(self) -> str:
        raise Unforeseen

    def previous(self) -> str:
        raise Unforeseen

    def stop(self) -> bool:
        raise Unforeseen

    def now_playing(self) -> str:
        return self._player.now_playing()
