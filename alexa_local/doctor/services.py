"""What is found out about the running daemon and about the broker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from alexa_local.config import MqttSettings
from alexa_local.doctor.findings import Finding
from alexa_local.mqtt.probe import Trouble, probe

_STOP = "Run `systemctl stop alexa-local` (or `alexa-local stop`), then this again, and start it again after."

_ANSWERED_WITHIN_S = 60.0
"""A request that waits longer shows that nobody reads it."""

_BROKER: Mapping[Trouble, tuple[str, str]] = {
    "name": ("its name is not known", "Check `mqtt.host`, or write its address instead."),
    "route": ("no way leads there", "Check the network: `ip route`, and the cable or Wi-Fi."),
    "port": (
        "the machine is there, but nothing listens on that port",
        "Start the broker, or check `mqtt.port`.",
    ),
    "silence": ("nothing answers", "Check that it is switched on, and that no firewall is between."),
    "encryption": (
        "the encryption failed",
        "Check `mqtt.tls_ca_file` and `mqtt.port`; 8883 is usual with TLS.",
    ),
    "password": ("it refused the name or the password", "Check `mqtt.username` and `mqtt.password`."),
    "refusal": ("it refused us", "Look at the broker's log."),
    "protocol": (
        "whatever listens there does not speak MQTT 5",
        "Check `mqtt.port`; mosquitto needs 1.6 or newer.",
    ),
}


def check_broker(settings: MqttSettings, local_only: bool | None) -> Finding:
    """Whether the broker can be used; tried only where something may be sent at all."""
    if not settings.host:
        return Finding("broker", "ok", "none is configured, so nothing is sent over the network")
    where = f"{settings.host}:{settings.port}"
    if local_only:
        return Finding("broker", "ok", f"{where} was not tried, because local-only is on")
    if local_only is None:
        fact = f"{where} was not tried, because it cannot be read whether local-only is on"
        return Finding("broker", "warn", fact, "Run this as root or as the daemon's user.")
    trouble, detail = probe(settings)
    if not trouble:
        user = f" as {settings.username}" if settings.username else ""
        return Finding("broker", "ok", f"{where} lets us in{user}")
    fact, remedy = _BROKER[trouble]
    return Finding("broker", "fail", f"{where}: {fact} ({detail})", remedy)


def check_daemon(status: Mapping[str, Any] | None, set_aside: bool = False) -> list[Finding]:
    """What the running daemon says, None when none runs; of its devices unless it is to be set aside."""
    if status is None:
        return [Finding("daemon", "ok", "not running, so everything can be measured")]
    findings = [_life(status), *([] if set_aside else _devices(status))]
    if "outbox" in status:
        findings.append(_outbox(status["outbox"], status.get("outbox_oldest_s", 0.0)))
    return findings


def _devices(status: Mapping[str, Any]) -> Iterator[Finding]:
    holds = "the running daemon holds it, so nothing was measured"
    if status.get("microphone") == "open":
        yield Finding("microphone", "warn", f"open and heard; {holds}", _STOP)
    elif status.get("muted"):
        fact = "muted, so the daemon has closed it"
        yield Finding("microphone", "warn", fact, "Run `alexa-local mute off`, or press the button.")
    else:
        fact = f"the daemon has none (it is {status.get('microphone', 'unknown')})"
        remedy = "Plug one in; `alexa-local devices` lists them, `alexa-local setup` chooses."
        yield Finding("microphone", "fail", fact, remedy)
    if status.get("loudspeaker") == "open":
        yield Finding("loudspeaker", "ok", "the daemon has it open")
    elif status.get("loudspeaker") == "missing":
        remedy = "Plug one in, or set `audio.output_device: none` if none is wanted."
        yield Finding("loudspeaker", "warn", "the daemon has none", remedy)


def _outbox(waiting: int, oldest_s: float) -> Finding:
    figures = {"waiting": waiting, "oldest_s": oldest_s}
    if oldest_s <= _ANSWERED_WITHIN_S:
        fact = f"{waiting} requests wait to be read again" if waiting else "nothing waits to be sent"
        return Finding("outbox", "ok", fact, figures=figures)
    fact = f"{waiting} requests wait to be read again, the oldest for {oldest_s / 60:.0f} min"
    remedy = "Look whether the broker and the server that reads them run, or set `mqtt.rerank: off`."
    return Finding("outbox", "warn", fact, remedy, figures)


def _life(status: Mapping[str, Any]) -> Finding:
    dead = [name for name, alive in status.get("threads", {}).items() if not alive]
    dropped = {name: count for name, count in status.get("dropped", {}).items() if count}
    fact = f"running as process {status.get('process')}, {status.get('state')}"
    if dead:
        remedy = "Restart it: `systemctl restart alexa-local`, and report what its log says."
        return Finding("daemon", "fail", f"{fact}; ended threads: {', '.join(dead)}", remedy)
    if dropped:
        what = ", ".join(f"{name} {count}" for name, count in dropped.items())
        remedy = "The computer is too busy at times: end other programs."
        return Finding("daemon", "warn", f"{fact}; dropped: {what}", remedy, dict(dropped))
    return Finding("daemon", "ok", fact)
