"""w . (H g) without a double backward pass: the loss expanded in two directions at once, forward only.

L(W + a g + e W) = L + a L_a + e L_e + a e L_ae + ..., and L_ae = g^T H w. Every activation carries its four
coefficients [1, e, a, ae] stacked along the batch, so whatever is linear and treats images one by one (pooling, sums,
skips, flattening) needs no change; only weighted layers, normalisation, ReLU and max-pooling are replaced while the
batch runs through. The cost is six convolutions a layer (four coefficients through W, two through g), and no graph is
kept.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode

from nasgauge.estimators.zeroshot.functions import name_of
from nasgauge.estimators.zeroshot.logits import logits_of
from nasgauge.estimators.zeroshot.max_pooling import winners
from nasgauge.estimators.zeroshot.substitute import substituted
from nasgauge.estimators.zeroshot.weights import Weight

_STREAMWISE = frozenset(("__get__", "dim", "size", "flatten", "unflatten", "avg_pool2d", "adaptive_avg_pool2d"))
_STREAMWISE |= frozenset(("cat", "pad", "zeros_like", "__getitem__", "dropout"))


class NotExpandable(Exception):  # noqa: N818 - no mistake: it says which of two ways is taken
    """The network calls something whose expansion is not known."""


@torch.no_grad()
def expanded(
    net: nn.Module, weights: Sequence[Weight], gradients: Sequence[torch.Tensor], x: torch.Tensor, y: torch.Tensor
) -> float:
    """w^T H g over the weights, g = dL/dw, L the mean cross-entropy of the batch x, y.

    NotExpandable if the network calls anything that does not act on each coefficient alone. RuntimeError if the
    first-order check dL[g] = g.g fails.
    """
    g_of = {id(w.parameter): g for w, g in zip(weights, gradients, strict=True)}
    guard = _Guard()

    def weighted(module: nn.Module) -> nn.Module:
        if id(module.weight) not in g_of:
            raise NotExpandable  # a weight that is not trained
        return _Weighted(module, g_of[id(module.weight)])

    def trusting(make):
        return lambda module: _Trusted(guard, make(module))

    stand_ins = {
        nn.Conv2d: trusting(weighted),
        nn.Linear: trusting(weighted),
        nn.BatchNorm2d: trusting(_Normalised),
        nn.ReLU: trusting(lambda m: _Rectified()),
        nn.MaxPool2d: trusting(_MaxPooled),
    }
    owners = [module for weight in weights for _, module in weight.modules]
    if not x.is_floating_point() or not all(isinstance(module, nn.Conv2d | nn.Linear) for module in owners):
        raise NotExpandable
    stack = torch.cat([x, x.new_zeros(3 * x.shape[0], *x.shape[1:])])
    if x.dim() == 4 and not x.is_contiguous():
        stack = stack.contiguous(memory_format=torch.channels_last)
    with substituted(net, stand_ins), guard:
        output = net(stack)
    logits = logits_of(output, len(stack))
    first, mixed = _cross_entropy(logits.double().unflatten(0, (4, len(x))), y)  # (4, N, classes)
    g_dot_g = sum(float(g.double().square().sum()) for g in gradients)
    if not abs(float(first) - g_dot_g) <= 1e-2 * g_dot_g + 1e-20 and math.isfinite(float(mixed)):
        raise RuntimeError(f"expansion of the loss: dL[g] is {float(first):.6g} where g.g is {g_dot_g:.6g}")
    return float(mixed)


class _Guard(TorchFunctionMode):
    """Lets the stand-ins call what they like, and everything else only what acts on each coefficient alone."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name = name_of(func)
        if not self.inside and name not in _STREAMWISE and not (name == "add" and _are_stacks(*args)):
            raise NotExpandable
        return func(*args, **(kwargs or {}))


def _are_stacks(a: object, b: object = None) -> bool:
    return all(isinstance(t, torch.Tensor) and not isinstance(t, nn.Parameter) for t in (a, b)) and len(a) == len(b)


class _Trusted(nn.Module):
    """A stand-in within which the guard does not look."""

    def __init__(self, guard: _Guard, stand_in: nn.Module) -> None:
        super().__init__()
        self.held = [guard]
        self.stand_in = stand_in

    def forward(self, s: torch.Tensor) -> torch.Tensor:
        (guard,) = self.held
        guard.inside += 1
        try:
            return self.stand_in(s)
        finally:
            guard.inside -= 1


