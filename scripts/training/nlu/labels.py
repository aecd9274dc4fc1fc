"""What the intents of public sets mean in ours: one of some, where a set's intent is wider than ours.

`NONE` is everything that the assistant cannot do. The sets are kept as tasks of their own too, each with its
own labels, so that one network learns from all of them what words mean.
"""

from __future__ import annotations

from collections.abc import Mapping

NONE = ""
"""The label of requests out of scope, and of talk that is no request."""

_SWITCH_ON = ("TurnOn", "ActivateScene", "OpenCover", "UnknownDevice")
_SWITCH_OFF = ("TurnOff", "CloseCover", "UnknownDevice")
_HOME = (
    *_SWITCH_ON,
    *("TurnOff", "CloseCover", "Toggle", "SetBrightness", "BrightnessUp", "BrightnessDown", "SetColour"),
    *("SetTemperature", "TemperatureUp", "TemperatureDown", "SetPosition", "GetTemperature", NONE),
)
_VOLUME = ("SetVolume", "VolumeUp", "VolumeDown", "Mute", "Unmute")

CLINC: Mapping[str, tuple[str, ...]] = {
    "time": ("GetTime", NONE),
    "date": ("GetDate", NONE),
    "timer": ("SetTimer", "CancelTimer", "CancelAllTimers", "TimerStatus", "PauseTimer", "ListTimers"),
    "alarm": ("SetAlarm", "CancelAlarm", "CancelAllAlarms", "ListAlarms"),
    "play_music": ("PlayMusic",),
    "next_song": ("NextTrack",),
    "what_song": ("WhatsPlaying",),
    "change_volume": _VOLUME,
    "smart_home": _HOME,
    "shopping_list": ("ReadList",),
    "todo_list": ("ReadList",),
    "shopping_list_update": ("AddToList", "RemoveFromList", "ClearList"),
    "todo_list_update": ("AddToList", "RemoveFromList", "ClearList"),
    "make_call": ("CallContact", "UnknownContact"),
    "text": ("SendMessage", "UnknownContact"),
    "cancel": ("Cancel",),
    "repeat": ("Repeat",),
    "greeting": ("Greeting",),
    "goodbye": ("Goodbye",),
    "thank_you": ("Thanks",),
    "what_can_i_ask_you": ("Help",),
    "reminder_update": ("SetTimer", "SetAlarm", NONE),
}
"""CLINC150's intents that are not simply out of scope."""

HWU: Mapping[str, tuple[str, ...]] = {
    "alarm_set": ("SetAlarm", "SetTimer"),
    "alarm_query": ("ListAlarms",),
    "alarm_remove": ("CancelAlarm", "CancelAllAlarms"),
    "audio_volume_mute": ("Mute", "Unmute", "Stop"),
    "audio_volume_up": ("VolumeUp", "SetVolume"),
    "audio_volume_down": ("VolumeDown", "SetVolume"),
    "datetime_query": ("GetTime", "GetDate", NONE),
    "iot_hue_lightoff": ("TurnOff",),
    "iot_hue_lighton": ("TurnOn",),
    "iot_hue_lightup": ("BrightnessUp", "SetBrightness"),
    "iot_hue_lightdim": ("BrightnessDown", "SetBrightness"),
    "iot_hue_lightchange": ("SetColour", "SetBrightness", "ActivateScene", NONE),
    "iot_wemo_on": ("TurnOn", "UnknownDevice"),
    "iot_wemo_off": ("TurnOff", "UnknownDevice"),
    "iot_cleaning": ("TurnOn", NONE),
    "iot_coffee": ("TurnOn", NONE),
    "lists_createoradd": ("AddToList", NONE),
    "lists_query": ("ReadList", NONE),
    "lists_remove": ("RemoveFromList", "ClearList", NONE),
    "play_music": ("PlayMusic", NONE),
    "play_radio": ("PlayMusic", NONE),
    "music_query": ("WhatsPlaying", NONE),
    "music_settings": ("NextTrack", "PreviousTrack", "PauseMusic", "StopMusic", *_VOLUME, NONE),
    "general_commandstop": ("Stop", "Cancel", "StopMusic", "PauseMusic"),
    "general_repeat": ("Repeat", NONE),
    "general_greet": ("Greeting",),
}
"""The same for HWU64, whose intents SLURP has too."""

HOME_ASSISTANT: Mapping[str, tuple[str, ...]] = {
    "HassTurnOn": (*_SWITCH_ON, "PlayMusic", NONE),
    "HassTurnOff": (*_SWITCH_OFF, NONE),
    "HassLightSet": ("SetBrightness", "SetColour", "BrightnessUp", "BrightnessDown"),
    "HassStartTimer": ("SetTimer",),
    "HassIncreaseTimer": ("AddTimerTime",),
    "HassDecreaseTimer": ("RemoveTimerTime",),
    "HassTimerStatus": ("TimerStatus", "ListTimers"),
    "HassCancelTimer": ("CancelTimer",),
    "HassCancelAllTimers": ("CancelAllTimers",),
    "HassPauseTimer": ("PauseTimer",),
    "HassUnpauseTimer": ("ResumeTimer",),
    "HassMediaSearchAndPlay": ("PlayMusic",),
    "HassMediaNext": ("NextTrack",),
    "HassMediaPrevious": ("PreviousTrack",),
    "HassMediaPause": ("PauseMusic",),
    "HassMediaUnpause": ("ResumeMusic",),
    "HassSetVolume": ("SetVolume",),
    "HassClimateGetTemperature": ("GetTemperature",),
    "HassClimateSetTemperature": ("SetTemperature",),
    "HassSetPosition": ("SetPosition",),
    "HassShoppingListCompleteItem": ("RemoveFromList",),
    "HassListCompleteItem": ("RemoveFromList",),
    "HassShoppingListAddItem": ("AddToList",),
    "HassListAddItem": ("AddToList",),
    "HassGetCurrentDate": ("GetDate",),
    "HassGetCurrentTime": ("GetTime",),
    "HassNevermind": ("Cancel",),
    "HassRespond": ("Greeting", "Help", "Thanks", NONE),
}
"""The same for the sentences of Home Assistant."""

SNIPS: Mapping[str, tuple[str, ...]] = {"PlayMusic": ("PlayMusic",)}
"""The same for Snips."""

SLURP_SLOTS: Mapping[str, str] = {
    "date": "day",
    "time": "time",
    "timeofday": "day",
    "device_type": "device",
    "house_place": "room",
    "color_type": "colour",
    "list_name": "list",
    "artist_name": "music",
    "song_name": "music",
    "playlist_name": "music",
    "music_genre": "music",
    "radio_name": "music",
    "person": "contact",
    "relation": "contact",
}
"""Slot types of SLURP's annotation and ours."""

SNIPS_SLOTS: Mapping[str, str] = dict.fromkeys(("artist", "track", "album", "playlist", "genre"), "music")
"""Slots of Snips' PlayMusic and ours."""
