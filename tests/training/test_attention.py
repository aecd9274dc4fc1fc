"""The biasing networks: no bias changes nothing, masks hold, gradients flow, and files compute the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from alexa_local.models import open_model
from alexa_local.tflite.network import installed_runtimes

torch = pytest.importorskip("torch", reason="PyTorch is a training-only dependency")

from scripts.training.asr.data import Batch  # noqa: E402
from scripts.training.attention import export, parity  # noqa: E402
from scripts.training.attention.catalogue import Words, as_tensors, draw_catalogue, mark, split_words, unsaid  # noqa: E402
from scripts.training.attention.loss import WITHIN_STEPS, attention_loss, said_at  # noqa: E402
from scripts.training.attention.model import Biasing, Sizes  # noqa: E402

SIZES = Sizes(
    pieces=20, joint=24, embedding=16, hidden=16, heads=2, key=8, value=16, narrow=16, steps=3, longest=6
)
PHRASES = ((3, 4, 5), (3, 4, 6, 7), (8,), (9, 10, 3))
STARTS = np.array([piece % 3 == 0 for piece in range(20)])


@pytest.fixture
def biasing() -> Biasing:
    torch.manual_seed(3)
    made = Biasing(SIZES)
    torch.nn.init.normal_(made.no_sound_key)
    torch.nn.init.normal_(made.no_label_key)
    torch.nn.init.normal_(made.out.weight, std=0.3)
    torch.nn.init.normal_(made.context.value.weight, std=0.3)
    return made.eval()


def test_attention_to_no_bias_alone_adds_nothing(biasing: Biasing) -> None:
    encoded = torch.randn(2, 5, SIZES.joint)
    added, shares = biasing.hear(encoded, as_tensors([], SIZES.longest))
    assert shares.shape == (2, 5, SIZES.heads, 1)
    assert not added.any()


def test_an_attention_s_shares_add_to_one(biasing: Biasing) -> None:
    _, shares = biasing.hear(torch.randn(2, 5, SIZES.joint), as_tensors(PHRASES, SIZES.longest))
    torch.testing.assert_close(shares.sum(-1), torch.ones(2, 5, SIZES.heads))


def test_labels_attend_only_to_places_that_continue_the_last_one(biasing: Biasing) -> None:
    phrases = as_tensors(PHRASES, SIZES.longest)
    last = torch.tensor([[0, 3, 4, 19]])
    added, shares = biasing.expect(torch.randn(1, 4, SIZES.joint), last, phrases)
    possible = shares[0, :, 0, 1:] > 0
    assert possible.tolist() == [[int(p) == int(b) for b in phrases.before[:, 1]] for p in last[0]]
    assert not added[0, 0].any() and not added[0, 3].any()
    assert added[0, 1].any() and added[0, 2].any()


def test_a_phrase_s_vectors_do_not_depend_on_its_neighbours(biasing: Biasing) -> None:
    together = as_tensors(PHRASES, SIZES.longest)
    keys, _ = biasing.context(together.pieces, together.counts, biasing.piece_value)
    for row, phrase in enumerate(PHRASES):
        alone = as_tensors([phrase], SIZES.longest)
        torch.testing.assert_close(
            biasing.context(alone.pieces, alone.counts, biasing.piece_value)[0][0], keys[row]
        )


def test_a_query_from_sound_sees_nothing_of_the_future(biasing: Biasing) -> None:
    encoded = torch.randn(1, 6, SIZES.joint)
    changed = encoded.clone()
    changed[:, 4:] += 1
    torch.testing.assert_close(biasing.sound(encoded)[:, :4], biasing.sound(changed)[:, :4])


def test_every_weight_learns(biasing: Biasing) -> None:
    phrases = as_tensors(PHRASES, SIZES.longest)
    heard, _ = biasing.hear(torch.randn(2, 5, SIZES.joint), phrases)
    expected, _ = biasing.expect(torch.randn(2, 3, SIZES.joint), torch.tensor([[3, 4, 9]] * 2), phrases)
    ((heard**2).sum() + (expected**2).sum()).backward()
    for name, parameter in biasing.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_values_that_lean_on_a_joint_make_their_piece_likelier() -> None:
    torch.manual_seed(4)
    biasing, output = Biasing(SIZES), torch.randn(SIZES.pieces, SIZES.joint)
    assert not biasing.out.weight.any()
    biasing.lean_on(output, nats=1.0)
    logits = biasing.out(biasing.piece_value.weight) @ output.T  # (pieces, pieces): piece attended to, logit
    assert (logits.argmax(1) == torch.arange(SIZES.pieces)).all()
    assert 1.0 < float(logits.diagonal().detach().mean()) < 3.0


def test_places_are_pairs_before_a_piece() -> None:
    phrases = as_tensors([(3, 4, 5), (8, 3, 4)], 6)
    places = {(int(a), int(b), int(c)) for (a, b), c in zip(phrases.before, phrases.after, strict=True)}
    assert places == {(0, 3, 4), (3, 4, 5), (0, 8, 3), (8, 3, 4)}


def test_the_longest_phrase_marks_what_is_said() -> None:
    said = [split_words([3, 4, 6, 9, 10], STARTS)]
    assert said == [[(3, 4), (6,), (9, 10)]]
    inside, found = mark(said, {(3, 4): 1, (3, 4, 6): 2, (10,): 3}, (1, 6))
    assert inside.tolist() == [[2, 2, 2, 0, 0, 0]]
    assert found == {(3, 4), (3, 4, 6)}


def test_catalogues_hold_some_of_what_is_said_and_differ() -> None:
    random = np.random.default_rng(5)
    sentences = [
        [(3 * int(random.integers(1, 6)), 1), (3 * int(random.integers(1, 6)), 2, 4)] for _ in range(50)
    ]
    labels = torch.tensor([[*sentence[0], *sentence[1]] for sentence in sentences[:6]])
    full = torch.full((6,), 5)
    batch = Batch(torch.zeros(6, 80, 64), labels, full, full)
    words = Words(sentences)
    drawn = [draw_catalogue(batch, words, STARTS, 6, random) for _ in range(30)]
    said = [bool(one.inside.any()) for one in drawn]
    assert any(said) and not all(said)
    assert len({tuple(one.phrases.pieces.flatten().tolist()) for one in drawn}) == 30
    for one in drawn:
        left = unsaid(one, 6)
        kept = {tuple(row) for row in left.phrases.pieces.tolist()}
        gone = {tuple(row) for row in one.phrases.pieces.tolist()} - kept
        assert len(gone) == len(set(one.inside.unique().tolist()) - {0})
        assert not left.inside.any()
    for one in drawn:
        for row, number in zip(*np.nonzero(one.inside.numpy()), strict=True):
            phrase = one.phrases.pieces[one.inside[row, number] - 1]
            assert labels[row, number] in phrase


def test_a_phrase_is_being_said_for_a_few_steps_after_each_of_its_labels() -> None:
    begun = torch.tensor([[0, 1, 2, 2, 2, 2, 2, 2, 3]])
    said = said_at(begun, torch.tensor([[0, 5, 0]]))
    late = 6 - WITHIN_STEPS
    assert said.tolist() == [[0, 0, *[5] * (6 - late), *[-1] * late, 0]]


def test_attention_on_the_phrase_that_is_said_costs_little() -> None:
    said, steps = torch.tensor([[0, 2, -1, 1]]), torch.tensor([3])  # the last step is padding
    right = torch.full((1, 4, 2, 3), 0.005)
    right[0, 0, :, 0] = right[0, 1, :, 2] = 0.99
    wrong = right.flip(-1)
    assert attention_loss(right, said, steps) < 0.1
    assert attention_loss(wrong, said, steps) > 5


@pytest.mark.parametrize("kind", ["float32", "int8"])
@pytest.mark.parametrize("runtime", installed_runtimes())
def test_the_files_compute_what_numpy_and_pytorch_do(
    biasing: Biasing, kind: str, runtime: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALEXA_LOCAL_TFLITE", runtime)
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "manifest.json").write_text('{"files": {}}')
    export.export(biasing, tmp_path / "m", kind)  # type: ignore[arg-type]
    from alexa_local.recognise.attention import AttentionNetworks

    networks = AttentionNetworks(open_model("m", tmp_path))
    many = [*PHRASES] * 9  # more than one block
    keys, values = networks.encode(many)
    for row, phrase in enumerate(many[: len(PHRASES)]):
        wanted = parity.phrase_vectors(biasing, phrase, kind)  # type: ignore[arg-type]
        np.testing.assert_allclose(keys[row], wanted[0], atol=2e-3)
        np.testing.assert_allclose(values[row], wanted[1], atol=2e-3)
    np.testing.assert_array_equal(keys[: len(PHRASES)], keys[-len(PHRASES) :])
    steps = parity.known_vectors(5, SIZES.joint)
    past = np.zeros(networks.past, np.float32)
    for step in steps:
        query, nothing, past = networks.query_sound(step[None], past)
    np.testing.assert_allclose(query.ravel(), parity.sound_query(biasing, steps, kind), atol=2e-3)  # type: ignore[arg-type]
    np.testing.assert_allclose(
        nothing[:, 0], (query * biasing.no_sound_key.detach().numpy()).sum(1) + 4.0, atol=1e-5
    )
    before = np.array([[0, 3], [3, 4]] * 20, np.int32)
    wanted_places = [parity.place_key(biasing, (3, 4), kind)]  # type: ignore[arg-type]
    np.testing.assert_allclose(networks.place_keys(before)[1::38], wanted_places * 2, atol=2e-3)
    np.testing.assert_allclose(networks.piece_values, parity.piece_values(biasing, kind), atol=1e-5)  # type: ignore[arg-type]
    if kind == "float32":
        with torch.no_grad():
            wanted_query = biasing.sound(torch.from_numpy(steps)[None])[0, -1].numpy() * SIZES.key**-0.5
        np.testing.assert_allclose(query.ravel(), wanted_query, atol=1e-5)


def test_exporting_twice_leaves_the_same_folder(biasing: Biasing, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("kept")
    (tmp_path / "manifest.json").write_text('{"files": {"other": {}}, "name": "x"}')
    export.export(biasing, tmp_path)
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    export.export(biasing, tmp_path)
    assert first == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(json.loads(first["manifest.json"])["files"]) == {"other", *export.GRAPHS}
