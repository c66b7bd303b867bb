"""w . (H g) without a double backward pass: the loss expanded in two directions at once, forward only.

L(W + a g + e W) = L + a L_a + e L_e + a e L_ae + ..., and L_ae = g^T H w. Every activation carries its four
coefficients [1, e, a, ae] stacked along the batch, so whatever is linear and treats images one by one (pooling, sums,
skips, flattening) needs no change; only weighted layers, normalisation, ReLU and max-pooling are replaced while the
batch runs through. The cost is six convolutions a layer (four coefficients through W, two through g), and no graph is
kept.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.estimators.zeroshot.record import Unmeasurable
from nasgauge.estimators.zeroshot.substitute import substituted

_LINEAR = (nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.Identity, nn.Flatten, nn.Dropout)  # dropout is off while measuring
_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)  # childless when a cell has no operation at all


@torch.no_grad()
def curvature(
    net: nn.Module, modules: Sequence[nn.Module], gradients: Sequence[torch.Tensor], x: torch.Tensor, y: torch.Tensor
) -> float:
    """w^T H g over the weights of `modules`, g = dL/dw held fixed, L the mean cross-entropy of the batch x, y.

    Equals the naive double backward pass to rounding. Unmeasurable if the result is not finite; TypeError for a module
    type whose expansion is not known; RuntimeError if the first-order check dL[g] = g.g fails, which happens when the
    network's forward holds a nonlinear operation that is no module.
    """
    _refuse_unknown(net)
    g_of = dict(zip(map(id, modules), gradients, strict=True))
    stand_ins = {
        nn.Conv2d: lambda m: _Weighted(m, g_of[id(m)]),
        nn.Linear: lambda m: _Weighted(m, g_of[id(m)]),
        nn.BatchNorm2d: _Normalised,
        nn.ReLU: lambda m: _Rectified(),
        nn.MaxPool2d: _MaxPooled,
    }
    stack = torch.cat([x, x.new_zeros(3 * x.shape[0], *x.shape[1:])])
    if x.dim() == 4 and not x.is_contiguous():
        stack = stack.contiguous(memory_format=torch.channels_last)
    with substituted(net, stand_ins):
        logits = net(stack).double().unflatten(0, (4, len(x)))  # (4, N, classes)
    first, mixed = _cross_entropy(logits, y)
    if not torch.isfinite(mixed):
        raise Unmeasurable(f"w.Hg is {float(mixed)}")
    g_dot_g = sum(float(g.double().square().sum()) for g in gradients)
    if abs(float(first) - g_dot_g) > 1e-2 * g_dot_g + 1e-20:
        raise RuntimeError(f"expansion of the loss: dL[g] is {float(first):.6g} where g.g is {g_dot_g:.6g}")
    return float(mixed)


def _cross_entropy(logits: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """L_a and L_ae of the mean cross-entropy: d = p - onehot, L_ae = mean[d.z_ae + p.(z_a z_e) - (p.z_a)(p.z_e)]."""
    z, z_e, z_a, z_ae = logits
    p = z.softmax(1)
    d = p - F.one_hot(y, z.shape[1])
    mixed = (d * z_ae).sum(1) + (p * z_a * z_e).sum(1) - (p * z_a).sum(1) * (p * z_e).sum(1)
    return (d * z_a).sum(1).mean(), mixed.mean()


def _refuse_unknown(net: nn.Module) -> None:
    known = (nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.ReLU, nn.MaxPool2d, *_LINEAR, *_CONTAINERS)
    for name, module in net.named_modules():
        if next(module.children(), None) is None and type(module) not in known:
            raise TypeError(f"w.Hg: no expansion is known for {type(module).__name__} ({name}); add it to this file")


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
            out[:n] += module.bias if s.dim() == 2 else module.bias[:, None, None]
        return out


class _Rectified(nn.Module):
    """ReLU: its mask is constant near the point, so all coefficients pass where the value is positive."""

    def forward(self, s: torch.Tensor) -> torch.Tensor:
        streams = s.unflatten(0, (4, len(s) // 4))
        return (streams * (streams[0] > 0)).flatten(0, 1)


class _MaxPooled(nn.Module):
    """Max-pooling: which pixel wins is constant near the point, so all coefficients are taken at the winning pixel."""

    def __init__(self, pool: nn.MaxPool2d) -> None:
        super().__init__()
        self.held = [pool]

    def forward(self, s: torch.Tensor) -> torch.Tensor:
        (pool,) = self.held
        streams = s.unflatten(0, (4, len(s) // 4))
        _, winners = F.max_pool2d(
            streams[0], pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.ceil_mode, return_indices=True
        )
        taken = streams.flatten(3).gather(3, winners.flatten(2).expand(4, *winners.shape[:2], -1))
        return taken.unflatten(3, winners.shape[2:]).flatten(0, 1)


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
        y, mu, r = torch.native_batch_norm(x, norm.weight, norm.bias, None, None, True, 0.0, norm.eps)
        jacobian = torch.ops.aten.native_batch_norm_backward

        def push(v: torch.Tensor, moments: bool) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
            mask = [True, moments, moments]
            return jacobian(v, x, norm.weight, None, None, mu, r, True, norm.eps, mask)

        m = x.numel() // x.shape[1]
        y_a, dot_a, sum_a = push(x_a, True)
        y_e, dot_e, sum_e = push(x_e, True)
        y_ae, _, _ = push(x_ae, False)
        s_a, s_e, mu_a, mu_e = dot_a / m, dot_e / m, sum_a / m, sum_e / m  # (C,)
        q = (x_a * x_e).mean((0, 2, 3)) - mu_a * mu_e
        gamma = 1.0 if norm.weight is None else norm.weight
        k_a, k_e = -gamma * r**2 * s_e, -gamma * r**2 * s_a
        k = gamma * r**3 * (3 * s_a * s_e - q)
        shift = -(k_a * mu_a + k_e * mu_e + k * mu)
        wide = (slice(None), None, None)
        y_ae.addcmul_(x_a, k_a[wide]).addcmul_(x_e, k_e[wide]).addcmul_(x, k[wide]).add_(shift[wide])
        return torch.cat([y, y_e, y_a, y_ae])
