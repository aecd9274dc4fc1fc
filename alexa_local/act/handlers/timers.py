"""Timers, and what rings."""

from __future__ import annotations

from alexa_local.act import spoken
from alexa_local.act.handlers.base import Handler, Slots, done, needed, refused, text
from alexa_local.act.schedule import SNOOZE_S
from alexa_local.act.services import Services
from alexa_local.act.timers import Timer
from alexa_local.messages import Outcome


def set_timer(services: Services, slots: Slots) -> Outcome:
    """Ten minutes, starting now."""
    seconds, name = needed(slots, "duration", "For how long?"), text(slots, "name")
    second = slots.get("second_duration")
    with services.store.transaction():  # both or none
        timer = services.timers.start(seconds, name)
        if second:
            services.timers.start(second)
    action = {"timer": {"seconds": seconds, "name": name}}
    if second:
        both = f"{spoken.duration(seconds)} and {spoken.duration(second)}"
        return done(f"Two timers, for {both}, starting now", **action, second_timer={"seconds": second})
    what = f"{timer.label}, " if name else ""
    return done(f"{what}{spoken.duration(seconds)}, starting now", **action)


def cancel_timer(services: Services, slots: Slots) -> Outcome:
    """Your pasta timer is cancelled; a timer that rings is silenced."""
    if not text(slots, "name") and not slots.get("duration") and services.schedule.ringing():
        services.schedule.dismiss()
        return done(stopped="ringing")
    timer = services.timers.find(text(slots, "name"), slots.get("duration"))
    services.timers.cancel(timer)
    return done(f"Your {timer.label} is cancelled", cancelled=timer.label)


def cancel_all_timers(services: Services, slots: Slots) -> Outcome:
    """Two timers cancelled."""
    timers = services.timers.all()
    if not timers:
        return refused("You have no timers.")
    with services.store.transaction():
        for timer in timers:
            services.timers.cancel(timer)
    return done(f"{spoken.count(len(timers), 'timer')} cancelled", cancelled=len(timers))


def pause_timer(services: Services, slots: Slots) -> Outcome:
    """Your pasta timer is paused with two minutes left."""
    timer = services.timers.pause(services.timers.find(text(slots, "name")))
    left = spoken.rough_duration(timer.left_s)
    return done(f"Your {timer.label} is paused with {left} left", paused=timer.label)


def resume_timer(services: Services, slots: Slots) -> Outcome:
    """Your pasta timer goes on, with two minutes left."""
    timer = services.timers.resume(services.timers.find(text(slots, "name")))
    left = spoken.rough_duration(timer.left_s)
    return done(f"Your {timer.label} goes on, with {left} left", resumed=timer.label)


def timer_status(services: Services, slots: Slots) -> Outcome:
    """Your pasta timer has two minutes left; without a name, every timer is told."""
    name = text(slots, "name")
    timers = [services.timers.find(name)] if name else services.timers.all()
    if not timers:
        return refused("You have no timers.")
    told = spoken.listing([f"your {timer.label} {_left(timer)}" for timer in timers])
    return done(told, timers=_as_action(timers))


def list_timers(services: Services, slots: Slots) -> Outcome:
    """You have two timers: a pasta timer, which has two minutes left, and ..."""
    timers = services.timers.all()
    if not timers:
        return done("You have no timers", timers=[])
    told = spoken.listing([f"a {timer.label}, which {_left(timer)}" for timer in timers])
    return done(f"You have {spoken.count(len(timers), 'timer')}: {told}", timers=_as_action(timers))


def add_time(services: Services, slots: Slots) -> Outcome:
    """Your pasta timer now has twelve minutes left."""
    return _change(services, slots, 1)


def remove_time(services: Services, slots: Slots) -> Outcome:
    """Your pasta timer now has two minutes left."""
    return _change(services, slots, -1)


def snooze(services: Services, slots: Slots) -> Outcome:
    """I'll ring again in nine minutes."""
    seconds = slots.get("duration") or SNOOZE_S
    if not services.schedule.snooze(seconds):
        return refused("Nothing is ringing.")
    return done(f"I'll ring again in {spoken.duration(seconds)}", snoozed={"seconds": seconds})


def _change(services: Services, slots: Slots, sign: int) -> Outcome:
    seconds = sign * needed(slots, "duration", "How much time?")
    timer = services.timers.add(services.timers.find(text(slots, "name")), seconds)
    left = spoken.rough_duration(timer.left_s)
    return done(f"Your {timer.label} now has {left} left", timers=_as_action([timer]))


def _left(timer: Timer) -> str:
    left = spoken.rough_duration(timer.left_s)
    return f"is paused with {left} left" if timer.paused else f"has {left} left"


def _as_action(timers: list[Timer]) -> list[dict[str, object]]:
    return [{"name": timer.name, "left_s": round(timer.left_s), "paused": timer.paused} for timer in timers]


HANDLERS: dict[str, Handler] = {
    "SetTimer": set_timer,
    "CancelTimer": cancel_timer,
    "CancelAllTimers": cancel_all_timers,
    "PauseTimer": pause_timer,
    "ResumeTimer": resume_timer,
    "TimerStatus": timer_status,
    "ListTimers": list_timers,
    "AddTimerTime": add_time,
    "RemoveTimerTime": remove_time,
    "Snooze": snooze,
}
