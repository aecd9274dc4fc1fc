"""What is done to the service, in order; each step returns a line about what it saw, or raises Broken."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.service_test.machine import FAR_ADDRESS, Machine
from scripts.service_test.tree import Broken

UNIT = "alexa-local.service"
HOUSEKEEPING = "alexa-local-housekeeping"
CONFIG = "/etc/alexa-local/config.yaml"
MOST_EXPOSED = 2.0
_PRIORITY_LIMIT = r"Max realtime priority +10 "
_NO_PRIORITY = "Sound has no real-time priority"
_REACH = """\
#!/bin/sh
# A program of the owner's that wants the network.
if python3 -c 'import socket; socket.create_connection(("{address}", 1883), 3)' 2>/dev/null
then echo reached; else echo refused; fi >/var/lib/alexa-local/reach
"""
_OWNERS_CONFIG = """\
# The owner's own settings.
home:
  devices:
    - name: test lamp
      kind: light
      room: kitchen
      run: [/usr/local/bin/reach]
mqtt:
  host: {address}
  rerank: all
"""
_LIST = """
import sqlite3
base = sqlite3.connect("file:/var/lib/alexa-local/alexa-local.sqlite?mode=ro", uri=True)
print(*(item for (item,) in base.execute("SELECT item FROM list_items")), sep="\\n")
"""
_COLOURS = ("red", "green", "blue", "white", "black", "yellow", "brown", "grey", "pink", "purple")
_THINGS = ("apples", "pears", "plums", "beans", "candles", "towels", "socks", "pens", "plates", "cups")
_BROKER = "listener 1883 0.0.0.0\nallow_anonymous true\n"
_CONTACT = "BEGIN:VCARD\nVERSION:3.0\nFN:Ann Example\nTEL:+15550100\nEND:VCARD\n"


@dataclass
class Suite:
    """One run on one machine."""

    machine: Machine
    packages: Sequence[str]
    """Paths inside the container: of the program, and of the models."""

    newer: str
    """The same program under a higher version."""

    server: str
    """The package of the owner's server."""

    kills: int = 3
    figures: dict[str, float] = field(default_factory=dict)
    """What was measured: seconds and MB by name."""

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """Name and function, in the order in which they build on each other."""
        return [
            ("install the packages with apt", self.install),
            ("the service listens", self.listens),
            ("the service has few rights, and real-time priority", self.confined),
            ("speak to it", self.speak),
            ("nothing that was said is in the journal", self.discreet),
            ("it keeps house while it listens", self.keep_house),
            ("examine it, and set it up", self.examine),
            ("give it settings, a list and a contact", self.configure),
            ("local-only closes the network", self.local_only),
            (f"kill it {self.kills} times", self.kill),
            ("a server reads requests again", self.serve),
            ("upgrade it while somebody speaks", self.upgrade),
            ("go back to the older version", self.downgrade),
            ("measure", self.measure),
            ("remove it: settings and state stay", self.remove),
            ("install it again: all is there", self.install_again),
            ("purge it: nothing stays", self.purge),
        ]

    def install(self) -> str:
        """As people do it, without network: apt has the dependencies already."""
        self._apt("install", *self.packages)
        return self.machine.must("alexa-local", "--version").strip()

    def listens(self) -> str:
        """From the start of the process to READY=1, and with an open microphone."""
        self._wait_until_listening()
        return f"{self._start_s():.1f} s after its start"

    def confined(self) -> str:
        """Systemd's own measure, and the limits of the living process."""
        exposure = self._check_exposure(UNIT)
        limits = self.machine.must("cat", f"/proc/{self._process()}/limits")
        granted = re.search(_PRIORITY_LIMIT, limits) is not None
        if not granted and _may_raise_limits():
            raise Broken(f"the limit of real-time priorities is not 10: {limits}")
        if (owner := self.machine.must("stat", "-c", "%U", f"/proc/{self._process()}").strip()) == "root":
            raise Broken(f"it runs as {owner}")
        return f"exposure {exposure}; {self._check_priority(granted)}"

    def _check_priority(self, granted: bool) -> str:
        """The threads of sound have it; or, where this machine gives none away, the journal says so once."""
        wanted = dict.fromkeys(("loudspeaker", "microphone"), "rr 5" if granted else "normal")
        self.machine.wait(
            f"threads of sound: {wanted}", lambda: self.machine.status()["realtime"] == wanted, 20
        )
        if granted:
            return "sound goes first"
        self.machine.wait("a word about it", lambda: self._journal().count(_NO_PRIORITY) == 1, 20)
        return "no right to raise limits here, which the journal says once"

    def speak(self) -> str:
        """A timer is set by voice, and the loudspeaker answers."""
        recorder = self.machine.start(
            "sh", "-c", "timeout 25 parec --raw -d music.monitor --latency-msec=50 >/tmp/heard.raw"
        )
        self._speak("Alexa, set a timer for ten minutes")
        took_s = self.machine.wait("a timer", lambda: self.machine.status().get("timers") == 1, 30)
        recorder.wait(60)
        loudest = max((abs(v) for v in memoryview(self._read("/tmp/heard.raw")).cast("h")), default=0)
        if loudest < 1000:
            raise Broken(f"no answer was heard; the loudest sample is {loudest}")
        return f"the timer was there {took_s:.1f} s after the last word, and the answer was heard"

    def discreet(self) -> str:
        """No word of the request at the default level of the journal."""
        journal = self._journal()
        if "ten minutes" in journal.lower() or "a timer" in journal.lower():
            raise Broken("the journal has the request")
        return f"{len(journal.splitlines())} lines"

    def keep_house(self) -> str:
        """The timer waits, and a round beside the daemon ends well, with fields of its own in the journal."""
        if self.machine.must("systemctl", "is-active", f"{HOUSEKEEPING}.timer").strip() != "active":
            raise Broken("the timer is not active")
        before = self._process(), self.machine.status().get("timers")
        self.machine.must("systemctl", "start", f"{HOUSEKEEPING}.service")
        look = ("journalctl", "-q", "-o", "cat", "-u", f"{HOUSEKEEPING}.service", "COMPONENT=cli")
        self.machine.wait("its lines", lambda: "disk:" in self.machine.must(*look), 10)
        told = self.machine.must(*look)
        wanted = ("ok     left-overs:", "ok     database:", "free pages:", "log:", "ok     model")
        if missing := [one for one in wanted if one not in told]:
            raise Broken(f"the journal lacks {missing}: {told}")
        if (self._process(), self.machine.status().get("timers")) != before:
            raise Broken("the daemon did not live on with its timers")
        return f"{len(told.splitlines())} lines in the journal"

    def examine(self) -> str:
        """The doctor has the sound to itself, setup its settings taken up, and the service lives on."""
        before = self._process()
        quiet_noise = "exec timeout 60 pacat --raw -d room --volume=8000 /dev/urandom"
        room = self.machine.start("sh", "-c", quiet_noise)  # a microphone that gives zeros is switched off
        told = json.loads(self.machine.run("alexa-local", "doctor", "--json").stdout)["findings"]
        room.kill()
        self._wait_until_listening()
        states = {one["name"]: one["state"] for one in told}
        lasting = (
            "microphone",
            "loudspeaker",
            "model asr-en",
            "disk",
            "memory",
        )  # whatever the machine's load
        if not set(lasting) | {"noise floor", "level", "sample rate"} <= states.keys():
            raise Broken(f"the doctor tells of {', '.join(states)} alone")
        if trouble := [one for one in told if one["name"] in lasting and one["state"] == "fail"]:
            raise Broken(f"the doctor finds {trouble}")
        between = self._process()
        self.machine.must(
            "alexa-local", "setup", "--yes", "--person", "Bob", "--no-local-only", "--output", "none"
        )
        self._wait_until_listening()
        if len({before, between, self._process()}) != 3:
            raise Broken("the service was not stopped and started again")
        return ", ".join(f"{name} {state}" for name, state in states.items())

    def configure(self) -> str:
        """A broker that is not on loopback, a program that wants the network, an item, a contact."""
        self._write(CONFIG, _OWNERS_CONFIG.format(address=FAR_ADDRESS))
        self._write("/usr/local/bin/reach", _REACH.format(address=FAR_ADDRESS), 0o755)
        self._write("/etc/mosquitto/conf.d/test.conf", _BROKER)
        self._write("/root/book.vcf", _CONTACT)
        self.machine.must("systemctl", "start", "mosquitto.service")
        self.machine.must("systemctl", "restart", UNIT)
        self._wait_until_listening()
        self.machine.must("alexa-local", "contacts", "import", "/root/book.vcf")
        self._say("add milk to the shopping list")
        self._say("cancel all timers")  # the spoken one rings in the midst of many kills
        self._say("set a timer for nine hours")
        self._wait_for_broker("connected")
        self._reaches("reached")
        return "the broker is connected, and a program reaches the network"

    def local_only(self) -> str:
        """Both walls: the daemon leaves the broker, and the kernel stops a program that asks nobody."""
        self.machine.must("alexa-local", "mode", "local-only", "on")
        closed_s = self._wait_for_wall(is_open=False)
        self._wait_for_broker("away")
        self._reaches("refused")
        self.machine.must("systemctl", "restart", UNIT)
        self._wait_until_listening()
        self._reaches("refused")
        self.machine.must("alexa-local", "mode", "local-only", "off")
        self._wait_for_wall(is_open=True)
        self._wait_for_broker("connected")
        self._reaches("reached")
        return f"closed after {closed_s:.1f} s, also over a restart, and opened again"

    def kill(self) -> str:
        """At random moments of writing; what was acknowledged must be there afterwards, and the timer."""
        acknowledged, chance = ["milk"], random.Random(8)
        self.machine.must("systemctl", "stop", "mosquitto.service")
        self._speak("Alexa, what time is it")
        self.machine.wait("a message in the outbox", lambda: self._waiting() == 1, 30)
        for number in range(self.kills):
            item = f"{_COLOURS[number // 10 % 10]} {_THINGS[number % 10]}"
            # Its limit of starts is for a daemon that dies by itself; later this would hide the kill.
            self.machine.must("systemctl", "reset-failed", UNIT)
            writer = self.machine.start("alexa-local", "say", f"add {item} to the shopping list")
            time.sleep(chance.uniform(0.0, 0.6))
            self.machine.must("systemctl", "kill", "-s", "KILL", "--kill-who=main", UNIT)
            if writer.wait(60) == 0:
                acknowledged.append(item)
            self._wait_until_listening()
            if (timers := self.machine.status().get("timers")) != 1:
                raise Broken(f"after {number + 1} kills there are {timers} timers, not 1")
        self._keeps(acknowledged)
        if (waiting := self._waiting()) != 1:
            raise Broken(f"{waiting} messages wait to be sent, not 1")
        self.machine.must("systemctl", "start", "mosquitto.service")
        self._wait_for_broker("connected")
        return f"the timer, {len(acknowledged)} acknowledged items, the contact and the message are there"

    def serve(self) -> str:
        """Two workers: what waited through the kills is answered, and what is said while one of them dies."""
        self._apt("install", self.server)
        self._write("/etc/alexa-local/cloud.env", "ALEXA_LOCAL_CLOUD_BROKER=127.0.0.1:1883\n")
        workers = [f"alexa-local-cloud@{number}.service" for number in (1, 2)]
        self.machine.must("systemctl", "start", *workers)
        took_s = self.machine.wait("an answer to what waited", lambda: self._waiting() == 0, 120)
        for worker in workers:
            self._check_exposure(worker)
        self.machine.must("systemctl", "kill", "-s", "KILL", workers[0])
        self._speak("Alexa, what time is it")
        self.machine.wait("its answer", lambda: self._answered() >= 2 and self._waiting() == 0, 120)
        journal = self.machine.must("journalctl", "-q", "-o", "cat", *(f"-u{worker}" for worker in workers))
        if "what time" in journal.lower():
            raise Broken("the workers' journal has the request")
        self.machine.must("systemctl", "stop", *workers)
        return f"the waiting message was answered after {took_s:.1f} s"

    def upgrade(self) -> str:
        """The service restarts into the new version and knows what it knew, the owner's settings too."""
        before = self._process()
        speaking = self.machine.start(
            "sh", "-c", self._speaking("Alexa, add bread and butter to the shopping list")
        )
        time.sleep(1)
        self._apt("install", self.newer)
        speaking.wait(60)
        self._wait_until_listening()
        if self._process() == before:
            raise Broken("the old process is still there")
        if "The owner's own" not in self.machine.must("cat", CONFIG):
            raise Broken("the owner's settings were replaced")
        self._keeps(["milk"])
        return f"now {self._version()}"

    def downgrade(self) -> str:
        """The older package over the newer one."""
        self._apt("install", "--allow-downgrades", self.packages[0])
        self._wait_until_listening()
        self._keeps(["milk"])
        return f"now {self._version()}"

    def measure(self) -> str:
        """Start to listening with cold and with warm files, memory, and the packages' sizes."""
        for name in ("start_cold_s", "start_warm_s"):
            if name == "start_cold_s":
                Path("/proc/sys/vm/drop_caches").write_text("1\n")
            self.machine.must("systemctl", "restart", UNIT)
            self._wait_until_listening()
            self.figures[name] = self._start_s()
            self.figures[name.removesuffix("_s") + "_cpu_s"] = self._cpu_s()
        self._speak("Alexa, what time is it")
        time.sleep(5)
        memory = self.machine.must("cat", f"/proc/{self._process()}/status")
        for name, line in (("resident_mb", "VmRSS"), ("resident_peak_mb", "VmHWM")):
            self.figures[name] = int(re.findall(rf"{line}:\s+(\d+)", memory)[0]) / 1000
        sizes = self.machine.must("stat", "-c", "%s", *self.packages).split()
        self.figures["program_package_mb"], self.figures["models_package_mb"] = (int(s) / 1e6 for s in sizes)
        return ", ".join(f"{name} {value:.1f}" for name, value in self.figures.items())

    def remove(self) -> str:
        """The program and the service go; what an owner made stays."""
        self._apt("remove", "alexa-local")
        if self.machine.run("systemctl", "cat", UNIT).returncode == 0:
            raise Broken("the unit is still there")
        for path in (CONFIG, "/var/lib/alexa-local/alexa-local.sqlite"):
            self.machine.must("test", "-f", path)
        if left := self.machine.run(
            "sh", "-c", "find /usr/lib/alexa-local -type f 2>/dev/null"
        ).stdout.strip():
            raise Broken(f"files stayed: {left[:300]}")
        return "the settings and the database are there"

    def install_again(self) -> str:
        """Nothing was lost by removing it."""
        self._apt("install", *self.packages)
        self._wait_until_listening()
        self._keeps(["milk"])
        return "the list and the contact are there"

    def purge(self) -> str:
        """No file of it stays, but for the system user, as Debian does it."""
        self._apt("purge", "alexa-local", "alexa-local-models", "alexa-local-cloud")
        look = ["find", "/etc", "/usr", "/var", "/run", "-xdev", "-name", "*alexa-local*"]
        kept = ("/var/cache/apt/", "/var/lib/apt/", "/var/log/")
        left = [line for line in self.machine.must(*look).split() if not line.startswith(kept)]
        if left:
            raise Broken(f"left behind: {' '.join(left)}")
        return "only the system user is left"

    # Helpers, from here on.

    def _apt(self, *words: str) -> None:
        options = (
            "-y",
            "-q",
            "-o",
            "Dpkg::Options::=--force-confdef",
            "-o",
            "Dpkg::Options::=--force-confold",
        )
        self.machine.must("apt-get", *options, *words, timeout_s=600)

    def _wait_until_listening(self) -> None:
        try:
            self.machine.wait("listening", lambda: self.machine.status().get("microphone") == "open", 90)
        except Broken as trouble:
            raise Broken(f"{trouble}; the journal ends with: {self._journal()[-1500:]}") from None

    def _start_s(self) -> float:
        began, ready = (
            int(self.machine.show(f"{name}TimestampMonotonic")) for name in ("ExecMainStart", "ActiveEnter")
        )
        return (ready - began) / 1e6

    def _cpu_s(self) -> float:
        """Seconds that the process has computed: what a start costs, however busy the machine is."""
        ticks = self.machine.must("cat", f"/proc/{self._process()}/stat").rsplit(")", 1)[1].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def _process(self) -> str:
        return self.machine.show("MainPID")

    def _version(self) -> str:
        return self.machine.must("dpkg-query", "-W", "-f", "${Version}", "alexa-local")

    def _journal(self) -> str:
        return self.machine.must("journalctl", "-q", "-o", "cat", "-u", UNIT)

    def _speaking(self, sentence: str) -> str:
        play = "paplay -d room --latency-msec=100 /tmp/said.wav"
        return f"flite -voice slt -t '{sentence}' -o /tmp/said.wav && {play}"

    def _speak(self, sentence: str) -> None:
        self.machine.must("sh", "-c", self._speaking(sentence))

    def _say(self, text: str) -> str:
        return self.machine.must("alexa-local", "say", text)

    def _keeps(self, items: Sequence[str]) -> None:
        listed = self.machine.must("python3", "-c", _LIST).splitlines()
        if lost := [item for item in items if item not in listed]:
            raise Broken(f"lost: {', '.join(lost)}; there are: {', '.join(listed)}")
        again = self.machine.must("alexa-local", "contacts", "import", "/root/book.vcf")
        if "0 contacts added" not in again:
            raise Broken(f"the contact was lost; importing it again says: {again}")

    def _check_exposure(self, unit: str) -> str:
        """What `systemd-analyze security` says of a living unit."""
        verdict = self.machine.run("systemd-analyze", "security", "--no-pager", unit).stdout
        exposed = re.search(r"exposure level for \S+: ([\d.]+)", verdict)
        if not exposed or float(exposed[1]) > MOST_EXPOSED:
            raise Broken(f"systemd-analyze security says of {unit}: {verdict[-200:]}")
        return exposed[1]

    def _answered(self) -> int:
        """Answers of a server since the daemon's start."""
        told = json.loads(self.machine.must("alexa-local", "outbox", "--json"))
        return sum(told["answers"].values())

    def _waiting(self) -> int:
        """Messages in the outbox."""
        return int(self.machine.status().get("outbox", -1))

    def _wait_for_broker(self, state: str) -> None:
        self.machine.wait(f"broker {state}", lambda: self.machine.status().get("broker") == state, 60)

    def _wait_for_wall(self, is_open: bool) -> float:
        return self.machine.wait("the wall", lambda: bool(self.machine.show("IPAddressAllow")) == is_open, 15)

    def _reaches(self, wanted: str) -> None:
        self._say("turn on the test lamp")
        found = self.machine.must("cat", "/var/lib/alexa-local/reach").strip()
        if found != wanted:
            raise Broken(f"a program of the owner's says `{found}` of the network, not `{wanted}`")

    def _read(self, path: str) -> bytes:
        done = subprocess.run(self.machine.command("cat", path), capture_output=True, timeout=60)
        return done.stdout[: len(done.stdout) // 2 * 2]

    def _write(self, path: str, text: str, mode: int = 0o644) -> None:
        command = f"mkdir -p {Path(path).parent} && cat >{path} && chmod {mode:o} {path}"
        done = subprocess.run(self.machine.command("sh", "-c", command), input=text, text=True, timeout=60)
        if done.returncode != 0:
            raise Broken(f"{path} could not be written")


def _may_raise_limits() -> bool:
    """Whether this machine's root has CAP_SYS_RESOURCE, which root of a container may lack."""
    status = Path("/proc/self/status").read_text()
    return bool(int(re.findall(r"CapEff:\s+(\S+)", status)[0], 16) >> 24 & 1)
