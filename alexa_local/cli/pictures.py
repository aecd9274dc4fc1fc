"""Address books without their pictures, which are most of their size and never reach the daemon."""

from __future__ import annotations

import re

_PICTURE = re.compile(rb"(?:[\w-]+\.)?(?:PHOTO|LOGO|SOUND|KEY)[;:]", re.IGNORECASE)


def without_pictures(data: bytes) -> bytes:
    """A vCard file with empty lines for its pictures, so that line numbers stay; anything else as it is."""
    if not re.search(rb"^BEGIN:VCARD", data, re.IGNORECASE | re.MULTILINE):
        return data
    kept, in_picture = [], False
    for line in data.split(b"\n"):
        continues = line.startswith((b" ", b"\t"))
        in_picture = (in_picture and continues) or bool(_PICTURE.match(line))
        kept.append(b"" if in_picture else line)
    return b"\n".join(kept)
