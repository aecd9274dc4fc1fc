import os
import sys
import time
from pathlib import Path

import pytest

from alexa_local.act.commands import OUTPUT_LIMIT_BYTES, Commands, run_program
from alexa_local.config import CommandSettings
from alexa_local.errors import RequestRefused
from alexa_local.testing.publisher import FakePublisher


def _python(code: str) -> list[str]:
    return [sys.executable, "-I", "-c", code]


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("print('  one ');print('two')", "one"),
        ("pass", ""),
        ("import sys; sys.stdout.buffer.write(b'\\xff ok')", "� ok"),
        ("import os; os.close(1)", ""),
        (f"print('x' * {OUTPUT_LIMIT_BYTES * 20})", "x" * OUTPUT_LIMIT_BYTES),
    ],
)
def test_the_first_line_is_the_answer(code: str, line: str) -> None:
    assert run_program(_python(code)) == line


def test_a_slot_is_one_argument_and_no_shell_reads_it() -> None:
    command = CommandSettings(run=("printf", "%s|", "{name}", "{missing}", "a {name}"))
    values = {"name": "x; touch /tmp/y $(id) {missing}"}
    said = Commands().perform(command, values)
    assert said == "x; touch /tmp/y $(id) {missing}||a x; touch /tmp/y $(id) {missing}|"


@pytest.mark.parametrize(
    ("arguments", "reply"),
    [
        (["/nowhere/dial"], "I could not run dial"),
        (["nul\0"], "I could not run"),
        (_python("raise SystemExit(3)"), "failed. Its message is in the log"),
        (_python("import os; os.kill(os.getpid(), 9)"), "failed"),
    ],
)
def test_a_program_that_fails_is_answered(arguments: list[str], reply: str) -> None:
    with pytest.raises(RequestRefused, match=reply):
        run_program(arguments)


def test_a_program_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with pytest.raises(RequestRefused, match="took too long"):
        run_program(["sh", "-c", f"sleep 100 & echo $! > {note}; wait"], limit_s=1.0)
    status = Path(f"/proc/{note.read_text()}/stat")
    assert not status.exists() or status.read_text().split()[2] in "ZX"


def test_a_child_left_behind_does_not_hold_the_answer_up() -> None:
    began_s = time.monotonic()
    code = "import subprocess; p = subprocess.Popen(['sleep', '5']); print(p.pid)"
    child = int(run_program(_python(code)))
    assert time.monotonic() - began_s < 4
    os.kill(child, 9)


def test_a_value_adds_no_level_to_a_topic_and_ends_no_json_string() -> None:
    publisher = FakePublisher()
    command = CommandSettings(topic="home/{name}/set", payload='{"name": "{name}", "degrees": {value}}')
    Commands(publisher).perform(command, {"name": 'a/+#"b\\', "value": 21.0})
    assert publisher.sent == [('home/a"b\\/set', '{"name": "a/+#\\"b\\\\", "degrees": 21}')]
