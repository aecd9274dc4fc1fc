"""The one package that talks to an MQTT broker."""

from alexa_local.mqtt.broker import Broker
from alexa_local.mqtt.delivery import Delivery, Pace
from alexa_local.mqtt.exchange import Exchange
from alexa_local.mqtt.gate import Gate, Kind
from alexa_local.mqtt.identity import device_id
from alexa_local.mqtt.message import Message, Subscription
from alexa_local.mqtt.outbox import Limits, Outbox
from alexa_local.mqtt.wire import Refusal, Result

__all__ = [
    "Broker",
    "Delivery",
    "Exchange",
    "Gate",
    "Kind",
    "Limits",
    "Message",
    "Outbox",
    "Pace",
    "Refusal",
    "Result",
    "Subscription",
    "device_id",
]
