"""What is written in a playlist: M3U, PLS and XSPF, with the habits of the programs that write them.

An entry is a name of a file and no more. Which of them are music of this home, the library decides: it plays
what it found in its folders, so that a playlist from elsewhere can neither open another file nor fetch one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote
from xml.etree import ElementTree

from alexa_local.errors import AudioFileError

PLAYLIST_SUFFIXES = frozenset({".m3u", ".m3u8", ".pls", ".xspf"})

_MOST_BYTES = 4_000_000
_XSPF = "{http://xspf.org/ns/0/}"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_PLS_FILE = re.compile(r"File(\d{1,6})\s*=\s*(.*)", re.IGNORECASE)


def playlist_name(path: Path) -> str:
    """What people call it."""
    return path.stem.replace("_", " ")


def read_playlist(path: Path) -> list[str]:
    """The entries in their order, as they are written: paths, relative ones too, or addresses.

    Raises:
        AudioFileError: it cannot be read, is too large, or is none.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise AudioFileError(
            f"The playlist '{path}' cannot be read ({error.strerror}). Check its rights."
        ) from error
    if len(data) > _MOST_BYTES:
        raise AudioFileError(f"The playlist '{path}' has more than {_MOST_BYTES} bytes. Split it.")
    match path.suffix.lower():
        case ".xspf":
            return list(_xspf(path, data))
        case ".pls":
            return list(_pls(_text(data)))
    return [line for line in map(str.strip, _text(data).splitlines()) if line and not line.startswith("#")]


def files_of(entry: str, playlist: Path) -> tuple[str, ...]:
    """The whole paths that an entry may mean, the likelier first; none for what is no file, such as a stream.

    Nothing is looked up, so that a link is followed no further than the library does by itself.
    """
    if entry.lower().startswith("file:"):
        entry = unquote(re.sub(r"^file:(//(localhost)?(?=/))?", "", entry, flags=re.IGNORECASE))
    elif _SCHEME.match(entry):
        return ()
    written = dict.fromkeys((entry, entry.replace("\\", "/")))  # as Windows writes it
    return tuple(os.path.normpath(playlist.parent / one) for one in written)


def _text(data: bytes) -> str:
    """UTF-8, or what Windows wrote before it knew that."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _pls(text: str) -> Iterator[str]:
    """The lines "File1=…", by their numbers."""
    found = (_PLS_FILE.fullmatch(line.strip()) for line in text.splitlines())
    entries = sorted((int(one.group(1)), one.group(2).strip()) for one in found if one)
    return (entry for _, entry in entries if entry)


class _NoDoctype(ElementTree.TreeBuilder):
    """Refuses what could name entities: no playlist needs them, and whoever sends one means harm."""

    def doctype(self, name: str, public_id: str | None, system: str | None) -> NoReturn:
        """Met before anything that it declares."""
        raise ElementTree.ParseError("it has a document type, which no playlist needs")


def _xspf(path: Path, data: bytes) -> Iterator[str]:
    try:
        root = ElementTree.fromstring(data, ElementTree.XMLParser(target=_NoDoctype()))
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise AudioFileError(f"The playlist '{path}' is no XSPF: {error}. Write it anew.") from error
    for track in root.iter(f"{_XSPF}track"):
        location = track.findtext(f"{_XSPF}location", "").strip()
        if location:
            yield location if _SCHEME.match(location) else unquote(location)
