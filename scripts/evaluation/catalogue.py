"""The names that a recogniser is told of while it is measured: a household's, and any number of others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from alexa_local.config import load_config
from alexa_local.errors import ConfigError
from alexa_local.messages import PhraseClass
from scripts.evaluation.names import Names
from scripts.evaluation.rare_names import other_people

if TYPE_CHECKING:
    from alexa_local.understand import Contact, Device

PHRASES = "phrase"
"""The kind of the phrases that come from a plain list: they may be said anywhere."""


class Known:
    """What is known of a household before it speaks."""

    def __init__(
        self,
        contacts: Sequence[Contact] = (),
        phrases: Sequence[str] = (),
        distractors: int = 0,
        music: Sequence[str] = (),
    ) -> None:
        """Take the names.

        Args:
            contacts: people of an address book.
            phrases: others, wherever they may be said.
            distractors: so many made-up names come beside them: contacts if there are any, else phrases.
            music: names of artists.
        """
        from alexa_local.understand import Catalogue, Contact

        self._real = Catalogue(contacts=tuple(contacts), music=tuple(music))
        self._phrases = tuple(phrases)
        others = other_people(distractors, "distractors", [*(one.name.lower() for one in contacts), *phrases])
        people = tuple(map(Contact, others)) if contacts else ()
        self._all = Catalogue(contacts=(*contacts, *people), music=tuple(music))
        self._loose = self._phrases if contacts else (*self._phrases, *others)

    @property
    def names(self) -> Names:
        """The names that are looked for in references: all but the made-up ones."""
        said = [words for kind in ("contact", "music") for words, _ in self._real.entries_of(kind)]
        return Names([*said, *self._phrases])

    def classes(self) -> tuple[PhraseClass, ...]:
        """What the search is biased to, as the daemon does it."""
        from alexa_local.understand import KnownPhrases

        return (*KnownPhrases().of(self._all), *loose(self._loose))


def loose(phrases: Iterable[str]) -> tuple[PhraseClass, ...]:
    """Phrases that may be said anywhere; no class without any."""
    from alexa_local.understand import spoken_words

    spoken = tuple(dict.fromkeys(words for phrase in phrases if (words := spoken_words(phrase))))
    return (PhraseClass(PHRASES, spoken),) if spoken else ()


def read_phrases(path: Path | None) -> list[str]:
    """A file's lines, without empty ones.

    Raises:
        ConfigError: it cannot be read.
    """
    if path is None:
        return []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The phrases {path} cannot be read ({error}). Give a text file with one phrase a line."
        ) from error
    return [line.strip() for line in lines if line.strip()]


def read_contacts(path: Path | None) -> tuple[Contact, ...]:
    """The people in an address book, vCard or CSV.

    Raises:
        UsageError: it cannot be read, or names nobody.
    """
    if path is None:
        return ()
    from alexa_local.act.people import read_people

    return read_people(path)


def read_devices(path: Path | None) -> tuple[Device, ...]:
    """The devices of a configuration."""
    if path is None:
        return ()
    from alexa_local.understand import Device

    home = load_config(path).home
    return tuple(Device(one.name, one.kind, one.room, one.aliases) for one in home.devices)
