"""What is gathered while the shared pass runs: the codes of ReLUs, and the channels of layers."""

from collections.abc import Sequence
from contextlib import ExitStack

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from nasgauge.estimators.zeroshot.functions import (
    NO_ACTIVATION,
    called,
    first_argument,
    is_relu,
    name_of,
    refuse_scripted,
    whereabouts,
)
from nasgauge.estimators.zeroshot.record import Unmeasurable
from nasgauge.estimators.zeroshot.weights import CHANNELLED, Weight
from nasgauge.nets import autocast


def sign_agreement(y: torch.Tensor) -> torch.Tensor:
    """Units at which two images agree to be above zero or not: K_ij, (N, N) float64 integers, from ReLU outputs.

    y: (N, ...), nothing below 0. With codes c = 0 or 1 and G = C C^T, K = units - G_ii - G_jj + 2 G. Products of codes
    are summed in the type of y, at least float32 (autocast is off), which is exact below 2^24 terms; wider layers are
    cut there.

    >>> sign_agreement(torch.tensor([[0.0, 0.5, 2.0], [1.0, 0.5, 0.0]])).tolist()
    [[3.0, 1.0], [1.0, 3.0]]
    """
    if y.dim() == 4 and not y.is_contiguous():
        y = y.permute(0, 2, 3, 1)  # the order of units does not matter, so channels-last need not be copied
    y = y.flatten(1)
    both_on = y.new_zeros((len(y), len(y)), dtype=torch.float64)
    summed = torch.promote_types(y.dtype, torch.float32)
    with autocast("float32", y.device):
        for part in y.split(1 << 22, dim=1):
            codes = part.sign().to(summed)
            both_on += codes @ codes.T
    on = both_on.diagonal()
    return y.shape[1] - on[:, None] - on + 2 * both_on


def sign_patterns(y: torch.Tensor) -> torch.Tensor:
    """The different patterns (n, words) int64 that units show over the images: bit i is set where y_i is above zero.

    y: (N, ...), nothing below 0; a word holds 62 images.

    >>> sign_patterns(torch.tensor([[0.0, 0.5, 2.0], [1.0, 0.5, 0.0]])).tolist()
    [[1], [2], [3]]
    """
    words = []
    for part in y.flatten(1).split(62):
        word = torch.zeros(part.shape[1], dtype=torch.int64, device=y.device)
        for bit, row in enumerate(part):
            word += (row > 0).long() << bit
        words.append(word)
    return _distinct(torch.stack(words, 1))


def _distinct(patterns: torch.Tensor) -> torch.Tensor:
    if patterns.shape[1] == 1:  # much faster than by rows
        return patterns.flatten().unique()[:, None]
    return patterns.unique(dim=0)


class ReluWatch(TorchFunctionMode):
    """Counts the ReLUs of a forward pass, whoever calls them, and keeps their codes; `unread` says what it cannot."""

    def __init__(self, net: nn.Module, n_images: int, *, codes: bool, patterns: bool = False) -> None:
        super().__init__()
        refuse_scripted(net)
        self.net, self.n_images, self.codes, self.patterns = net, n_images, codes, patterns
        self._patterns: list[torch.Tensor] = []
        self.n_relu = 0
        self.unread: Unmeasurable | None = None
        self.kernels: list[torch.Tensor] = []
        self.reached: list[bool] = []
        self._kernel_of: dict[tuple[int, int], tuple[torch.Tensor, torch.Tensor]] = {}
        self._handles: list[torch.utils.hooks.RemovableHandle] = []

    def again(self) -> "ReluWatch":
        self.forget()
        return ReluWatch(self.net, self.n_images, codes=self.codes, patterns=self.patterns)

    @property
    def n_patterns(self) -> int:
        """Different patterns of all units together, 0 if they were not asked for."""
        return len(_distinct(torch.cat(self._patterns))) if self._patterns else 0

    def __enter__(self) -> "ReluWatch":
        self._stack = ExitStack()
        self._where = self._stack.enter_context(whereabouts(self.net))
        return super().__enter__()

    def __exit__(self, *failure) -> None:
        super().__exit__(*failure)
        self._stack.close()
        self._kernel_of.clear()  # or the ReLUs' inputs would outlive their use

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if is_relu(func, args, kwargs):
            x = first_argument(args, kwargs)
            version = x._version  # before the call, which may work in place
            output = func(*args, **kwargs)
            leaks = "leaky" in name_of(func)
            self._fired(x, version, output, output.detach().clamp(min=0) if leaks else output.detach())
            return output
        if self.unread is None and name_of(func) not in NO_ACTIVATION:
            self.unread = Unmeasurable(f"{self._where()} applies {name_of(func)}, which is not known to be a ReLU")
        return func(*args, **kwargs)

    def _fired(self, x: torch.Tensor, version: int, output: torch.Tensor, passed: torch.Tensor) -> None:
        index, self.n_relu = self.n_relu, self.n_relu + 1
        if not (self.codes or self.patterns) or self.unread is not None:
            return
        if len(output) != self.n_images:
            shape = tuple(output.shape)
            self.unread = Unmeasurable(f"the ReLU in {self._where()} gives {shape}, not a row for each image")
            return
        if self.patterns:
            self._patterns.append(sign_patterns(passed))
        if self.codes:
            self._keep_codes(index, x, version, output, passed)

    def _keep_codes(
        self, index: int, x: torch.Tensor, version: int, output: torch.Tensor, passed: torch.Tensor
    ) -> None:
        key = id(x), version
        if key not in self._kernel_of:  # several edges often leave one node: same input, same codes
            self._kernel_of[key] = x, sign_agreement(passed)  # the input is kept so that its id stays its own
        self.kernels.append(self._kernel_of[key][1])
        self.reached.append(False)

        def arrive(gradient: torch.Tensor) -> None:
            self.reached[index] = True

        if output.requires_grad:
            self._handles.append(output.register_hook(arrive))

    def forget(self) -> None:
        for handle in self._handles:
            handle.remove()


