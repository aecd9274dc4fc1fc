"""Lattices in files: what is written is read again, and nothing that is read can break the reader."""

import json
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.errors import LatticeError
from alexa_local.messages import Lattice, LatticeArc
from alexa_local.recognise.lattice import n_best, with_posteriors
from alexa_local.recognise.lattice_files import (
    from_json,
    read_lattice,
    to_json,
    to_kaldi,
    to_slf,
    write_lattice,
)
from alexa_local.recognise.lattice_wire import from_bytes, to_bytes, to_bytes_within
from tests.recognise.test_lattice import lattices

SMALL = with_posteriors(
    (0.0, 0.56, 1.04),
    [
        LatticeArc(0, 1, "call", 0.24, 0.56, -1.25, -0.5),
        LatticeArc(1, 2, "mum", 0.64, 0.96, -2.0, -1.0, 0.5),
        LatticeArc(1, 2, "'em", 0.64, 0.96, -3.0, -1.0),
        LatticeArc(0, 2, "", 0.0, 0.0, -6.0, -0.25),
    ],
)


def assert_alike(found: Lattice, wanted: Lattice) -> None:
    assert found.times_s == wanted.times_s
    assert len(found.arcs) == len(wanted.arcs)
    for new, old in zip(found.arcs, wanted.arcs, strict=True):
        assert (new.start, new.end, new.word) == (old.start, old.end, old.word)
        assert (new.start_s, new.end_s) == (old.start_s, old.end_s)
        assert (new.acoustic, new.language, new.bias) == (old.acoustic, old.language, old.bias)
        assert new.posterior == pytest.approx(old.posterior)


@given(lattices())
def test_json_is_read_as_it_was_written(lattice: Lattice) -> None:
    assert_alike(from_json(to_json(lattice)), lattice)


@given(lattices())
def test_the_binary_form_is_read_as_it_was_written(lattice: Lattice) -> None:
    """The scores here are multiples of what it can tell apart."""
    assert_alike(from_bytes(to_bytes(lattice)), lattice)


def test_scores_in_the_binary_form_are_rounded() -> None:
    arc = LatticeArc(0, 1, "call", 0.0, 1.0, -3.14159, -2.71828, 1.41421)
    (found,) = from_bytes(to_bytes(with_posteriors((0.0, 1.0), [arc]))).arcs
    for name in ("acoustic", "language", "bias"):
        assert getattr(found, name) == pytest.approx(getattr(arc, name), abs=1 / 64)


@given(lattices(), st.data())
def test_a_binary_lattice_that_was_cut_short_or_altered_is_refused(
    lattice: Lattice, data: st.DataObject
) -> None:
    whole = to_bytes(lattice)
    with pytest.raises(LatticeError):
        from_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    at = data.draw(st.integers(4, len(whole) - 1))
    with pytest.raises(LatticeError):
        from_bytes(whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :])


@given(st.binary(max_size=60), st.booleans())
def test_no_body_breaks_the_reader_even_with_the_right_sum(body: bytes, deflated: bool) -> None:
    if deflated:
        small = zlib.compressobj(wbits=-15)
        body = small.compress(body) + small.flush()
    try:
        from_bytes(struct.pack("<2sBBI", b"AL", 1, int(deflated), zlib.crc32(body)) + body)
    except LatticeError:
        pass


def test_a_count_beyond_the_bytes_is_refused_before_anything_is_made() -> None:
    body = b"\x01\x01\x00" + b"\xff\xff\xff\xff\xff\x7f"  # 2 ** 42 nodes
    with pytest.raises(LatticeError, match="ends before"):
        from_bytes(struct.pack("<2sBBI", b"AL", 1, 0, zlib.crc32(body)) + body)


