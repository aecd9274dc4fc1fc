"""The settings: one YAML file, read once, checked whole, handed out section by section."""

from alexa_local.config.load import find_config, load_config
from alexa_local.config.sections import (
    AudioSettings,
    CommandSettings,
    Config,
    ContactsSettings,
    DaemonSettings,
    DeviceSettings,
    EndpointRule,
    EndpointSettings,
    HomeSettings,
    MqttSettings,
    MusicSettings,
    PrivacySettings,
    RecogniserSettings,
    UnderstandingSettings,
    VoiceSettings,
    WakeSettings,
)

__all__ = [
    "AudioSettings",
    "CommandSettings",
    "Config",
    "ContactsSettings",
    "DaemonSettings",
    "DeviceSettings",
    "EndpointRule",
    "EndpointSettings",
    "HomeSettings",
    "MqttSettings",
    "MusicSettings",
    "PrivacySettings",
    "RecogniserSettings",
    "UnderstandingSettings",
    "VoiceSettings",
    "WakeSettings",
    "find_config",
    "load_config",
]
