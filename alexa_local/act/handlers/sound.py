"""Loudness and music."""

from __future__ import annotations

from alexa_local.act import spoken
from alexa_local.act.handlers.base import Handler, Slots, done, needed, refused, text
from alexa_local.act.services import VOLUME_SETTING, Services
from alexa_local.messages import Outcome

_VOLUME_STEP = 10
_SILENCE = "Nothing is playing."


def set_volume(services: Services, slots: Slots) -> Outcome:
    """Volume forty percent; kept for the next start."""
    return _set_volume(services, needed(slots, "level", "How loud?"))


def volume_up(services: Services, slots: Slots) -> Outcome:
    """Ten percent louder, or as much as was said."""
    return _set_volume(services, services.player.volume + (slots.get("amount") or _VOLUME_STEP))


def volume_down(services: Services, slots: Slots) -> Outcome:
    """Ten percent quieter, or as much as was said."""
    return _set_volume(services, services.player.volume - (slots.get("amount") or _VOLUME_STEP))


def mute(services: Services, slots: Slots) -> Outcome:
    """Nothing is said about being silent."""
    services.player.muted = True
    return done(muted=True)


def unmute(services: Services, slots: Slots) -> Outcome:
    """The loudspeaker can be heard again."""
    services.player.muted = False
    return done("I'm back", muted=False)


def play_music(services: Services, slots: Slots) -> Outcome:
    """Playing what was asked for, or everything."""
    query = text(slots, "music") or text(slots, "query")
    playing = services.player.play(query, bool(slots.get("shuffle")))
    if playing:
        return done(f"Playing {playing}", music={"playing": playing})
    if query:
        return refused(f"I can't find {query} in your music.")
    return refused("I have no music. Name its folders under music in the configuration.")


def pause_music(services: Services, slots: Slots) -> Outcome:
    """A tone is enough."""
    return done(music="paused") if services.player.pause() else refused(_SILENCE)


def resume_music(services: Services, slots: Slots) -> Outcome:
    """The music says it."""
    return done(music="resumed") if services.player.resume() else refused("There is no music to go on with.")


def next_track(services: Services, slots: Slots) -> Outcome:
    """Skip a piece."""
    return _moved(services.player.next())


def previous_track(services: Services, slots: Slots) -> Outcome:
    """Go back a piece."""
    return _moved(services.player.previous())


def stop_music(services: Services, slots: Slots) -> Outcome:
    """A tone is enough."""
    return done(music="stopped") if services.player.stop() else refused(_SILENCE)


def whats_playing(services: Services, slots: Slots) -> Outcome:
    """This is Clair de Lune."""
    playing = services.player.now_playing()
    if not playing:
        return done(_SILENCE)
    if services.player.held:
        return done(f"{playing} is paused", music={"paused": playing})
    return done(f"This is {playing}", music={"playing": playing})


def _set_volume(services: Services, percent: float) -> Outcome:
    volume = round(min(max(percent, 0), 100))
    services.player.volume = volume
    services.player.muted = False
    services.store.remember(VOLUME_SETTING, str(volume))
    return done(f"Volume {spoken.number(volume)} percent", volume=volume)


def _moved(playing: str) -> Outcome:
    return done(music={"playing": playing}) if playing else refused(_SILENCE)


HANDLERS: dict[str, Handler] = {
    "SetVolume": set_volume,
    "VolumeUp": volume_up,
    "VolumeDown": volume_down,
    "Mute": mute,
    "Unmute": unmute,
    "PlayMusic": play_music,
    "PauseMusic": pause_music,
    "ResumeMusic": resume_music,
    "NextTrack": next_track,
    "PreviousTrack": previous_track,
    "StopMusic": stop_music,
    "WhatsPlaying": whats_playing,
}
