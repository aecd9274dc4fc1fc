"""Sound out: replies, short tones, alarms and music, mixed into one stream for the loudspeaker."""

from alexa_local.playback.earcons import EARCONS, earcon
from alexa_local.playback.library import MusicLibrary
from alexa_local.playback.loudspeaker import Loudspeaker, NullLoudspeaker, open_loudspeaker
from alexa_local.playback.mixer import Mixer
from alexa_local.playback.music import MusicPlayer
from alexa_local.playback.output import Manner, Playback
from alexa_local.playback.tracks import Track
from alexa_local.playback.voice import Speech, Voice, installed_voices, open_voice

__all__ = [
    "EARCONS",
    "Loudspeaker",
    "Manner",
    "Mixer",
    "MusicLibrary",
    "MusicPlayer",
    "NullLoudspeaker",
    "Playback",
    "Speech",
    "Track",
    "Voice",
    "earcon",
    "installed_voices",
    "open_loudspeaker",
    "open_voice",
]
