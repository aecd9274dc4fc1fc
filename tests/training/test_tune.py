"""Trainings of so many steps, the arms of the report; needs PyTorch."""

import itertools
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is for training only")
pytest.importorskip("sentencepiece", reason="sentencepiece is for training only")

from scripts.training.asr import tune  # noqa: E402
from scripts.training.asr.about import read_about  # noqa: E402
from scripts.training.asr.compress import Plan  # noqa: E402
from scripts.training.asr.data import Batch, open_part, open_untranscribed  # noqa: E402
from scripts.training.asr.features import is_among  # noqa: E402
from scripts.training.asr.model import Shape, Transducer  # noqa: E402
from scripts.training.asr.onward import begin, go_on, rate_at  # noqa: E402
from scripts.training.asr.splice import Splices  # noqa: E402
from scripts.training.asr.trainee import Trainee  # noqa: E402

SHAPE = Shape(bands=8, conv=16, lstm=16, layers=1, joint=16, pieces=6, embedding=8)


def batches():
    random = torch.Generator().manual_seed(1)
    while True:
        frames = torch.randn(2, 64, SHAPE.bands, generator=random)
        yield Batch(frames, torch.tensor([[1, 2], [3, 0]]), torch.tensor([8, 8]), torch.tensor([2, 1]))


def trainee_in(folder):
    torch.manual_seed(2)
    return Trainee(Transducer(SHAPE), folder, 0.9, 0.0, Plan(), 0)


def test_the_rate_rises_then_falls_to_nothing():
    rates = [rate_at(step, 100, 1.0) for step in range(101)]
    assert rates[0] < rates[2] < max(rates) > rates[50] > rates[90] > rates[100] == 0


def test_an_interrupted_arm_goes_on_to_the_same_number_of_steps(tmp_path):
    trainee = trainee_in(tmp_path)
    go_on(trainee, batches(), tune.plain(trainee.model), 3, 1e-3)
    resumed = trainee_in(tmp_path)
    assert resumed.step == 3
    go_on(resumed, batches(), tune.plain(resumed.model), 5, 1e-3)
    assert trainee_in(tmp_path).step == 5
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [3, 5] and lines[1]["batches"] == 2


def test_an_arm_that_is_done_is_left_alone(tmp_path):
    trainee = trainee_in(tmp_path)
    trainee.step = 5

    def never(batch):
        raise AssertionError("nothing is to be learnt")

    go_on(trainee, batches(), never, 5, 1e-3)


def test_an_arm_begins_with_the_pieces_and_tells_what_it_is(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "pieces.txt").write_text("a\n")
    begin(tmp_path / "d", tmp_path / "arm", idea="control", steps=7)
    assert (tmp_path / "arm" / "pieces.txt").exists()
    told = read_about(tmp_path / "arm")
    assert (told["run"], told["from"], told["idea"], told["steps"]) == ("arm", "d", "control", 7)


def test_the_control_has_no_idea_and_every_other_arm_one(tmp_path):
    assert tune.Idea().names == []
    assert tune.Idea(teacher=tmp_path).names == ["a teacher"]
    assert tune.Idea(teacher=tmp_path, untranscribed=True).names == ["a teacher, also on untranscribed audio"]
    for different in ({"wake_share": 0.0}, {"sparsity": 0.5}, {"grid": 0.0}, {"mwer": True}):
        assert len(tune.Idea(**different).names) == 1


@pytest.mark.parametrize("arguments", [["--mwer", "--grid", "0"], ["--untranscribed"]])
def test_two_ideas_at_once_are_refused(arguments, monkeypatch, capsys):
    places = ["--run", "r", "--out", "o", "--stores", "s"]
    monkeypatch.setattr("sys.argv", ["tune", *places, *arguments])
    with pytest.raises(SystemExit):
        tune.main()
    assert "one idea at a time" in capsys.readouterr().err


def test_one_batch_in_so_many_is_of_the_others():
    made = tune.interleaved(itertools.count(), itertools.count(100), 3)
    assert list(itertools.islice(made, 7)) == [0, 1, 100, 2, 3, 101, 4]


@pytest.fixture
def store(tmp_path):
    """Forty clips of 5 s, every fourth of them without text, and a short one without."""
    clips = [
        {"first": 500 * n, "frames": 500, "text": f"word{n}" if n % 4 else "", "speaker": "a"}
        for n in range(40)
    ]
    clips.append({"first": 20000, "frames": 300, "text": ""})
    np.zeros((20300, 64), np.float16).tofile(tmp_path / "rows.f16")
    (tmp_path / "index.jsonl").write_text("".join(json.dumps(clip) + "\n" for clip in clips))
    words = [{**clip, "words": [clip["text"]], "times": [[0, 50]]} for clip in clips if clip["text"]]
    (tmp_path / "words.jsonl").write_text("".join(json.dumps(clip) + "\n" for clip in words))
    return tmp_path


def test_a_share_of_the_data_is_within_larger_shares(store):
    shares = [open_part(store, data_share=share).clips for share in (0.25, 0.5, 1.0)]
    assert 0 < len(shares[0]) < len(shares[1]) < len(shares[2]) == 30
    assert set(shares[0]) < set(shares[1]) < set(shares[2])


def test_splices_use_the_words_of_the_same_share(store):
    texts = {text for _, _, text in open_part(store, data_share=0.5).clips}
    assert set(Splices([store], [f"word{n}" for n in range(40)], 0.5).sentences) == texts


def test_a_share_is_about_as_large_as_it_says():
    assert sum(is_among(first, 0.25) for first in range(0, 400_000, 100)) == pytest.approx(1000, abs=120)


def test_clips_without_text_are_a_part_of_their_own_but_not_single_words(store):
    assert [first for first, _, _ in open_untranscribed(store).clips] == [2000 * n for n in range(10)]
