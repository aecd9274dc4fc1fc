"""Pins that gpiozero takes for real ones."""

import pytest


@pytest.fixture
def pins(monkeypatch):
    """gpiozero's mock factory, with pins that know PWM."""
    gpiozero = pytest.importorskip("gpiozero")
    from gpiozero.pins.mock import MockFactory, MockPWMPin

    factory = MockFactory(pin_class=MockPWMPin)
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    yield factory
    factory.reset()
