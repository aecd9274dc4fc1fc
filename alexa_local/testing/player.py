"""A loudspeaker and a record shelf that make no sound."""

from __future__ import annotations


class FakePlayer:
    """Plays pieces by name.

    Attributes:
        volume: percent.
        muted: whether nothing is to be heard.
        shuffled: whether the last request was to be in random order.
    """

    def __init__(self, pieces: tuple[str, ...] = ("Clair de Lune", "Blue in Green", "Yesterday")) -> None:
        self.volume = 50
        self.muted = False
        self.shuffled = False
        self._pieces = pieces
        self._place: int | None = None
        self._held = False

    def play(self, query: str = "", shuffle: bool = False) -> str:
        """Play the first piece whose name has the words in it."""
        fitting = [place for place, name in enumerate(self._pieces) if query.casefold() in name.casefold()]
        if not fitting:
            return ""
        self._place, self._held, self.shuffled = fitting[0], False, shuffle
        return self._pieces[fitting[0]]

    def pause(self) -> bool:
        """Hold the music."""
        playing = self._place is not None and not self._held
        self._held = self._held or playing
        return playing

    def resume(self) -> bool:
        """Go on with the music."""
        held, self._held = self._held, False
        return held

    def next(self) -> str:
        """Skip a piece."""
        return self._move(1)

    def previous(self) -> str:
        """Go back a piece."""
        return self._move(-1)

    def stop(self) -> bool:
        """End the music."""
        playing, self._place, self._held = self._place is not None, None, False
        return playing

    def now_playing(self) -> str:
        """The piece that plays or is held."""
        return "" if self._place is None else self._pieces[self._place]

    @property
    def held(self) -> bool:
        """Whether it is held."""
        return self._held

    def _move(self, by: int) -> str:
        if self._place is None:
            return ""
        self._place = (self._place + by) % len(self._pieces)
        return self._pieces[self._place]
