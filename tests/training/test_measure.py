"""What the measuring command finds, and the line that it adds to the results."""

import json

import numpy as np
import pytest
import soundfile

from alexa_local.messages import SAMPLE_RATE, Hypothesis
from alexa_local.models import models_folder, open_folder
from scripts.training.asr import measure
from scripts.training.asr.about import command, read_about
from scripts.training.asr.results import read_results

SHIPPED = models_folder() / "asr-en"


@pytest.fixture
def manifest(tmp_path):
    """Three clips of 0.5, 1 and 1.5 s."""
    folder = tmp_path / "clips"
    folder.mkdir()
    rows = []
    for number, text in enumerate(("one", "two words", "three more words"), start=1):
        rows.append({"audio": f"clips/{number}.wav", "text": text})
        samples = np.full(number * SAMPLE_RATE // 2, number, np.int16)
        soundfile.write(tmp_path / rows[-1]["audio"], samples, SAMPLE_RATE)
    path = folder / "manifest.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


class Deaf:
    """Always hears "one", and remembers how long each clip was and how it began."""

    def __init__(self):
        self.heard = []

    def __call__(self, samples):
        self.heard.append((len(samples), int(samples[0])))
        return [Hypothesis("one", 0.0)]


def test_words_and_wrong_words_of_every_clip_are_kept(manifest):
    found = measure.measure([("some", manifest, 0)], Deaf(), [], [])
    assert found["some"] == {"clips": 3, "words": 6, "wer": 83.33, "each": [[1, 2, 3], [0, 2, 3]]}


def test_a_set_may_be_measured_again_after_wake_words_in_turn(manifest):
    deaf, wakes = Deaf(), [np.full(100, 70, np.int16), np.full(200, 80, np.int16)]
    found = measure.measure([("some", manifest, 0), ("other", manifest, 1)], deaf, wakes, ["some"])
    assert list(found) == ["some", "some, after the wake word", "other"]
    assert [(length - 8000 * n, first) for n, (length, first) in enumerate(deaf.heard[3:6], start=1)] == [
        (100, 70),
        (200, 80),
        (100, 70),
    ]


def test_only_the_recognisers_networks_count_as_its_bytes():
    exported = measure.Exported(SHIPPED, 1)
    recogniser = exported.recogniser()
    recogniser.transcribe(np.zeros(SAMPLE_RATE, np.int16))
    costs = measure.costs_of(recogniser, open_folder(SHIPPED))
    files = open_folder(SHIPPED).info["files"]
    others = sum(about["bytes"] for name, about in files.items() if name.startswith(("ngrams", "attention")))
    assert 0 < costs["bytes"] <= sum(about["bytes"] for about in files.values()) - others
    assert costs["mmacs_per_s"] > 10 and 0 <= costs["large_pct"] <= 100


def test_a_command_is_told_without_where_things_lie():
    arguments = ["/home/me/x/scripts/training/asr/tune.py", "--run", "/data/runs/d", "--steps", "7"]
    assert command(arguments) == "python -m scripts.training.asr.tune --run d --steps 7"


def test_a_run_that_left_no_word_is_known_by_its_name(tmp_path):
    assert read_about(tmp_path / "b") == {"run": "b"}


def test_each_measuring_adds_a_line(manifest, tmp_path, monkeypatch):
    torch = pytest.importorskip("torch", reason="PyTorch is for training only")
    pytest.importorskip("sentencepiece", reason="sentencepiece is for training only")
    from scripts.training.asr.model import Shape, Transducer
    from scripts.training.asr.pieces import learn
    from scripts.training.asr.trainee import save

    texts = ["one two three four five six seven", "more words than one", "a few more of them"]
    learn(texts * 3, 40, tmp_path)
    torch.manual_seed(1)
    model = Transducer(Shape(conv=16, lstm=16, layers=1, joint=16, pieces=40, embedding=8))
    average = torch.optim.swa_utils.AveragedModel(model)
    state = {"model": model.state_dict(), "average": average.state_dict(), "shape": model.shape.as_dict()}
    save(tmp_path / "checkpoint.pt", **state, step=5, used_s=90.0)
    results = tmp_path / "results.jsonl"
    arguments = ["--results", results, "--run", tmp_path, "--set", "some", manifest, 2, "--idea", "none"]
    for name in ("first", "second"):
        monkeypatch.setattr("sys.argv", ["measure", "--name", name, *map(str, arguments)])
        measure.main()
    found = read_results(results)
    assert list(found) == ["first", "second"]
    told = found["first"].told
    assert (told["steps"], told["minutes"], told["zero"], told["idea"]) == (5, 1.5, 0.0, "none")
    assert found["first"].each["some"].shape == (2, 2)
    assert "/" not in told["measured"]
