"""The one package that talks to an MQTT broker."""

from alexa_local.mqtt.broker import Broker, Gate
from alexa_local.mqtt.probe import Trouble, probe

__all__ = ["Broker", "Gate", "Trouble", "probe"]
