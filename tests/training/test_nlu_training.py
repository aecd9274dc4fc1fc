"""The losses, the batches and the files of the network that reads requests."""

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is for training only")

from alexa_local.models import open_model  # noqa: E402
from alexa_local.understand import RequestReader  # noqa: E402
from alexa_local.understand.reading import FLAGS, NETWORKS  # noqa: E402
from scripts.training.manifest import write_manifest  # noqa: E402
from scripts.training.nlu.export import write  # noqa: E402
from scripts.training.nlu.network import Reader, Shape  # noqa: E402
from scripts.training.nlu.text import OURS, Example  # noqa: E402
from scripts.training.nlu.train import Batches, Mishearing, loss_of, warmth  # noqa: E402

WORDS = ["", "lamp", "off", "on", "the", "turn"]
SHAPE = Shape(
    *(len(WORDS), 50, len(FLAGS), 16, 16, 1, 16),
    {OURS: ["", "TurnOff", "TurnOn"], "other": ["a", "b"]},
    {OURS: ["", "B-device", "device"]},
    dropout=0.0,
)
EXAMPLES = [
    Example(("turn", "on", "the", "lamp"), {OURS: ("TurnOn",)}, {OURS: ("", "", "", "B-device")}),
    Example(("xylophone",), {OURS: ("", "TurnOff"), "other": ("a",)}),
]


@pytest.fixture
def model() -> Reader:
    torch.manual_seed(1)
    return Reader(SHAPE).eval()


@pytest.fixture
def batches() -> Batches:
    return Batches(SHAPE, WORDS, Random(1))


def test_a_wider_label_costs_no_more_than_any_of_its_intents(model: Reader, batches: Batches) -> None:
    answers = model(**batches.make(EXAMPLES, judging=True))
    wide = loss_of(EXAMPLES, *answers, SHAPE)
    for intent in EXAMPLES[1].intents[OURS]:
        narrow = [EXAMPLES[0], replace(EXAMPLES[1], intents={**EXAMPLES[1].intents, OURS: (intent,)})]
        assert float(wide.detach()) < float(loss_of(narrow, *answers, SHAPE).detach())


def test_the_loss_falls_where_it_is_followed(model: Reader, batches: Batches) -> None:
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for _ in range(40):
        loss = loss_of(EXAMPLES, *model(**batches.make(EXAMPLES, judging=True)), SHAPE)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.2 * losses[0]
    assert warmth(model, batches, EXAMPLES[:1]) < 1.0  # it is right, and could be surer


def test_what_is_written_answers_as_the_network_does(model: Reader, batches: Batches, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    write(model, folder, "float32")
    (folder / "words.txt").write_text("\n".join(WORDS) + "\n")
    reads = {
        "intents": SHAPE.intents,
        "slots": SHAPE.tags,
        "parts": 50,
        "flags": list(FLAGS),
        "temperature": 1.0,
    }
    write_manifest(folder, [*(f"{name}.tflite" for name in NETWORKS), "words.txt"], {"reads": reads})
    reader = RequestReader(open_model("tiny", tmp_path))
    intents, tags = model(**batches.make(EXAMPLES, judging=True))
    for row, one in enumerate(EXAMPLES):
        read = reader.read(" ".join(one.words), {})
        wanted = intents[OURS][row].softmax(-1).detach().numpy()
        np.testing.assert_allclose(list(read.intents.values()), wanted, atol=1e-4)
        numbers = tags[OURS][row, : len(one.words)].argmax(-1)
        assert read.slots == tuple(SHAPE.tags[OURS][int(number)] for number in numbers)


def test_words_are_misheard_with_their_slots(tmp_path: Path) -> None:
    file = tmp_path / "heard.tsv"
    file.write_text("lamp\tlamb or\nthe\t\n")
    mishearing = Mishearing(file, Random(1))
    found = {mishearing.hear(EXAMPLES[0]).words for _ in range(300)}
    assert ("turn", "on", "the", "lamb", "or") in found
    assert ("turn", "on", "lamp") in found
    for _ in range(300):
        heard = mishearing.hear(EXAMPLES[0])
        assert len(heard.tags[OURS]) == len(heard.words)
        if heard.words[-2:] == ("lamb", "or"):
            assert heard.tags[OURS][-2:] == ("B-device", "device")
