"""Minimum word error rate training: the lists of readings, and what is made small."""

import itertools
from collections import defaultdict

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is for training only")
pytest.importorskip("sentencepiece", reason="sentencepiece is for training only")

from scripts.training.asr.beam import n_best  # noqa: E402
from scripts.training.asr.data import Batch  # noqa: E402
from scripts.training.asr.model import Shape, Transducer  # noqa: E402
from scripts.training.asr.mwer import expected_errors  # noqa: E402

SHAPE = Shape(bands=8, conv=16, lstm=16, layers=1, joint=16, pieces=4, embedding=8)


@pytest.fixture
def model():
    torch.manual_seed(3)
    made = Transducer(SHAPE)
    with torch.no_grad():
        made.output.weight.mul_(4)  # decided enough to tell readings apart
    return made


def sums_of_paths(model, encoded):
    """Probability of every label sequence, over all paths with at most one label a step."""
    found = defaultdict(float)
    for path in itertools.product(range(SHAPE.pieces), repeat=len(encoded)):
        labels, log_p = (), 0.0
        for step, piece in enumerate(path):
            last = torch.tensor([(0, 0, *labels)[-2:]])
            heard = model.encoder_out(encoded[step]) + model.prediction(model.embedding(last).flatten(1))
            log_p += torch.log_softmax(model.output(torch.tanh(heard)), -1)[0, piece].item()
            labels = (*labels, piece) if piece else labels
        found[labels] += 2.718281828459045**log_p
    return sorted(found, key=lambda labels: -found[labels])


def test_a_wide_beam_finds_the_likeliest_sequences_of_each_utterance(model):
    encoded = torch.randn(2, 4, SHAPE.lstm)
    with torch.no_grad():
        found = n_best(model, encoded, torch.tensor([4, 3]), beam=256)
        assert found[0] == sums_of_paths(model, encoded[0])
        assert found[1] == sums_of_paths(model, encoded[1, :3])


def test_a_narrow_beam_gives_so_many_different_ones(model):
    for readings in n_best(model, torch.randn(3, 9, SHAPE.lstm), torch.tensor([9, 1, 5]), beam=3):
        assert len(readings) == len(set(readings)) == 3


def test_less_of_it_makes_the_better_reading_likelier(model):
    frames = torch.randn(2, 64, SHAPE.bands)
    steps = torch.tensor([8, 6])
    batch = Batch(frames, torch.zeros((2, 1), dtype=torch.int64), steps, torch.tensor([1, 0]))
    lists, wrong = [[(1, 2), (3,)], [(2,), (), (1, 1)]], [[2, 0], [1, 0, 2]]
    optimiser = torch.optim.SGD(model.parameters(), 0.3)
    seen = []
    for _ in range(12):
        optimiser.zero_grad()
        expected = expected_errors(model, model.encoder(batch.frames), batch, lists, wrong)
        expected.sum().backward()
        optimiser.step()
        seen.append(expected.detach())
    assert (seen[-1] < seen[0]).all()
    assert -1.0 <= seen[-1][0] < -0.5, "of two readings, the better one is nearly certain"


def test_a_list_of_one_teaches_nothing(model):
    batch = Batch(
        torch.randn(1, 32, SHAPE.bands),
        torch.ones((1, 1), dtype=torch.int64),
        torch.tensor([4]),
        torch.tensor([1]),
    )
    assert expected_errors(model, model.encoder(batch.frames), batch, [[(1,)]], [[3]]).item() == 0
