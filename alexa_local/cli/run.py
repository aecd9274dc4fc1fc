"""`alexa-local run`: the daemon in the foreground, on a microphone, a file or standard input."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from alexa_local.cli.logs import is_journal
from alexa_local.cli.standard_input import StandardInput

if TYPE_CHECKING:
    from alexa_local.capture import EchoCanceller
    from alexa_local.config import Config
    from alexa_local.daemon.daemon import Daemon, OpenSource
    from alexa_local.daemon.parts import Host, Parts
    from alexa_local.sound import PortAudio


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add run."""
    text = "Listen, understand and act, until interrupted."
    parser = commands.add_parser("run", help=text, description=text, parents=[common])
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--file", metavar="FILE", type=Path, help="a sound file in place of the microphone")
    source.add_argument(
        "--stdin", action="store_true", help="raw little-endian PCM in place of the microphone"
    )
    parser.add_argument("--realtime", action="store_true", help="play --file at the speed of a microphone")
    parser.add_argument("--rate", metavar="HZ", type=int, default=16_000, help="of --stdin (default: 16000)")
    parser.add_argument(
        "--width", metavar="BYTES", type=int, default=2, help="of a sample of --stdin (default: 2)"
    )
    parser.add_argument("--channels", metavar="N", type=int, default=1, help="of --stdin (default: 1)")
    parser.add_argument("--quiet", action="store_true", help="print nothing of what happens")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from alexa_local.capture import open_echo_canceller
    from alexa_local.config import load_config
    from alexa_local.daemon import collecting
    from alexa_local.daemon.assembly import assemble
    from alexa_local.daemon.daemon import RESTART_CODE, Daemon
    from alexa_local.sound import PortAudio, Realtime

    config, portaudio = load_config(arguments.config), PortAudio(realtime=Realtime())
    finite = bool(arguments.file or arguments.stdin)
    has_echo = not finite and config.audio.output_device != "none"
    echo = open_echo_canceller(config.audio.echo_cancellation) if has_echo else None
    source = _source(arguments, config, portaudio, echo, lambda: daemon.is_stopping)

    def assembled(config: Config, host: Host) -> Parts:
        parts = assemble(config, host, portaudio, echo)
        host.at_the_end.callback(collecting.begin())
        return parts

    daemon = Daemon(config, source, assembled, finite)
    arguments.log.transcripts, arguments.log.state = config.log.transcripts, lambda: daemon.doing
    is_service = "NOTIFY_SOCKET" in os.environ
    quiet = arguments.quiet or is_service or is_journal(1)  # then the journal is read, not a screen
    code = daemon.run() if quiet else _run_showing(daemon)
    if code == RESTART_CODE and not is_service:  # a service is started by whoever started it
        logging.shutdown()
        os.execv(sys.executable, sys.orig_argv)
    return code


def _source(
    arguments: argparse.Namespace,
    config: Config,
    portaudio: PortAudio,
    echo: EchoCanceller | None,
    is_over: Callable[[], bool],
) -> OpenSource:
    from alexa_local.capture import open_file, open_microphone, open_stdin

    if arguments.file:
        return lambda _: open_file(arguments.file, arguments.realtime)
    if arguments.stdin:
        stream = cast(BinaryIO, StandardInput(is_over))
        return lambda _: open_stdin(arguments.rate, arguments.width, arguments.channels, stream)
    device = config.audio.input_device or None
    return lambda on_state: open_microphone(device, on_state, portaudio, wait_for_device=True, cleaner=echo)


def _run_showing(daemon: Daemon) -> int:
    """Run, and print what happens from a thread that may be slow without harm."""
    from alexa_local.cli.live import LivePrinter

    printer = LivePrinter(sys.stdout, shutil.get_terminal_size().columns)
    subscription, ending = daemon.bus.subscribe(), threading.Event()
    thread = threading.Thread(target=printer.run, args=(subscription, ending), name="live", daemon=True)
    thread.start()
    try:
        return daemon.run()
    finally:
        ending.set()
        thread.join(5)
        subscription.close()
