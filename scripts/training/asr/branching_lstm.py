"""An LSTM layer with two sets of gates on the same states, mixed step by step; its backward pass is its own.

PyTorch's would add up the recurrent matrices' gradients after every step, which costs several times the rest;
here the steps keep what the gradients need, and one product at the end makes them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class BranchingLstm(torch.autograd.Function):
    """h (B, T, H) from both branches' inputs and their shares.

    Args:
        of_input: (B, T, 4 H), the large branch's gates (i, f, g, o) as the input makes them, with bias.
        narrow: (B, T, R), the small branch's inner vector as the input makes it.
        large: (B, T, 1), the large branch's share, 0 to 1.
        of_state: (4 H, H), the large branch's recurrent matrix.
        narrow_of_state: (R, H), the small branch's.
        gates_of_narrow: (4 H, R), the small branch's inner vector to its gates.
        bias: (4 H,), the small branch's.
    """

    @staticmethod
    def forward(ctx: Any, of_input: Tensor, narrow: Tensor, large: Tensor, *weights: Tensor) -> Tensor:
        """What is kept is time first."""
        kept = _forward(
            of_input.transpose(0, 1).contiguous(),
            narrow.transpose(0, 1).contiguous(),
            large.transpose(0, 1).contiguous(),
            *weights,
        )
        ctx.save_for_backward(large, *weights, *kept)
        return kept[0].transpose(0, 1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        """A gradient for each argument of `forward`."""
        large, of_state, narrow_of_state, gates_of_narrow, _, h, c, gates, apart, narrow = ctx.saved_tensors
        of_full, of_cheap, of_narrow, of_large = _backward(
            gradients[0].transpose(0, 1).contiguous(),
            large.transpose(0, 1).contiguous(),
            of_state,
            narrow_of_state,
            gates_of_narrow,
            c,
            gates,
            apart,
        )
        before = torch.cat([torch.zeros_like(h[:1]), h[:-1]]).flatten(0, 1)  # (T B, H)
        return (
            of_full.transpose(0, 1),
            of_narrow.transpose(0, 1),
            of_large.transpose(0, 1),
            of_full.flatten(0, 1).t() @ before,
            of_narrow.flatten(0, 1).t() @ before,
            of_cheap.flatten(0, 1).t() @ narrow.flatten(0, 1),
            of_cheap.sum((0, 1)),
        )


def _forward(
    of_input: Tensor,
    narrow: Tensor,
    large: Tensor,
    of_state: Tensor,
    narrow_of_state: Tensor,
    gates_of_narrow: Tensor,
    bias: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Time first: h and c (T, B, H), gates and full less cheap (T, B, 4 H), inner vectors (T, B, R)."""
    size = of_state.shape[1]
    h = torch.zeros_like(of_input[0, :, :size])
    c = torch.zeros_like(h)
    all_h, all_c, all_gates, all_apart, all_narrow = [h][:0], [h][:0], [h][:0], [h][:0], [h][:0]
    of_state_t, narrow_of_state_t = of_state.t(), narrow_of_state.t()
    gates_of_narrow_t = gates_of_narrow.t()
    for step in range(of_input.shape[0]):
        inner = torch.addmm(narrow[step], h, narrow_of_state_t)
        cheap = torch.addmm(bias, inner, gates_of_narrow_t)
        apart = torch.addmm(of_input[step], h, of_state_t).sub_(cheap)
        gates = torch.addcmul(cheap, apart, large[step])
        gates[:, : 2 * size].sigmoid_()
        gates[:, 2 * size : 3 * size].tanh_()
        gates[:, 3 * size :].sigmoid_()
        i, f, g, o = gates.chunk(4, 1)
        c = torch.addcmul(f * c, i, g)
        h = o * torch.tanh(c)
        all_h.append(h)
        all_c.append(c)
        all_gates.append(gates)
        all_apart.append(apart)
        all_narrow.append(inner)
    return (
        torch.stack(all_h),
        torch.stack(all_c),
        torch.stack(all_gates),
        torch.stack(all_apart),
        torch.stack(all_narrow),
    )


def _backward(
    of_h: Tensor,
    large: Tensor,
    of_state: Tensor,
    narrow_of_state: Tensor,
    gates_of_narrow: Tensor,
    all_c: Tensor,
    all_gates: Tensor,
    all_apart: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients, time first, from those of h: of full and cheap gates, inner vectors, shares."""
    of_full, of_cheap = torch.zeros_like(all_gates), torch.zeros_like(all_gates)
    of_narrow = torch.zeros(
        (all_gates.shape[0], all_gates.shape[1], narrow_of_state.shape[0]), dtype=all_gates.dtype
    )
    dh = torch.zeros_like(all_c[0])
    dc = torch.zeros_like(dh)
    for back in range(all_c.shape[0]):
        step = all_c.shape[0] - 1 - back
        i, f, g, o = all_gates[step].chunk(4, 1)
        squashed = torch.tanh(all_c[step])
        dh = dh + of_h[step]
        dc = torch.addcmul(dc, dh * o, 1 - squashed * squashed)
        before = all_c[step - 1] if step > 0 else torch.zeros_like(dc)
        of_gates = torch.cat(
            [
                dc * g * i * (1 - i),
                dc * before * f * (1 - f),
                dc * i * (1 - g * g),
                dh * squashed * o * (1 - o),
            ],
            1,
        )
        full = of_gates * large[step]
        cheap = of_gates - full
        inner = cheap @ gates_of_narrow
        of_full[step] = full
        of_cheap[step] = cheap
        of_narrow[step] = inner
        dh = torch.addmm(full @ of_state, inner, narrow_of_state)
        dc = dc * f
    of_large = ((of_full + of_cheap) * all_apart).sum(2, keepdim=True)
    return of_full, of_cheap, of_narrow, of_large
