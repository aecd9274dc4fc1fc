"""scripts/evaluate: what it counts, and the last line that other programs read."""

import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.messages import Hypothesis, Interpretation, PhraseClass
from scripts.evaluation import engines
from scripts.evaluation.__main__ import main
from scripts.evaluation.asr import edits
from scripts.evaluation.intent import comparable
from scripts.evaluation.manifest import Choice, Row
from scripts.evaluation.noise import Noise, Room, active_rms
from scripts.evaluation.wake import Heard, firings


class LoudnessEngines(engines.Engines):
    """Engines for clips that are a tone of some level: the level tells what was said."""

    def __init__(self, said: dict[int, str] | None = None) -> None:
        super().__init__()
        self.said = said or {}
        self.told: tuple[Sequence[PhraseClass], str] = ((), "")

    def transcribe(
        self, sentences: object = None, phrases: Sequence[PhraseClass] = (), biasing: str = "none"
    ) -> Callable[[np.ndarray], list[Hypothesis]]:
        self.told = phrases, biasing
        return lambda samples: [Hypothesis(self.said[level_of(samples)], -1.0)]

    def detector(self) -> "LoudnessDetector":
        return LoudnessDetector()

    def how_whispered(self) -> tuple[Callable[[np.ndarray], float], float]:
        return lambda samples: level_of(samples) / 10_000, 0.5

    def interpret(
        self,
        intents: Path | None,
        contacts: Path | None,
        config: Path | None,
        wanted: Collection[str | None],
    ) -> Any:
        meanings = {
            "two lattes": Interpretation("orderDrink", {"coffeeDrink": "latte", "number": 2}),
            "a mocha": Interpretation("orderDrink", {"coffeeDrink": "mocha"}),
        }
        return lambda hypotheses: meanings.get(hypotheses[0].text, Interpretation("")), None, ()


class LoudnessDetector:
    """Hears as many wake words as the level has thousands, at the score of a tenth of that."""

    threshold, verification, apart_steps = 0.35, 0.0, 25

    def hear(self, samples: np.ndarray) -> Heard:
        level = level_of(samples)
        return Heard([0.5] * (level // 1000 if level >= 1000 else 0), [level / 10_000])


def level_of(samples: np.ndarray) -> int:
    return round(int(np.abs(samples.astype(int)).max()), -2)


@pytest.fixture
def make_manifest(tmp_path: Path) -> Callable[[list[dict[str, Any]]], Path]:
    """Writes rows and, for each with a `level`, a second of a tone at that level."""

    def make(rows: list[dict[str, Any]]) -> Path:
        folder = tmp_path / "clips"
        folder.mkdir()
        for row in rows:
            if level := row.pop("level", None):
                tone = level * np.sin(2 * np.pi * 1000 * (np.arange(16_000) + 0.25 * 16) / 16_000)
                soundfile.write(tmp_path / row["audio"], np.rint(tone).astype(np.int16), 16_000)
        manifest = folder / "manifest.jsonl"
        manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return manifest

    return make


def last_line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().out.splitlines()[-1]))


def test_word_errors_are_counted_over_all_clips_in_spoken_form(make_manifest, capsys) -> None:
    manifest = make_manifest(
        [
            {"audio": "clips/a.wav", "level": 1000, "text": "Set a timer for 5 minutes."},
            {"audio": "clips/b.wav", "level": 2000, "text": "Stop!"},
            {"audio": "clips/c.wav", "level": 3000, "speaker": "no text here"},
        ]
    )
    said = {1000: "set the timer for five minutes please", 2000: "stop"}
    assert main(["asr", str(manifest)], LoudnessEngines(said)) == 0
    found = last_line(capsys)
    assert set(found) == {"clips", "words", "wer", "rtf"}
    assert (found["clips"], found["words"], found["wer"]) == (2, 7, round(100 * 2 / 7, 2))


BOOK = "BEGIN:VCARD\nVERSION:3.0\nFN:Zebulon Quist\nN:Quist;Zebulon;;;\nEND:VCARD\n"