def _cross_entropy(logits: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """L_a and L_ae of the mean cross-entropy: d = p - onehot, L_ae = mean[d.z_ae + p.(z_a z_e) - (p.z_a)(p.z_e)]."""
    z, z_e, z_a, z_ae = logits
    p = z.softmax(1)
    d = p - F.one_hot(y, z.shape[1])
    mixed = (d * z_ae).sum(1) + (p * z_a * z_e).sum(1) - (p * z_a).sum(1) * (p * z_e).sum(1)
    return (d * z_a).sum(1).mean(), mixed.mean()


class _Weighted(nn.Module):
    """A convolution or linear layer under W + a g + e W."""

    def __init__(self, module: nn.Module, g: torch.Tensor) -> None:
        super().__init__()
        self.held = [module]  # in a list, so that it does not become a child
        self.g = g

    def through(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        (module,) = self.held
        if isinstance(module, nn.Linear):
            return F.linear(x, weight)
        return module._conv_forward(x, weight, None)

    def forward(self, s: torch.Tensor) -> torch.Tensor:
        (module,) = self.held
        n = len(s) // 4
        out = self.through(s, module.weight)
        out[n : 2 * n] += out[:n]  # e W acts on the coefficient 1 ...
        out[3 * n :] += out[2 * n : 3 * n]  # ... and on a
        out[2 * n :] += self.through(s[: 2 * n], self.g)  # a g acts on 1 and on e
        if module.bias is not None:
            out[:n] += module.bias if isinstance(module, nn.Linear) else module.bias[:, None, None]
        return out


class _Rectified(nn.Module):
    """ReLU: its mask is constant near the point, so all coefficients pass where the value is positive."""

    def forward(self, s: torch.Tensor) -> torch.Tensor:
        streams = s.unflatten(0, (4, len(s) // 4))
        return (streams * (streams[0] > 0)).flatten(0, 1)


class _MaxPooled(nn.Module):
    """Max-pooling: which pixel wins is constant near the point, so all coefficients are taken there."""

    def __init__(self, pool: nn.MaxPool2d) -> None:
        super().__init__()
        self.held = [pool]

    def forward(self, s: torch.Tensor) -> torch.Tensor:
        (pool,) = self.held
        streams = s.unflatten(0, (4, len(s) // 4))
        if pool.return_indices:
            raise NotExpandable
        _, index = winners(streams[0], pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.ceil_mode)
        taken = streams.flatten(3).gather(3, index.flatten(2).expand(4, *index.shape[:2], -1))
        return taken.unflatten(3, index.shape[2:]).flatten(0, 1)


class _Normalised(nn.Module):
    """Batch normalisation y = gamma (x - mu) r + beta, r = (var + eps)^-1/2, to mixed second order.

    The Jacobian J is symmetric, so the fused backward kernel applies it: y_a = J x_a, y_e = J x_e. With c = x - mu and,
    over the batch, s_i = mean(c_i c r), q = mean(c_a c_e):
    y_ae = J x_ae + gamma [ -r^2 (s_e c_a + s_a c_e) + r^3 (3 s_a s_e - q) c ].
    """

    def __init__(self, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.held = [norm]

    def forward(self, s: torch.Tensor) -> torch.Tensor:
        (norm,) = self.held
        x, x_e, x_a, x_ae = s.chunk(4)
        scale = x.new_ones(x.shape[1]) if norm.weight is None else norm.weight  # without one CUDA gives no moments
        y, mu, r = torch.native_batch_norm(x, scale, norm.bias, None, None, True, 0.0, norm.eps)
        jacobian = torch.ops.aten.native_batch_norm_backward

        def push(v: torch.Tensor, moments: bool) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
            mask = [True, moments, moments]
            return jacobian(v, x, scale, None, None, mu, r, True, norm.eps, mask)

        m = x.numel() // x.shape[1]
        y_a, dot_a, sum_a = push(x_a, True)
        y_e, dot_e, sum_e = push(x_e, True)
        y_ae, _, _ = push(x_ae, False)
        s_a, s_e, mu_a, mu_e = dot_a / m, dot_e / m, sum_a / m, sum_e / m  # (C,)
        q = (x_a * x_e).mean((0, 2, 3)) - mu_a * mu_e
        k_a, k_e = -scale * r**2 * s_e, -scale * r**2 * s_a
        k = scale * r**3 * (3 * s_a * s_e - q)
        shift = -(k_a * mu_a + k_e * mu_e + k * mu)
        wide = (slice(None), None, None)
        y_ae.addcmul_(x_a, k_a[wide]).addcmul_(x_e, k_e[wide]).addcmul_(x, k[wide]).add_(shift[wide])
        return torch.cat([y, y_e, y_a, y_ae])
