"""One forward pass, one backward pass of the loss and one of the logits' sum: what most proxies live on."""

import math
from collections.abc import Collection
from contextlib import ExitStack

import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.estimators.zeroshot.record import Codes, Gradients, Unmeasurable

FIELDS = frozenset({"gradients", "fisher", "codes", "jacobian", "n_relu"})


def shared_pass(
    net: nn.Module, modules: list[nn.Module], x: torch.Tensor, y: torch.Tensor, passes: Collection[str]
) -> dict[str, object]:
    """The asked ones of `FIELDS` for a batch x (N, C, H, W), y (N,); `modules` are the weighted layers in order.

    A field without a value is an Unmeasurable in its place; Unmeasurable is raised if the loss itself is not finite.
    The network must be in the state of `undisturbed`. Memory: the graph of one forward pass, freed on return.
    """
    backward = {"gradients", "fisher"} & set(passes)
    watch = _Watch(codes="codes" in passes, fisher="fisher" in passes)
    x = x.detach().requires_grad_("jacobian" in passes)
    with torch.set_grad_enabled(bool(backward) or "jacobian" in passes), ExitStack() as stack:
        for module in net.modules():
            if type(module) is nn.ReLU:
                stack.callback(module.register_forward_hook(watch.relu).remove)
        for index, module in enumerate(modules):
            stack.callback(module.register_forward_hook(watch.layer(index)).remove)
        logits = net(x)
        loss = F.cross_entropy(logits, y)
    watch.kernel_of.clear()  # or the ReLUs' inputs would outlive their use
    value = float(loss.detach())
    if not math.isfinite(value):
        raise Unmeasurable(f"the loss is {value}")

    found: dict[str, object] = {"n_relu": watch.n_relu}
    if backward:
        weights = [m.weight for m in modules]
        grads = torch.autograd.grad(loss, weights, retain_graph="jacobian" in passes, allow_unused=True)
        grads = tuple(torch.zeros_like(w) if g is None else g for w, g in zip(weights, grads, strict=True))
        found["gradients"] = Gradients(value, grads)
        found["fisher"] = tuple(
            watch.fisher_sums.get(i, m.weight.new_zeros(len(m.weight))) for i, m in enumerate(modules)
        )
    watch.forget()  # else the second backward pass would be added to the first one's sums
    if "codes" in passes:
        found["codes"] = Codes(tuple(watch.kernels), tuple(watch.reached) if backward else None)
    if "jacobian" in passes:
        found["jacobian"] = _jacobian(logits, x)
    return {field: value for field, value in found.items() if field in passes}


def _jacobian(logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor | Unmeasurable:
    if logits.requires_grad:
        (gradient,) = torch.autograd.grad(logits.sum(), x, allow_unused=True)
        if gradient is not None:
            return gradient.flatten(1).double()  # (N, C*H*W)
    return Unmeasurable("the logits do not depend on the images")


def sign_agreement(y: torch.Tensor) -> torch.Tensor:
    """Units at which two images agree to be above zero or not: K_ij, (N, N) float64 integers, from ReLU outputs.

    y: (N, ...), nothing below 0. With codes c = 0 or 1 and G = C C^T, K = units - G_ii - G_jj + 2 G. Products of codes
    are summed in the working precision, which is exact below 2^24 terms in float32; wider layers are cut there.

    >>> sign_agreement(torch.tensor([[0.0, 0.5, 2.0], [1.0, 0.5, 0.0]])).tolist()
    [[3.0, 1.0], [1.0, 3.0]]
    """
    if y.dim() == 4 and not y.is_contiguous():
        y = y.permute(0, 2, 3, 1)  # the order of units does not matter, so channels-last need not be copied
    y = y.flatten(1)
    both_on = y.new_zeros((len(y), len(y)), dtype=torch.float64)
    for part in y.split(1 << 22, dim=1):
        codes = part.sign()
        both_on += codes @ codes.T
    on = both_on.diagonal()
    return y.shape[1] - on[:, None] - on + 2 * both_on


class _Watch:
    """The hooks of one forward pass and what they gathered."""

    def __init__(self, *, codes: bool, fisher: bool) -> None:
        self.codes, self.fisher = codes, fisher
        self.n_relu = 0
        self.kernels: list[torch.Tensor] = []
        self.reached: list[bool] = []
        self.fisher_sums: dict[int, torch.Tensor] = {}
        self.kernel_of: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}  # id(input) -> (input, kernel)
        self._handles: list[torch.utils.hooks.RemovableHandle] = []

    def relu(self, module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        index, self.n_relu = self.n_relu, self.n_relu + 1
        if not self.codes:
            return
        key = id(inputs[0])
        if key not in self.kernel_of:  # several edges often leave one node: same input, same codes
            self.kernel_of[key] = (
                inputs[0],
                sign_agreement(output.detach()),
            )  # the input is kept so that its id stays its own
        self.kernels.append(self.kernel_of[key][1])
        self.reached.append(False)

        def arrive(gradient: torch.Tensor) -> None:
            self.reached[index] = True

        if output.requires_grad:
            self._handles.append(output.register_hook(arrive))

    def layer(self, index: int):
        def forward_hook(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
            if not (self.fisher and output.requires_grad):
                return
            activation = output.detach()

            def arrive(gradient: torch.Tensor) -> None:
                product = (activation * gradient).flatten(2).sum(2) if gradient.dim() > 2 else activation * gradient
                value = product.square().mean(0).abs() / 2  # (C_out,)
                self.fisher_sums[index] = self.fisher_sums[index] + value if index in self.fisher_sums else value

            self._handles.append(output.register_hook(arrive))

        return forward_hook

    def forget(self) -> None:
        for handle in self._handles:
            handle.remove()
