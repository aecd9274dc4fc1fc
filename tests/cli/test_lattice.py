"""`alexa-local lattice show`, and where `transcribe` writes lattices."""

from pathlib import Path

import pytest

from alexa_local.cli import offline
from alexa_local.recognise.lattice_files import write_lattice
from tests.recognise.test_lattice_files import SMALL


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "one.lat"
    write_lattice(SMALL, path)
    return path


def test_the_readings_are_printed_with_their_scores(command, file: Path) -> None:
    code, out, _ = command("lattice", "show", file, "--nbest", 2)
    assert code == 0
    first, heading, *readings = out.splitlines()
    assert first == "3 nodes, 4 arcs, 1.04 s"
    assert heading.split() == ["score", "probability", "reading"]
    assert [line.split(maxsplit=2)[2] for line in readings] == ["call mum", "call 'em"]
    assert float(readings[0].split()[1]) > float(readings[1].split()[1]) > 0


def test_a_reading_without_words_is_named(command, file: Path) -> None:
    assert "(nothing)" in command("lattice", "show", file)[1]


def test_a_picture_says_the_words(command, file: Path, tmp_path: Path) -> None:
    assert command("lattice", "show", file, "--out", tmp_path / "one.dot")[0] == 0
    graph = (tmp_path / "one.dot").read_text()
    assert "1 -> 2" in graph and "mum" in graph


@pytest.mark.parametrize("form", ["svg", "png"])
def test_graphviz_draws_the_picture(command, file: Path, tmp_path: Path, monkeypatch, form: str) -> None:
    """A stand-in for graphviz hands on what it was given, so that the test needs no graphviz."""
    stand_in = tmp_path / "dot"
    stand_in.write_text("#!/bin/sh\necho $1; cat\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert command("lattice", "show", file, "--out", tmp_path / f"one.{form}")[0] == 0
    assert (tmp_path / f"one.{form}").read_text().startswith(f"-T{form}\ndigraph")


def test_where_graphviz_is_missing_its_package_is_named(command, file: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    code, _, err = command("lattice", "show", file, "--out", file.with_suffix(".svg"))
    assert code == 65
    assert "apt install graphviz" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["missing.lat"], "cannot be read"),
        (["one.wav"], "ends in .json or .lat"),
    ],
)
def test_what_is_no_lattice_is_told_in_a_line(command, arguments: list[str], told: str) -> None:
    code, _, err = command("lattice", "show", *arguments)
    assert code == 65
    assert told in err


def test_a_picture_of_another_form_is_refused(command, file: Path) -> None:
    assert "End it in .svg" in command("lattice", "show", file, "--out", "x.gif")[2]
    assert command("lattice", "show", file, "--nbest", 0)[0] == 64


def test_transcribe_writes_the_lattice_of_one_file(command, monkeypatch) -> None:
    told = []
    monkeypatch.setattr(
        offline, "make_transcriber", lambda *given: told.append(given[2]) or (lambda _: {"text": ""})
    )
    assert command("transcribe", "a.wav", "--lattice", "a.lat")[0] == 0
    assert told == [Path("a.lat")]
    assert command("transcribe", "a.wav", "b.wav", "--lattice", "a.lat")[0] == 64


def test_the_last_request_can_be_shown(command, folder, daemon, tmp_path: Path) -> None:
    daemon._daemon._last_lattice.keep(lambda: SMALL)
    code, out, _ = command("lattice", "last", "--nbest", 1, "--out", tmp_path / "one.dot")
    assert code == 0
    assert out.splitlines()[0] == "3 nodes, 4 arcs, 1.04 s" and out.splitlines()[-1].endswith("call mum")
    assert "mum" in (tmp_path / "one.dot").read_text()


def test_where_there_was_no_request_that_is_told(command, daemon) -> None:
    code, _, err = command("lattice", "last")
    assert code == 65 and "No request was spoken in the last 60 s" in err


def test_without_a_daemon_there_is_no_last_request(command) -> None:
    code, _, err = command("lattice", "last")
    assert code == 69 and "alexa-local run" in err
