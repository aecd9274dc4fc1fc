"""`python -m scripts.documents`: makes anew what docs/ has from the code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
MANUAL = DOCS / "alexa-local.1"


def parts() -> Mapping[str, Callable[[], str]]:
    """What makes each generated part of a document, by its name."""
    from scripts.documents import configuration, failures, messages, topics

    return {
        "configuration": configuration.reference,
        "exit-codes": failures.reference,
        "mqtt-messages": messages.reference,
        "mqtt-limits": messages.limits,
        "mqtt-topics": topics.reference,
        "mqtt-schemas": topics.workers_schemas,
        "mqtt-owner-schemas": topics.owners_schemas,
        "mqtt-delivery": topics.delivery,
    }


def stale() -> dict[Path, str]:
    """The documents that say something else than the code, and what they should say."""
    from scripts.documents.blocks import filled
    from scripts.documents.manual import page

    before = MANUAL.read_text() if MANUAL.exists() else ""
    texts = {
        path: (path.read_text(), filled(path.read_text(), parts())) for path in sorted(DOCS.glob("*.md"))
    }
    texts[MANUAL] = (before, page(before))
    return {path: wanted for path, (written, wanted) in texts.items() if wanted != written}


def main(argv: Sequence[str] | None = None) -> int:
    """Write or check; returns the exit code, 1 when --check found something stale."""
    parser = argparse.ArgumentParser(prog="python -m scripts.documents", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, name what is out of date")
    arguments = parser.parse_args(argv)
    found = stale()
    for path, wanted in found.items():
        if not arguments.check:
            path.write_text(wanted)
        print(f"{path}: {'out of date' if arguments.check else 'written'}")
    return 1 if found and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
