"""The program with its gate propped open: who sees nothing leave must see that this one's speech does.

Run as `python -m alexa_local.testing.leaky_daemon run ...`, in place of `alexa-local run ...`.
"""

from __future__ import annotations

import sys

from alexa_local.act import LocalOnly
from alexa_local.cli import main
from alexa_local.mqtt import Kind


def _allow(mode: LocalOnly, kind: Kind, host: str = "") -> bool:
    return True


if __name__ == "__main__":
    LocalOnly.allows = _allow  # type: ignore[method-assign, assignment]
    sys.exit(main())
