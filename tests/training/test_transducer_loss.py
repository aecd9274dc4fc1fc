"""The transducer loss and its gradient against every path; needs PyTorch and a compiler."""

import itertools

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is for training only")
loss = pytest.importorskip("scripts.training.asr.loss")

LABELS = torch.tensor([[1, 2, 3, 1, 2, 4], [4, 4, 1, 2, 0, 0]])
TIMES, COUNTS = torch.tensor([7, 9]), torch.tensor([6, 4])


def by_hand(logits, labels, time, count, low, wide):
    log_p, paths = logits.log_softmax(-1), []
    for emitting in itertools.combinations(range(time - 1 + count), count):
        t = u = 0
        score = torch.zeros(())
        for move in range(time + count):
            if not low[t] <= u < low[t] + wide:
                break
            if move == time - 1 + count:
                paths.append(score + log_p[t, u - low[t], 0])
            elif move in emitting:
                score, u = score + log_p[t, u - low[t], labels[u]], u + 1
            else:
                score, t = score + log_p[t, u - low[t], 0], t + 1
    return -torch.logsumexp(torch.stack(paths), 0)


@pytest.mark.parametrize("wide", [3, 4, 7])
def test_loss_and_gradient_are_those_of_all_paths_in_the_band(wide: int) -> None:
    torch.manual_seed(0)
    low = loss.band(torch.randn(2, 9, 5).log_softmax(-1), LABELS, TIMES, COUNTS, wide)
    logits = torch.randn(2, 9, wide, 5, requires_grad=True)
    found = loss.transducer_loss(logits, LABELS, TIMES, COUNTS, low)
    wanted = torch.stack(
        [by_hand(logits[i], LABELS[i], int(TIMES[i]), int(COUNTS[i]), low[i].tolist(), wide) for i in (0, 1)]
    )
    assert torch.allclose(found, wanted, atol=1e-4)
    gradients = [torch.autograd.grad(one.sum(), logits, retain_graph=True)[0] for one in (found, wanted)]
    assert torch.allclose(*gradients, atol=1e-5)
