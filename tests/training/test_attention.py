"""The biasing networks: no bias changes nothing, masks hold, gradients flow, and files compute the same."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np
import pytest

from alexa_local.messages import PhraseClass
from alexa_local.models import open_model
from alexa_local.recognise.bias import NO_BOOST, PhraseGraph
from alexa_local.tflite.network import installed_runtimes

torch = pytest.importorskip("torch", reason="PyTorch is a training-only dependency")

from scripts.training.asr.data import Batch  # noqa: E402
from scripts.training.attention import export, parity  # noqa: E402
from scripts.training.attention.catalogue import (  # noqa: E402
    Words,
    draw_catalogue,
    mark,
    places,
    split_batch,
    split_words,
    unsaid,
)
from scripts.training.attention.model import Biasing, Places, Sizes  # noqa: E402

SIZES = Sizes(pieces=20, joint=24, embedding=16, hidden=16, heads=2, key=8, narrow=16, steps=3)
PHRASES = ((3, 4, 5), (3, 4, 6, 7), (9,), (9, 10, 3))
STARTS = np.array([piece % 3 == 0 for piece in range(20)])


@pytest.fixture
def biasing() -> Biasing:
    torch.manual_seed(3)
    made = Biasing(SIZES)
    torch.nn.init.normal_(made.no_key)
    torch.nn.init.normal_(made.values)
    return made.eval()


def batch_of(*rows: list[int]) -> Batch:
    full = torch.full((len(rows),), len(rows[0]))
    return Batch(torch.zeros(len(rows), 80, 64), torch.tensor(rows), full, full)


def written(phrase: tuple[int, ...]) -> str:
    """A phrase as one word, which may follow any piece."""
    return "-".join(map(str, phrase))


def attend(biasing: Biasing, known: Places, labels: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """What is added after each prefix of the labels, (2, 5, prefixes, pieces), and the shares."""
    prefixes = len(labels) + 1
    log_p = torch.randn(2, 5, prefixes, SIZES.pieces).log_softmax(-1)
    at = torch.arange(prefixes).expand(2, 5, prefixes)
    return biasing(torch.randn(2, 5, SIZES.joint), torch.randn(2, prefixes, SIZES.joint), log_p, at, known)


def test_attention_to_no_bias_alone_adds_nothing(biasing: Biasing) -> None:
    added, shares = attend(biasing, places(batch_of([3, 4], [3, 4]), []), [3, 4])
    assert (shares[..., 0] == 1).all()
    assert not added.any()


def test_an_attention_s_shares_add_to_one(biasing: Biasing) -> None:
    _, shares = attend(biasing, places(batch_of([3, 4], [3, 4]), PHRASES), [3, 4])
    torch.testing.assert_close(shares.sum(-1), torch.ones(2, 5, 3, SIZES.heads))


def test_only_pieces_that_continue_a_phrase_or_begin_one_become_likelier(biasing: Biasing) -> None:
    labels = [8, 3, 4, 6, 19]
    added, _ = attend(biasing, places(batch_of(labels, labels), PHRASES), labels)
    changed = [set(np.flatnonzero(added[0, 0, u].detach().numpy()).tolist()) for u in range(6)]
    openings = {0, 3, 9}  # 0, blank, changes wherever anything is attended to
    assert changed == [openings, openings, openings | {4}, openings | {5, 6}, openings | {7}, openings]


def test_what_the_joint_says_of_a_piece_counts_in_the_attention_to_it(biasing: Biasing) -> None:
    known = places(batch_of([3]), PHRASES)
    encoded, predicted, at = torch.zeros(1, 1, 24), torch.zeros(1, 2, 24), torch.zeros(1, 1, 1, dtype=int)
    log_p = torch.full((1, 1, 1, 20), -9.0)
    quiet = biasing(encoded, predicted, log_p, at, known)[1]
    log_p[..., 3] = -0.1
    loud = biasing(encoded, predicted, log_p, at, known)[1]
    opening = 1 + int((known.windows[: known.openings, 2] == 3).nonzero()[0])
    assert (loud[..., opening] > quiet[..., opening]).all()


def test_a_phrase_s_vectors_do_not_depend_on_its_neighbours(biasing: Biasing) -> None:
    windows = places(batch_of([3, 4]), PHRASES).windows
    torch.testing.assert_close(biasing.context(windows)[2:3], biasing.context(windows[2:3]))


def test_a_query_from_sound_sees_nothing_of_the_future(biasing: Biasing) -> None:
    encoded = torch.randn(1, 6, SIZES.joint)
    changed = encoded.clone()
    changed[:, 4:] += 1
    torch.testing.assert_close(biasing.sound(encoded)[:, :4], biasing.sound(changed)[:, :4])


def test_every_weight_learns(biasing: Biasing) -> None:
    added, _ = attend(biasing, places(batch_of([3, 4, 9], [3, 4, 9]), PHRASES), [3, 4, 9])
    (added**2).sum().backward()
    for name, parameter in biasing.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_places_follow_two_labels_and_the_second_of_a_phrase_any_label_before_its_first() -> None:
    known = places(batch_of([8, 3, 4]), [(3, 4, 5), (8, 3, 4)])
    windows = [tuple(row) for row in known.windows.tolist()]
    assert windows[: known.openings] == [(0, 0, 3, 4), (0, 0, 8, 3)]
    near = [[windows[i] for i in row if i >= 0] for row in known.following[0].tolist()]
    assert near == [[], [(0, 8, 3, 4)], [(0, 3, 4, 5), (8, 3, 4, 0)], [(3, 4, 5, 0)]]


def test_whole_words_mark_what_is_said() -> None:
    said = [split_words([3, 4, 6, 9, 10], STARTS)]
    assert said == [[(3, 4), (6,), (9, 10)]]
    inside, found = mark(said, {(3, 4), (6, 9), (10,)}, (1, 6))
    assert inside.tolist() == [[True, True, False, False, False, False]]
    assert found == {(3, 4)}


def test_catalogues_hold_some_of_what_is_said_and_differ() -> None:
    random = np.random.default_rng(5)
    sentences = [
        [(3 * int(random.integers(1, 6)), 1), (3 * int(random.integers(1, 6)), 2, 4)] for _ in range(50)
    ]
    batch = batch_of(*([*sentence[0], *sentence[1]] for sentence in sentences[:6]))
    words = Words(sentences)
    drawn = [draw_catalogue(batch, words, STARTS, random) for _ in range(30)]
    said = [bool(one.inside.any()) for one in drawn]
    assert any(said) and not all(said)
    assert len({one.phrases for one in drawn}) == 30
    for one in drawn:
        assert all(STARTS[phrase[0]] for phrase in one.phrases)
        inside, found = mark(split_batch(batch, STARTS), one.phrases, batch.labels.shape)
        np.testing.assert_array_equal(inside, one.inside)
        left = unsaid(batch, one, STARTS)
        assert left.phrases == one.phrases - found
        assert not left.inside.any()


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
    many = [(0, 0, 3, 4), (3, 4, 5, 0), (9, 10, 3, 0)] * 20  # more than one block
    keys = networks.encode(many)
    for key, place in zip(keys, many[:3], strict=False):
        np.testing.assert_allclose(key, parity.place_key(biasing, place, kind), atol=2e-3)  # type: ignore[arg-type]
    np.testing.assert_array_equal(keys[:3], keys[-3:])
    steps = parity.known_vectors(5, SIZES.joint)
    past = np.zeros(networks.past, np.float32)
    for step in steps:
        query, past = networks.query_sound(step[None], past)
    wanted = parity.sound_query(biasing, steps, kind)  # type: ignore[arg-type]
    np.testing.assert_allclose(query.heads.ravel(), wanted, atol=2e-3)
    no_key, no_score = biasing.no_key.detach().numpy(), biasing.no_score.detach().numpy()
    np.testing.assert_allclose(query.nothing[:, 0], (query.heads * no_key).sum(1) + no_score, atol=1e-5)
    label = networks.query_label(steps[0])
    np.testing.assert_allclose(label.nothing[:, 0], (label.heads * no_key).sum(1), atol=1e-5)
    np.testing.assert_allclose(networks.values, biasing.values.detach().numpy())
    if kind == "float32":
        with torch.no_grad():
            heard = biasing.sound(torch.from_numpy(steps)[None])[0, -1].numpy() * SIZES.key**-0.5
        np.testing.assert_allclose(query.heads.ravel(), heard, atol=1e-5)


@pytest.mark.parametrize("labels", [(0, 0), (0, 3), (3, 4), (8, 3), (19, 2)])
def test_the_program_adds_what_pytorch_does(
    biasing: Biasing, labels: tuple[int, ...], tmp_path: Path
) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "manifest.json").write_text('{"files": {}}')
    export.export(biasing, tmp_path / "m", "float32")
    from alexa_local.recognise.attention import Attention, AttentionNetworks, Catalogue
    from alexa_local.recognise.phrase_vectors import PhraseVectors

    networks = AttentionNetworks(open_model("m", tmp_path))
    predicted, encoded = (parity.known_vectors(2, SIZES.joint)[i] for i in range(2))
    catalogue = Catalogue(PHRASES, tuple(map(str, PHRASES)), (), 0)
    vectors = PhraseVectors(networks.encode, "m")
    graph = PhraseGraph(
        [PhraseClass("any", tuple(map(written, PHRASES)), frozenset(["", *map(str, range(SIZES.pieces))]))],
        lambda word: tuple(map(int, word.split("-"))),
        np.ones(SIZES.pieces, np.bool_),
        lambda _: np.zeros(SIZES.pieces, np.float32),
        NO_BOOST,
    )
    attention = Attention(networks, lambda labels: predicted, catalogue, graph, vectors)
    state = functools.reduce(graph.next, filter(None, labels), graph.start)
    query, _ = attention.hear(encoded[None], attention.start())
    log_p = torch.randn(SIZES.pieces).log_softmax(-1)
    found = attention.added(query, labels, state, log_p.numpy())
    said = [label for label in labels if label]
    known = places(batch_of(said or [0]), PHRASES)
    at = torch.full((1, 1, 1), len(said))
    rows = torch.from_numpy(predicted).expand(1, len(said) + 1, -1)
    if not said:
        rows = torch.from_numpy(predicted).expand(1, 2, -1)
    with torch.no_grad():
        wanted, _ = biasing(torch.from_numpy(encoded)[None, None], rows, log_p[None, None, None], at, known)
    np.testing.assert_allclose(found, wanted[0, 0, 0].numpy(), atol=0.03)  # int8 keys


def test_exporting_twice_leaves_the_same_folder(biasing: Biasing, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("kept")
    (tmp_path / "manifest.json").write_text('{"files": {"other": {}}, "name": "x"}')
    export.export(biasing, tmp_path)
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    export.export(biasing, tmp_path)
    assert first == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(json.loads(first["manifest.json"])["files"]) == {"other", *export.GRAPHS}
