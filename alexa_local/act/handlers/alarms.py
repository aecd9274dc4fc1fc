"""Alarms."""

from __future__ import annotations

from alexa_local.act import spoken
from alexa_local.act.alarms import Alarm
from alexa_local.act.asking import Asked
from alexa_local.act.clock import local
from alexa_local.act.handlers.base import Handler, Slots, date_of, done, refused, text, time_of
from alexa_local.act.services import Services
from alexa_local.messages import Outcome


def set_alarm(services: Services, slots: Slots) -> Outcome:
    """Your alarm is set for tomorrow at seven o'clock in the morning."""
    now = local(services.clock)
    time, date = time_of(slots), date_of(slots)
    if slots.get("in"):  # "wake me in an hour"
        when = local(services.clock, services.clock.now() + float(slots["in"]))
        time, date = when.time().replace(second=0, microsecond=0), when.date()
    if time is None:
        raise Asked("For what time?", "time")
    alarm = services.alarms.set(time, date, text(slots, "repeat"), text(slots, "name"))
    return done(f"Your alarm is set for {alarm.when(now)}", alarm=_as_action(alarm))


def cancel_alarm(services: Services, slots: Slots) -> Outcome:
    """Your alarm for noon is cancelled; an alarm that rings is silenced."""
    if not slots and services.schedule.ringing():
        services.schedule.dismiss()
        return done(stopped="ringing")
    alarm = services.alarms.find(time_of(slots), date_of(slots), text(slots, "repeat"))
    services.alarms.cancel(alarm)
    return done(
        f"Your alarm for {alarm.when(local(services.clock))} is cancelled", cancelled=_as_action(alarm)
    )


def cancel_all_alarms(services: Services, slots: Slots) -> Outcome:
    """Two alarms cancelled."""
    alarms = services.alarms.all()
    if not alarms:
        return refused("You have no alarms.")
    with services.store.transaction():
        for alarm in alarms:
            services.alarms.cancel(alarm)
    return done(f"{spoken.count(len(alarms), 'alarm')} cancelled", cancelled=len(alarms))


def list_alarms(services: Services, slots: Slots) -> Outcome:
    """You have two alarms: tomorrow at noon and eight o'clock in the morning every Monday."""
    alarms, now = services.alarms.all(), local(services.clock)
    if not alarms:
        return done("You have no alarms", alarms=[])
    told = spoken.listing([alarm.when(now) for alarm in alarms])
    return done(
        f"You have {spoken.count(len(alarms), 'alarm')}: {told}", alarms=[_as_action(one) for one in alarms]
    )


def _as_action(alarm: Alarm) -> dict[str, object]:
    date = alarm.date.isoformat() if alarm.date else ""
    return {"time": f"{alarm.time:%H:%M}", "date": date, "repeat": alarm.repeat, "name": alarm.name}


HANDLERS: dict[str, Handler] = {
    "SetAlarm": set_alarm,
    "CancelAlarm": cancel_alarm,
    "CancelAllAlarms": cancel_all_alarms,
    "ListAlarms": list_alarms,
}