def test_names_of_the_contacts_are_counted_beside_the_words(make_manifest, tmp_path, capsys) -> None:
    (tmp_path / "book.vcf").write_text(BOOK)
    manifest = make_manifest(
        [
            {"audio": "clips/a.wav", "level": 1000, "text": "Call Zebulon Quist"},
            {"audio": "clips/b.wav", "level": 2000, "reference": "Zebulon Quist", "kind": "names"},
            {"audio": "clips/c.wav", "level": 3000, "reference": "9370", "kind": "numbers"},
            {"audio": "clips/d.wav", "level": 4000, "text": "stop"},
        ]
    )
    said = {1000: "call zebulon kissed", 2000: "z e b u l o n quist", 4000: "stop"}
    engines = LoudnessEngines(said)
    assert main(["asr", str(manifest), "--contacts", str(tmp_path / "book.vcf")], engines) == 0
    found = last_line(capsys)
    assert set(found) == {"clips", "words", "wer", "rtf", "names", "names_right"}
    assert (found["clips"], found["words"], found["wer"]) == (3, 4, 25.0)
    assert (found["names"], found["names_right"]) == (2, 50.0)
    classes = {each.kind: each for each in engines.told[0]}
    assert "zebulon quist" in classes["contact"].phrases and engines.told[1] == "fusion"


def test_a_catalogue_can_be_of_phrases_and_have_names_that_nobody_says(
    make_manifest, tmp_path, capsys
) -> None:
    (tmp_path / "names.txt").write_text("Velour Cartographers\n\n")
    manifest = make_manifest([{"audio": "clips/a.wav", "level": 1000, "text": "play velour cartographers"}])
    engines = LoudnessEngines({1000: "play velour cartographers"})
    names = ["--phrases", str(tmp_path / "names.txt"), "--distractors", "49", "--biasing", "none"]
    assert main(["asr", str(manifest), *names], engines) == 0
    found = last_line(capsys)
    assert (found["names"], found["names_right"]) == (1, 100.0)
    (loose,) = (each for each in engines.told[0] if each.kind == "phrase")
    assert len(set(loose.phrases)) == 50 and engines.told[1] == "none"


def test_phrases_that_cannot_be_read_are_told(make_manifest, tmp_path, capsys) -> None:
    manifest = make_manifest([{"audio": "clips/a.wav", "level": 1000, "text": "stop"}])
    assert main(["asr", str(manifest), "--phrases", str(tmp_path / "none")], LoudnessEngines()) == 78
    assert "one phrase a line" in capsys.readouterr().err


def test_json_prints_each_clip_and_nothing_that_is_not_json(make_manifest, capsys) -> None:
    manifest = make_manifest([{"audio": "clips/a.wav", "level": 1000, "text": "hello there"}])
    assert main(["asr", str(manifest), "--json"], LoudnessEngines({1000: "hello"})) == 0
    clip, total = map(json.loads, capsys.readouterr().out.splitlines())
    assert clip == {"audio": "clips/a.wav", "text": "hello there", "recognised": "hello", "edits": 1}
    assert total["wer"] == 50.0


def test_wake_words_missed_and_false_accepts_are_counted(make_manifest, capsys) -> None:
    manifest = make_manifest(
        [
            {"audio": "clips/heard.wav", "level": 1000, "wake": True},
            {"audio": "clips/missed.wav", "level": 500, "wake": True},
            {"audio": "clips/twice.wav", "level": 2000, "wake": True},
            {"audio": "clips/false.wav", "level": 3000, "wake": False},
            {"audio": "clips/unlabelled.wav", "level": 500},
        ]
    )
    assert main(["wake", str(manifest)], LoudnessEngines()) == 0
    assert last_line(capsys) == {
        "positives": 3,
        "missed": 1,
        "missed_pct": 33.33,
        "hours": round(2 / 3600, 4),
        "false_accepts": 3,
        "false_per_hour": 5400.0,
    }