class LayerWatch:
    """Sums the channel saliencies 1/2 mean_n (sum a dL/da)^2 of layers while the gradient passes their outputs a."""

    def __init__(self, weights: Sequence[Weight], n_images: int, *, copies: bool = False) -> None:
        self.weights, self.n_images, self.copies = weights, n_images, copies
        self._sums: dict[int, torch.Tensor] = {}
        self._kept: list[tuple[torch.Tensor, int]] = []  # (output, its version when it was kept)
        self._handles: list[torch.utils.hooks.RemovableHandle] = []
        self._unread: Unmeasurable | None = None

    def __enter__(self) -> "LayerWatch":
        self._stack = ExitStack()
        for index, weight in enumerate(self.weights):
            for name, module in weight.modules:
                if isinstance(module, CHANNELLED):
                    hook = self._hook(index, called(name, module), isinstance(module, nn.Linear))
                    self._stack.callback(module.register_forward_hook(hook).remove)
                else:
                    self._refuse(f"{called(name, module)} has no channels that its weights feed")
        return self

    def __exit__(self, *failure) -> None:
        self._stack.close()

    def _refuse(self, reason: str) -> None:
        self._unread = self._unread or Unmeasurable(reason)

    def _hook(self, index: int, label: str, last: bool):
        def forward_hook(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
            if not output.requires_grad:
                return
            if len(output) != self.n_images:
                self._refuse(f"{label} gives {tuple(output.shape)}, not a row for each of {self.n_images} images")
            activation = output.detach().clone() if self.copies else output.detach()
            self._kept.append((activation, activation._version))

            def arrive(gradient: torch.Tensor) -> None:
                product = activation * gradient
                product = product.to(torch.promote_types(product.dtype, torch.float32))  # sums in 32 bits at least
                value = _by_channel(product, last).square().mean(0).abs() / 2  # (C_out,)
                self._sums[index] = self._sums[index] + value if index in self._sums else value

            self._handles.append(output.register_hook(arrive))

        return forward_hook

    def overwritten(self) -> bool:
        return any(tensor._version != version for tensor, version in self._kept)

    def sums(self, gradients: Sequence[torch.Tensor | None]) -> "tuple[torch.Tensor, ...] | Unmeasurable":
        """(C_out,) for each weight, zeros where no gradient arrives."""
        for index, (weight, gradient) in enumerate(zip(self.weights, gradients, strict=True)):
            if gradient is not None and index not in self._sums:
                self._refuse(f"{called(*weight.modules[0])} is not called as a module, so its output is not seen")
        if self._unread:
            return self._unread
        return tuple(self._sums.get(i, w.parameter.new_zeros(n_channels(w))) for i, w in enumerate(self.weights))

    def forget(self) -> None:
        for handle in self._handles:
            handle.remove()


def n_channels(weight: Weight) -> int:
    """Channels of a layer's output."""
    module = weight.modules[0][1]
    return module.out_features if isinstance(module, nn.Linear) else module.out_channels


def _by_channel(product: torch.Tensor, last: bool) -> torch.Tensor:
    """(N, C): sums over positions; channels are the last dimension of a linear layer's output, else the second."""
    if product.dim() == 2:
        return product
    return product.flatten(1, -2).sum(1) if last else product.flatten(2).sum(2)
