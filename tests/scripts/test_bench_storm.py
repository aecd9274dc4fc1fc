"""The storm: packets as the standard has them, and every device back with its answer."""

import json

import pytest

from alexa_local.messages import Lattice, LatticeArc
from alexa_local.recognise.lattice_wire import to_bytes
from alexa_local.testing.language_model import write_small_model
from alexa_local.testing.mosquitto import find_mosquitto
from scripts.benchmarks import storm
from scripts.benchmarks.storm import packet, packets
from scripts.evaluation.reranking import Heard


def test_packets_are_read_as_they_were_written_in_whatever_parts_they_come() -> None:
    wanted = [(2, b"\0\0\0"), (3, b"x" * 300), (4, b""), (9, bytes(range(128)))]
    data, found = bytearray(), []
    for byte in b"".join(packet(kind, 0, body) for kind, body in wanted):
        data.append(byte)
        found += packets(data)
    assert (found, data) == (wanted, bytearray())


@pytest.mark.skipif(find_mosquitto() is None, reason="the Debian package mosquitto is missing")
def test_all_come_back_and_each_lattice_is_answered(monkeypatch, capsys, tmp_path) -> None:
    lattice = to_bytes(Lattice((0.0, 0.5), (LatticeArc(0, 1, "stop", 0.0, 0.5, -1.0),)))
    monkeypatch.setattr(storm, "heard", lambda clips: [Heard("stop", "stop", lattice)])
    monkeypatch.setattr(storm, "REPEAT_S", 0.5)
    words = ["--devices", "40", "--lattices", "8", "--model", str(write_small_model(tmp_path / "small"))]
    assert storm.main(words) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(found) == ["devices", "back_s", "lattices", "answered_s"]
    assert (found["devices"], found["lattices"]) == (40, 8)
