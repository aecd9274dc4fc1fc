"""A household of hums: everybody is known, nobody else is, and strangers' answers do not count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile

from alexa_local.messages import SAMPLE_RATE
from alexa_local.testing.voices import PitchEmbedder, hum
from scripts.evaluation import household


def test_of_voices_that_are_far_apart_none_is_mistaken(tmp_path: Path, monkeypatch, capsys) -> None:
    (tmp_path / "clips").mkdir()
    rows = []
    for speaker, pitch_hz in (("ann", 400.0), ("ben", 1500.0), ("carl", 3000.0)):
        for number in range(7):
            audio = f"clips/{speaker}-{number}.wav"
            soundfile.write(tmp_path / audio, hum(pitch_hz, 4.0, seed=number), SAMPLE_RATE)
            rows.append({"audio": audio, "speaker": speaker, "seconds": 4.0})
    manifest = tmp_path / "clips" / "manifest.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setattr(household, "SpeakerEmbedder", lambda _: PitchEmbedder())
    monkeypatch.setattr(household, "open_model", lambda _: None)
    assert household.main([str(manifest), "--tests", "2"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found.pop("speakers") == 3
    assert {what: rate["pct"] for what, rate in found.items()} == {
        "own sentence refused": 0.0,
        "another's third sentence refused": 100.0,
        "two people in a sentence refused": 100.0,
        "the person taken for the person": 100.0,
        "the person taken so for sure": 100.0,
        "a stranger taken for the person": 0.0,
        "a stranger taken so for sure": 0.0,
        "own answer of 1 s counts": 100.0,
        "own answer of 2 s counts": 100.0,
        "another's answer of 1 s counts": 0.0,
        "another's answer of 2 s counts": 0.0,
    }


def test_a_manifest_that_cannot_be_read_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert household.main([str(tmp_path / "missing.jsonl")]) == 78
    assert "cannot be read" in capsys.readouterr().err
