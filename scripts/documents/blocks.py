"""The parts of a document that are made from the code, between two comments that say which part it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

_BLOCK = re.compile(r"(<!-- generated: (?P<name>[\w-]+)[^>]*-->\n)(?P<text>.*?)(<!-- end -->)", re.DOTALL)


def filled(document: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """The document with every generated part made anew.

    Args:
        document: Markdown, with parts between `<!-- generated: NAME -->` and `<!-- end -->`.
        parts: what makes each part, by its name.

    Raises:
        KeyError: a part of the document has a name that nothing makes.
    """
    return _BLOCK.sub(lambda block: f"{block[1]}\n{parts[block['name']]().strip()}\n\n{block[4]}", document)


def table(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table; a bar within a cell stays a bar."""
    lines = [heading, tuple("---" for _ in heading), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