def test_the_curve_adds_other_thresholds_and_keeps_the_keys(make_manifest, capsys) -> None:
    rows = [
        {"audio": "clips/yes.wav", "level": 6000, "wake": True},
        {"audio": "clips/no.wav", "level": 4000, "wake": False},
    ]
    assert main(["wake", str(make_manifest(rows)), "--curve"], LoudnessEngines()) == 0
    out = capsys.readouterr().out.splitlines()
    curve = {point["threshold"]: point for point in json.loads(out[-1])["curve"]}
    assert curve[0.35]["false_per_hour"] == curve[0.1]["false_per_hour"] == 3600.0
    assert (curve[0.5]["missed_pct"], curve[0.5]["false_per_hour"]) == (0.0, 0.0)
    assert curve[0.7]["missed_pct"] == 100.0
    assert any(line.split() == ["0.500", "0.00", "0.00"] for line in out)


def test_without_positives_or_negatives_the_rates_are_zero(make_manifest, capsys) -> None:
    manifest = make_manifest([{"audio": "clips/no.wav", "level": 500, "wake": False}])
    assert main(["wake", str(manifest)], LoudnessEngines()) == 0
    found = last_line(capsys)
    assert (found["positives"], found["missed_pct"], found["false_per_hour"]) == (0, 0.0, 0.0)


def test_whispers_are_judged_by_their_probabilities(make_manifest, capsys) -> None:
    manifest = make_manifest(
        [
            {"audio": "clips/sure.wav", "level": 9000, "whisper": True},
            {"audio": "clips/unsure.wav", "level": 4000, "whisper": True},
            {"audio": "clips/loud.wav", "level": 6000, "whisper": False},
            {"audio": "clips/voice.wav", "level": 1000, "whisper": False},
            {"audio": "clips/unlabelled.wav", "level": 500},
        ]
    )
    assert main(["whisper", str(manifest), "--json", "--curve"], LoudnessEngines()) == 0
    said = capsys.readouterr()
    *clips, found = map(json.loads, said.out.splitlines())
    assert clips[0] == {"audio": "clips/sure.wav", "whisper": True, "probability": 0.9}
    assert len(clips) == 4
    assert (found["clips"], found["auc"], found["eer"]) == (4, 0.75, 50.0)
    assert {point["false_accepts_pct"] for point in found["curve"]} >= {1.0, 10.0}
    assert "1 whispers missed, 1 voices taken for whispers" in said.err


def test_of_whispers_alone_nothing_can_be_said(make_manifest, capsys) -> None:
    manifest = make_manifest([{"audio": "clips/a.wav", "level": 9000, "whisper": True}])
    assert main(["whisper", str(manifest)], LoudnessEngines()) == 0
    assert last_line(capsys) == {"clips": 1, "auc": 0.0, "eer": 0.0}


def test_an_intent_is_exact_only_with_every_slot(make_manifest, capsys) -> None:
    order = {"intent": "orderDrink"}
    manifest = make_manifest(
        [
            {
                "audio": "clips/a.wav",
                "level": 1000,
                **order,
                "slots": {"coffeeDrink": "Latte", "number": "two"},
            },
            {
                "audio": "clips/b.wav",
                "level": 2000,
                **order,
                "slots": {"coffeeDrink": "mocha", "roast": "dark"},
            },
            {"audio": "clips/c.wav", "level": 3000, **order, "slots": {"coffeeDrink": "espresso"}},
            {"audio": "clips/d.wav", "level": 1000, "text": "no intent known"},
        ]
    )
    said = {1000: "two lattes", 2000: "a mocha", 3000: "mumble"}
    assert main(["intent", str(manifest)], LoudnessEngines(said)) == 0
    found = last_line(capsys)
    assert set(found) == {"clips", "exact", "slots_f1"}
    # wanted 5 slots, given 3, all of them right
    assert found == {"clips": 3, "exact": 33.33, "slots_f1": 75.0}


def test_numbers_and_words_are_the_same_slot_value() -> None:
    assert comparable({"n": 3, "degrees": 21.0}) == comparable({"n": "three", "degrees": "21"})
    assert comparable({"items": ["milk", "bread"]}) == comparable({"items": ["bread", "milk"]})
    assert comparable({"a": "", "b": None}) == set()


