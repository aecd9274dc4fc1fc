import pytest

from alexa_local.understand import Understander
from tests.understand.home import HOME, SATURDAY_EVENING


@pytest.fixture(scope="session")
def home() -> Understander:
    return Understander(HOME, now=lambda: SATURDAY_EVENING)