def test_a_body_that_swells_is_refused() -> None:
    small = zlib.compressobj(9, wbits=-15)
    body = small.compress(bytes(64 << 20)) + small.flush()
    with pytest.raises(LatticeError, match="too large"):
        from_bytes(struct.pack("<2sBBI", b"AL", 1, 1, zlib.crc32(body)) + body)


@given(lattices(), st.integers(1, 400))
def test_a_lattice_is_pruned_to_so_many_bytes_or_to_its_best_path(lattice: Lattice, most: int) -> None:
    data = to_bytes_within(lattice, most)
    found = from_bytes(data)
    assert len(data) <= most or len(n_best(found, 100)) == 1
    assert len(data) <= len(to_bytes(lattice))


def test_a_newer_version_is_named() -> None:
    data = bytearray(to_bytes(SMALL))
    data[2] = 9
    with pytest.raises(LatticeError, match=r"version 9.*Update"):
        from_bytes(bytes(data))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"version": 1}',
        '{"version": 1, "times_s": [0, 1], "arcs": []}',
        to_json(SMALL).replace('"end": 2', '"end": 7'),
        to_json(SMALL).replace('"end": 2', '"end": 0'),
        to_json(SMALL).replace("-1.25", "NaN"),
        to_json(SMALL).replace('"mum"', "[]"),
        "[" * 100_000,
    ],
)
def test_what_is_no_lattice_in_json_is_refused(text: str) -> None:
    with pytest.raises(LatticeError):
        from_json(text)


def test_htk_s_form() -> None:
    lines = to_slf(SMALL, "one").splitlines()
    assert lines[3] == "N=3 L=4 start=0 end=2"
    assert lines[4:7] == ["I=0 t=0.000", "I=1 t=0.560", "I=2 t=1.040"]
    assert lines[7].startswith("J=0 S=0 E=1 W=call a=-1.2500 l=-0.5000 x1=0.0000 p=0.9")
    assert [line.split("W=")[1].split()[0] for line in lines[7:]] == ["call", "!NULL", "\\'em", "mum"]


def test_kaldi_s_form() -> None:
    arcs, words = to_kaldi(SMALL, "one")
    assert arcs.splitlines() == [
        "one",
        "0\t1\t2\t0.5000,1.2500,",
        "0\t2\t0\t0.2500,6.0000,",
        "1\t2\t1\t1.0000,3.0000,",
        "1\t2\t3\t0.5000,2.0000,",
        "2\t0,0,",
        "",
    ]
    assert words == "<eps> 0\n'em 1\ncall 2\nmum 3\n"


@pytest.mark.parametrize("name", ["one.json", "one.lat"])
def test_a_file_is_read_as_it_was_written(tmp_path: Path, name: str) -> None:
    write_lattice(SMALL, tmp_path / name)
    assert_alike(read_lattice(tmp_path / name), SMALL)


def test_kaldi_s_words_lie_beside_its_arcs(tmp_path: Path) -> None:
    write_lattice(SMALL, tmp_path / "my lattice.txt")
    assert (tmp_path / "my lattice.txt").read_text().startswith("my_lattice\n0\t1")
    assert (tmp_path / "my lattice.words").read_text().startswith("<eps> 0\n")


@pytest.mark.parametrize("name", ["one", "one.wav", "one.slf"])
def test_a_file_of_another_kind_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(LatticeError, match="Give a file"):
        read_lattice(tmp_path / name)


def test_errors_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_bytes(b"\xff\xfe")
    with pytest.raises(LatticeError, match=r"bad\.json"):
        read_lattice(tmp_path / "bad.json")
    with pytest.raises(LatticeError, match=r"missing\.lat"):
        read_lattice(tmp_path / "missing.lat")
    with pytest.raises(LatticeError, match="End it in"):
        write_lattice(SMALL, tmp_path / "one.xyz")
    with pytest.raises(LatticeError, match="cannot be written"):
        write_lattice(SMALL, tmp_path / "nowhere" / "one.json")
    assert json.loads(to_json(SMALL))["version"] == 1
