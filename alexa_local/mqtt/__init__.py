"""The one package that talks to an MQTT broker."""

from alexa_local.mqtt.broker import Broker, Gate

__all__ = ["Broker", "Gate"]