def test_an_unreadable_clip_is_told_and_left_out(make_manifest, tmp_path, capsys) -> None:
    manifest = make_manifest(
        [{"audio": "clips/a.wav", "level": 1000, "text": "hi"}, {"audio": "clips/gone.wav", "text": "hi"}]
    )
    (tmp_path / "clips" / "broken.wav").write_bytes(b"RIFF0000")
    with manifest.open("a") as file:
        file.write(json.dumps({"audio": "clips/broken.wav", "text": "hi"}) + "\n")
    assert main(["asr", str(manifest)], LoudnessEngines({1000: "hi"})) == 0
    said = capsys.readouterr()
    assert json.loads(said.out.splitlines()[-1])["clips"] == 1
    assert "left out: 2" in said.out
    assert "clips/gone.wav" in said.err and "clips/broken.wav" in said.err


def test_when_no_clip_can_be_read_the_exit_code_says_so(make_manifest, capsys) -> None:
    manifest = make_manifest([{"audio": "clips/gone.wav", "text": "hi"}])
    assert main(["asr", str(manifest)], LoudnessEngines()) == 65
    assert "relative to the folder above" in capsys.readouterr().err


def test_every_broken_line_of_a_manifest_is_told(tmp_path, capsys) -> None:
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text('{"audio": "a.wav"}\n{"text": "no audio"}\n\nnot json\n')
    assert main(["asr", str(manifest)], LoudnessEngines()) == 78
    told = capsys.readouterr().err
    assert "2 lines" in told and "line 2" in told and "line 4" in told


def test_noise_needs_its_level() -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["asr", "m.jsonl", "--noise", "n.wav"], LoudnessEngines())
    assert stopped.value.code == 2


def rows_named(*names: str) -> list[Row]:
    return [Row(name, Path(name), {"source": "LibriSpeech " + name[:1]}) for name in names]


def test_rows_are_chosen_by_source_and_pattern() -> None:
    rows = rows_named("x/a1", "x/a2", "y/b1")
    assert [row.audio for row in Choice(source="Speech y").of(rows)] == ["y/b1"]
    assert [row.audio for row in Choice(audio=["*1"]).of(rows)] == ["x/a1", "y/b1"]
    assert [row.audio for row in Choice(audio=["x/*"], exclude=["*a1"]).of(rows)] == ["x/a2"]


def test_a_limit_takes_rows_from_the_whole_manifest() -> None:
    rows = rows_named(*(f"c/{number:02}" for number in range(10)))
    assert [row.audio for row in Choice(limit=3).of(rows)] == ["c/00", "c/03", "c/06"]
    assert len(Choice(limit=30).of(rows)) == 10


def brute_force_distance(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    if not a or not b:
        return len(a) + len(b)
    if a[0] == b[0]:
        return brute_force_distance(a[1:], b[1:])
    return 1 + min(
        brute_force_distance(a[1:], b), brute_force_distance(a, b[1:]), brute_force_distance(a[1:], b[1:])
    )


words = st.lists(st.sampled_from("abc"), max_size=5).map(tuple)


@given(reference=words, recognised=words)
def test_the_edits_are_as_few_as_brute_force_finds(reference, recognised) -> None:
    found = edits(reference, recognised)
    assert found.total == brute_force_distance(reference, recognised)
    assert found.insertions - found.deletions == len(recognised) - len(reference)


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 10.0, 30.0])
def test_noise_lies_at_the_stated_ratio_under_the_active_speech(snr_db: float) -> None:
    rng = np.random.default_rng(1)
    speech = np.concatenate([np.zeros(16_000), 2000 * rng.standard_normal(16_000)]).astype(np.int16)
    hiss = Noise((500 * rng.standard_normal(5000)).astype(np.int16), snr_db)
    mixed = hiss.over(speech, "clip")
    added = (mixed[:16_000]).astype(float)  # where there was no speech
    ratio_db = 20 * np.log10(active_rms(speech) / np.sqrt(np.mean(added**2)))
    assert ratio_db == pytest.approx(snr_db, abs=0.3)
    assert np.array_equal(mixed, hiss.over(speech, "clip"))
    assert not np.array_equal(mixed, hiss.over(speech, "another clip"))


