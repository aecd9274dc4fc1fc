"""Lattices in files: JSON and a binary form, read and written; HTK's and Kaldi's, written for other tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from alexa_local.errors import LatticeError
from alexa_local.messages import Lattice, LatticeArc
from alexa_local.recognise.lattice import with_posteriors
from alexa_local.recognise.lattice_wire import from_bytes, to_bytes

_JSON_VERSION = 1


def to_json(lattice: Lattice) -> str:
    """One JSON object: version, times_s, arcs with the attributes of `LatticeArc`."""
    document = {
        "version": _JSON_VERSION,
        "times_s": lattice.times_s,
        "arcs": [asdict(arc) for arc in lattice.arcs],
    }
    return json.dumps(document, ensure_ascii=False) + "\n"


def from_json(text: str) -> Lattice:
    """Read what `to_json` wrote; the posteriors are reckoned anew.

    Raises:
        LatticeError: it is something else.
    """
    try:
        document = json.loads(text)
        if document["version"] != _JSON_VERSION:
            raise LatticeError(f"The lattice has version {document['version']}. Update the program.")
        arcs = [_arc(row, len(document["times_s"])) for row in document["arcs"]]
        return with_posteriors([float(time_s) for time_s in document["times_s"]], arcs)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        kind = type(error).__name__
        raise LatticeError(f"This is no lattice in JSON ({kind}: {error}). Make it again.") from error


def _arc(row: dict[str, Any], nodes: int) -> LatticeArc:
    start, end, word = row["start"], row["end"], row["word"]
    if type(start) is not int or type(end) is not int or not 0 <= start < end < nodes:
        raise ValueError(f"an arc leads from node {start} to {end} of {nodes}")
    if not isinstance(word, str):
        raise ValueError(f"a word is {word!r}")
    values = [float(row[key]) for key in ("start_s", "end_s", "acoustic", "language", "bias")]
    if not all(abs(value) < 1e9 for value in values):
        raise ValueError(f"a value of the arc {word!r} is out of range")
    return LatticeArc(start, end, word, *values)


def to_slf(lattice: Lattice, name: str = "utterance") -> str:
    """HTK's Standard Lattice Format, words on the links; `x1` is the bias, as SRILM names further scores."""
    lines = [
        "VERSION=1.0",
        f"UTTERANCE={name}",
        "lmscale=1.0 wdpenalty=0.0 x1scale=1.0",
        f"N={len(lattice.times_s)} L={len(lattice.arcs)} start=0 end={len(lattice.times_s) - 1}",
    ]
    lines += [f"I={node} t={time_s:.3f}" for node, time_s in enumerate(lattice.times_s)]
    lines += [
        f"J={number} S={arc.start} E={arc.end} W={_quoted(arc.word)} "
        f"a={arc.acoustic:.4f} l={arc.language:.4f} x1={arc.bias:.4f} p={arc.posterior:.6f}"
        for number, arc in enumerate(lattice.arcs)
    ]
    return "\n".join(lines) + "\n"


def _quoted(word: str) -> str:
    """A word as HTK reads it: one that begins with a quotation mark has a backslash before it."""
    return ("\\" + word if word[0] in "'\"\\" else word) if word else "!NULL"


def to_kaldi(lattice: Lattice, name: str = "utterance") -> tuple[str, str]:
    """Kaldi's compact lattices in text form (`ark,t:`), and the symbol table that they need.

    Costs are negative logs: graph (language and bias), then acoustic. There are no transition ids, for there
    are no hidden Markov states; tools that align by them do not work on these lattices.
    """
    words = ["<eps>", *sorted({arc.word for arc in lattice.arcs} - {""})]
    number = {word: at for at, word in enumerate(words)} | {"": 0}
    lines = [name]
    lines += [
        f"{arc.start}\t{arc.end}\t{number[arc.word]}\t{-(arc.language + arc.bias):.4f},{-arc.acoustic:.4f},"
        for arc in lattice.arcs
    ]
    lines += [f"{len(lattice.times_s) - 1}\t0,0,", "", ""]
    return "\n".join(lines), "".join(f"{word} {at}\n" for at, word in enumerate(words))


def write_lattice(lattice: Lattice, path: Path) -> None:
    """Write a lattice in the form that the file's name tells; Kaldi's symbol table goes beside, as `.words`.

    Raises:
        LatticeError: the name tells no form, or the file cannot be written.
    """
    texts = _texts(lattice, path)
    try:
        for file, content in texts.items():
            file.write_bytes(content)
    except OSError as error:
        raise LatticeError(f"{path} cannot be written ({error.strerror}). Choose another place.") from error


def _texts(lattice: Lattice, path: Path) -> dict[Path, bytes]:
    match path.suffix.lower():
        case ".json":
            return {path: to_json(lattice).encode()}
        case ".lat":
            return {path: to_bytes(lattice)}
        case ".slf":
            return {path: to_slf(lattice, _name(path)).encode()}
        case ".txt" | ".kaldi":
            arcs, words = to_kaldi(lattice, _name(path))
            return {path: arcs.encode(), path.with_suffix(".words"): words.encode()}
    raise LatticeError(
        f"{path.name} does not tell a lattice's form. "
        "End it in .json, .lat (binary), .slf (HTK) or .txt (Kaldi)."
    )


def _name(path: Path) -> str:
    """An utterance's name without spaces."""
    return "_".join(path.stem.split()) or "utterance"


def read_lattice(path: Path) -> Lattice:
    """Read a .json or .lat file.

    Raises:
        LatticeError: it cannot be read, or is something else.
    """
    read: Callable[[bytes], Lattice]
    match path.suffix.lower():
        case ".json":
            read = _read_json
        case ".lat":
            read = from_bytes
        case _:
            raise LatticeError(f"{path} cannot be read as a lattice. Give a file that ends in .json or .lat.")
    try:
        return read(path.read_bytes())
    except OSError as error:
        raise LatticeError(f"{path} cannot be read ({error.strerror}). Check its name.") from error
    except LatticeError as error:
        raise LatticeError(f"{path}: {error}") from error


def _read_json(data: bytes) -> Lattice:
    try:
        return from_json(data.decode())
    except UnicodeDecodeError as error:
        raise LatticeError("This is no text in UTF-8. Make the lattice again.") from error
