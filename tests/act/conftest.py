from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from house import House

from alexa_local.config import CommandSettings, ContactsSettings


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    calling = ContactsSettings(
        call=CommandSettings(topic="phone/call", payload='{"name": "{name}", "number": "{number}"}'),
        message=CommandSettings(topic="phone/message", payload="{number}: {message}"),
    )
    one = House(tmp_path, calling)
    yield one
    one.store.close()


@pytest.fixture
def bare_house(tmp_path: Path) -> Iterator[House]:
    """Nothing is configured."""
    one = House(tmp_path, ContactsSettings(), ())
    yield one
    one.store.close()
