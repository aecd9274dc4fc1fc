"""The settings: one YAML file, read once, checked whole, handed out section by section."""

from alexa_local.config.hearing import (
    AudioSettings,
    EndpointRule,
    EndpointSettings,
    RecogniserSettings,
    UnderstandingSettings,
    WakeSettings,
    WhisperSettings,
)
from alexa_local.config.household import (
    CommandSettings,
    ContactsSettings,
    DeviceSettings,
    GuestSettings,
    HomeSettings,
    PeopleSettings,
    PersonSettings,
)
from alexa_local.config.load import find_config, load_config
from alexa_local.config.machine import (
    ButtonSettings,
    DaemonSettings,
    IndicatorSettings,
    LogSettings,
    MusicSettings,
    SchedulerSettings,
    VoiceSettings,
)
from alexa_local.config.network import MqttSettings, PrivacySettings, UpdatesSettings
from alexa_local.config.night import is_night
from alexa_local.config.sections import Config

__all__ = [
    "AudioSettings",
    "ButtonSettings",
    "CommandSettings",
    "Config",
    "ContactsSettings",
    "DaemonSettings",
    "DeviceSettings",
    "EndpointRule",
    "EndpointSettings",
    "GuestSettings",
    "HomeSettings",
    "IndicatorSettings",
    "LogSettings",
    "MqttSettings",
    "MusicSettings",
    "PeopleSettings",
    "PersonSettings",
    "PrivacySettings",
    "RecogniserSettings",
    "SchedulerSettings",
    "UnderstandingSettings",
    "UpdatesSettings",
    "VoiceSettings",
    "WakeSettings",
    "WhisperSettings",
    "find_config",
    "is_night",
    "load_config",
]
