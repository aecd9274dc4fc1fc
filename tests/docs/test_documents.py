"""README.md and docs/: what they show works, what they name exists, what the code gives is up to date."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from alexa_local.cli.main import make_parser
from alexa_local.config import load_config
from scripts.documents.__main__ import MANUAL, stale
from scripts.documents.fences import Fence, calls, fences, shows, unknown_words
from scripts.documents.manual import commands_of

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CONSOLES = [one for document in DOCUMENTS for one in fences(document) if one.language == "console"]
NEVER_RUN = {
    "root": "it changes the system",
    "network": "it downloads",
    "sound": "it records and plays",
    "systemd": "it asks the installed service",
    "broker": "it waits for a broker's messages",
}


@pytest.mark.parametrize("fence", CONSOLES, ids=str)
def test_the_commands_work_and_print_what_is_shown(fence: Fence, sandbox_of) -> None:
    if fence.needs in NEVER_RUN:
        pytest.skip(f"{fence} is not run: {NEVER_RUN[fence.needs]}")
    if fence.needs and not shutil.which(fence.needs):
        pytest.skip(f"{fence} is not run: there is no {fence.needs} here")
    for command, expected in fence.commands():
        done = sandbox_of(fence.document).run(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        assert not expected or shows(expected, done.stdout.splitlines()), f"{command}\n{done.stdout}"


def test_what_comes_from_the_code_is_up_to_date() -> None:
    assert not stale(), "Run: .venv/bin/python -m scripts.documents"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_and_option_that_is_named_exists(document: Path) -> None:
    parser = make_parser()
    wrong = {written: unknown_words(words, parser) for written, words in calls(document, "alexa-local")}
    assert not {written: words for written, words in wrong.items() if words}


def test_the_readme_lists_every_command() -> None:
    section = (ROOT / "README.md").read_text().split("\n## Commands\n")[1].split("\n## ")[0]
    cells = [re.split(r"(?<!\\)\|", line)[1] for line in section.splitlines() if line.startswith("| `")]
    listed = [span.replace("\\", "") for cell in cells for span in re.findall(r"`([^`]+)`", cell)]
    missing = [
        words
        for words, _, _ in commands_of(make_parser())
        if not any(f"{one} ".startswith(f"{words} ") for one in listed)
    ]
    assert not missing
    assert not [one for one in listed if unknown_words(re.sub(r"[\[\]]", " ", one).split(), make_parser())]


@pytest.mark.parametrize(
    "fence",
    [one for document in DOCUMENTS for one in fences(document) if one.language == "yaml"],
    ids=str,
)
def test_the_settings_that_are_shown_are_right(fence: Fence, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(fence.text)
    file.chmod(0o600)
    load_config(file)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_within_the_repository_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
        assert (document.parent / target).exists(), target


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
def test_the_manual_page_is_clean() -> None:
    done = subprocess.run(["mandoc", "-Tlint", "-W", "style", MANUAL], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_output_is_compared_line_by_line_but_for_what_is_left_open() -> None:
    assert shows(["a … c", "…", "end"], ["a b c", "x", "y", "end"])
    assert shows(["…"], [])
    assert not shows(["a"], ["a", "b"])
    assert not shows(["a.c"], ["abc"])


@pytest.mark.parametrize(
    ("words", "unknown"),
    [
        (["status", "--json"], []),
        (["lattice", "show", "FILE", "--nbest", "2"], []),
        (["run", "-vv"], []),
        (["COMMAND", "--help"], []),
        (["lattice", "draw"], ["draw"]),
        (["status", "--yaml"], ["--yaml"]),
        (["dance"], ["dance"]),
    ],
)
def test_words_that_the_program_does_not_have_are_found(words: list[str], unknown: list[str]) -> None:
    assert unknown_words(words, make_parser()) == unknown