def test_a_mix_that_is_too_loud_is_scaled_and_not_clipped() -> None:
    loud = np.rint(30_000 * np.sin(np.arange(16_000) / 5)).astype(np.int16)
    mixed = Noise(loud[::-1].copy(), 0.0).over(loud, "clip")
    assert np.abs(mixed.astype(int)).max() <= 32767
    assert (np.abs(mixed.astype(int)) == 32767).sum() < 100  # clipping would flatten thousands


def test_silence_under_noise_and_noise_of_silence_change_nothing() -> None:
    quiet = np.zeros(1000, np.int16)
    assert not Noise(np.ones(10, np.int16), 0.0).over(quiet, "clip").any()
    assert not Noise(quiet, 0.0).over(quiet, "clip").any()
    assert len(Noise(np.ones(7, np.int16), 0.0).over(quiet[:5], "clip")) == 5


@pytest.mark.parametrize(
    ("wanted", "intent"),
    [({"orderDrink"}, "orderDrink"), ({"SetTimer"}, "OutOfScope"), (set(), "OutOfScope")],
)
def test_coffee_can_be_ordered_by_default_where_recordings_want_it(wanted: set[str], intent: str) -> None:
    interpret = engines.Engines().interpret(None, None, None, wanted)[0]
    assert interpret([Hypothesis("can i get a large latte with skim milk", -1.0)]).intent == intent


def test_contacts_and_devices_may_be_named(tmp_path: Path) -> None:
    book = tmp_path / "contacts.vcf"
    book.write_text("BEGIN:VCARD\nVERSION:3.0\nFN:Zdenka Krol\nTEL;TYPE=CELL:+1 555 0100\nEND:VCARD\n")
    config = tmp_path / "config.yaml"
    config.write_text("home:\n  devices:\n  - {name: lava lamp, kind: light, run: ['true']}\n")
    interpret = engines.Engines().interpret(None, book, config, set())[0]
    assert interpret([Hypothesis("call zdenka", -1.0)]).slots == {"contact": "Zdenka Krol"}
    assert "lava lamp" in interpret([Hypothesis("turn on the lava lamp", -1.0)]).slots.values()


def test_the_rule_of_the_curve_is_the_detectors_own() -> None:
    """A firing is a score that rises to the threshold, at least so many steps after the last one."""
    rising = {(0.1, 0.6, 0.7, 0.1, 0.9): 1, (0.6, *[0.1] * 24, 0.6): 2, (0.6,) * 60: 1, (): 0}
    for scores, times in rising.items():
        assert firings(Heard((), scores), 0.5, 25) == times


def test_the_curve_asks_for_the_second_opinion_as_the_detector_does() -> None:
    """At a firing, and at every second step while the score is high, but not for ever; then at once again."""
    high = (0.6,) * 10
    late = (0.0, 0.0, 0.9, *[0.0] * 7)
    assert firings(Heard((), high, late), 0.5, 25, 0.5) == 1
    assert firings(Heard((), high, (0.0, 0.9, *[0.0] * 8)), 0.5, 25, 0.5) == 0
    assert firings(Heard((), high, (*[0.0] * 8, 0.9, 0.9)), 0.5, 25, 0.5) == 0
    assert firings(Heard((), (0.6, 0.1, 0.6, 0.1), (0.0, 0.0, 0.9, 0.0)), 0.5, 25, 0.5) == 1


def test_a_room_leaves_a_click_s_response_and_the_loudness() -> None:
    click = np.zeros(400, np.int16)
    click[100] = 8000
    heard = Room(np.array([0, 0, 20_000, 0, -10_000], np.int16)).around(click)
    assert heard[100] == 8000 and heard[102] == -4000 and len(heard) == 400
    assert (Room(np.zeros(5, np.int16)).around(click) == click).all()
