"""The Fisher information of one entry of each parameter, for Gaussian images."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode

from nasgauge.estimators.zeroshot.functions import name_of, refuse_scripted
from nasgauge.estimators.zeroshot.logits import logits_of
from nasgauge.estimators.zeroshot.record import Information, Unmeasurable
from nasgauge.estimators.zeroshot.zen_pass import normal_like

N_PARAMETERS = 128  # as published
_SMOOTHING = 0.05
_KNOWN = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), "input weight bias stride padding dilation groups".split()),
    "linear": ["input", "weight", "bias"],
    "batch_norm": "input running_mean running_var weight bias training momentum eps".split(),
}


def information_pass(net: nn.Module, x: torch.Tensor, generator: torch.Generator) -> Information:
    """`n_tensors`: trained parameters, each tensor one; `spectrum`: eigenvalues of their Fisher information, falling.

    F = mean_n A_n' A_n, A_n = L_n J_n, with J_n (classes, p) the derivatives of image n's logits in the first entry of
    the first p <= 128 parameters, and L_n the Cholesky factor of diag(q) - q q', q = .95 softmax + .05 / classes.
    (J' (L L') J would need L' J; the published figures are of L J.) Gaussian images; of x only the shape counts.
    Batch normalisations have mean 0 and variance 1, as in evaluation before any training, so that images do not meet.
    One backward pass a class, and one an image and class where parameters of other layers than convolutions, linear
    layers and batch normalisations are among the first 128. Unmeasurable: scripted modules, derivatives that are
    not finite.
    """
    refuse_scripted(net)
    u = normal_like(x, generator).requires_grad_()
    named = [(name, p) for name, p in net.named_parameters() if p.requires_grad]
    chosen = [p for _, p in named[:N_PARAMETERS]]
    watch = _Derivatives([p for _, p in named], len(chosen), len(u))
    with torch.enable_grad():
        with watch:
            logits = logits_of(net(u.clone()), len(u))  # which the network may overwrite
        jacobian = torch.stack([watch.of(logits, c, u) for c in range(logits.shape[1])], 1).double()  # (N, classes, p)
    if not torch.isfinite(jacobian).all() or not torch.isfinite(logits).all():
        raise Unmeasurable("the derivatives of the logits are not finite")
    a = cholesky_of_covariance(smoothed(logits.detach().double())) @ jacobian
    values = torch.linalg.svdvals(a.flatten(0, 1)).square() / len(u)  # more exact than of F itself
    return Information(len(named), F.pad(values, (0, len(chosen) - len(values))))


def smoothed(logits: torch.Tensor) -> torch.Tensor:
    """Probabilities (N, classes) mixed with 5% of the uniform ones."""
    return (1 - _SMOOTHING) * logits.softmax(1) + _SMOOTHING / logits.shape[1]


def cholesky_of_covariance(q: torch.Tensor) -> torch.Tensor:
    """The lower triangular L (N, c, c) with L L' = diag(q) - q q' for probabilities q (N, c) > 0; its last column is 0.

    L_jj = (q_j r_j / r_j-1)^1/2 and L_ij = -q_i L_jj / r_j below it, r_j = 1 - q_1 - ... - q_j.

    >>> cholesky_of_covariance(torch.tensor([[0.5, 0.5]])).tolist()
    [[[0.5, 0.0], [-0.5, 0.0]]]
    """
    r = (1 - q.cumsum(1))[:, :-1]
    before = torch.cat([torch.ones_like(q[:, :1]), r[:, :-1]], 1)
    d = (q[:, :-1] * r / before).sqrt()
    factor = torch.zeros((*q.shape, q.shape[1]), dtype=q.dtype, device=q.device)
    below = -q[:, :, None] * (d / r)[:, None, :]
    factor[:, :, :-1] = below.tril(-1)
    factor.diagonal(dim1=1, dim2=2)[:, :-1] = d
    return factor


class _Derivatives(TorchFunctionMode):
    """Normalises by mean 0 and variance 1, and sums the derivative in each chosen entry, image by image.

    parameters: all that are trained; the first n_chosen are. Weights of layers are kept out of the graph: what it would
    cost to differentiate in all of their entries is not needed.
    """

    def __init__(self, parameters: Sequence[torch.Tensor], n_chosen: int, n_images: int) -> None:
        super().__init__()
        self.parameters, self.n_images = parameters, n_images
        self.index = {id(p): i for i, p in enumerate(parameters[:n_chosen])}
        self.trained = {id(p) for p in parameters}
        self.seen: set[int] = set()  # ids of parameters whose layers are known
        self.kept_out: set[int] = set()
        self.sums = torch.zeros(n_images, n_chosen)

    def of(self, logits: torch.Tensor, c: int, u: torch.Tensor) -> torch.Tensor:
        """(N, p): the derivatives of the logits of class c, of images u."""
        self.sums = torch.zeros(self.sums.shape, dtype=u.dtype, device=u.device)
        if not logits.requires_grad:
            return self.sums
        inside = [p for p in self.parameters if id(p) not in self.kept_out]
        found = torch.autograd.grad(logits[:, c].sum(), [u, *inside], retain_graph=True, allow_unused=True)
        arrived = zip(inside, found[1:], strict=True)
        others = [p for p, g in arrived if g is not None and id(p) in self.index and id(p) not in self.seen]
        sums = self.sums
        for n in range(len(logits) if others else 0):
            self.sums = torch.zeros_like(sums)  # hooks fire here too
            # with u, although it is not needed: without, PyTorch crashes in group normalisation
            found = torch.autograd.grad(logits[n, c], [u, *others], retain_graph=True, allow_unused=True)
            for p, g in zip(others, found[1:], strict=True):
                sums[n, self.index[id(p)]] = 0 if g is None else g.flatten()[0]
        return sums

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = name_of(func)
        if name not in _KNOWN:
            return func(*args, **kwargs)
        given = dict(zip(_KNOWN[name], args, strict=False)) | kwargs
        x, weight, bias = given["input"], given.get("weight"), given.get("bias")
        if name == "batch_norm":
            slope = _first(weight, x) / (1 + given.get("eps", 1e-5)) ** 0.5
            output = x * slope if bias is None else x * slope + _first(bias, x)
            of_weight = lambda: x.detach()[:, :1] / (1 + given.get("eps", 1e-5)) ** 0.5  # noqa: E731
        else:
            if id(weight) in self.trained:  # else it may be computed from parameters, through which the graph must go
                self.kept_out.add(id(weight))
                given["weight"] = weight.detach()
            output = func(**given)
            of_weight = lambda: _of_first_entry(name, given)  # noqa: E731
        axis = output.dim() - 1 if name == "linear" else 1
        for parameter, basis in ((weight, of_weight), (bias, lambda: None)):
            if parameter is not None:
                self.seen.add(id(parameter))
                if id(parameter) in self.index and output.requires_grad:
                    self._watch(output, self.index[id(parameter)], basis(), axis)
        return output

    def _watch(self, output: torch.Tensor, i: int, basis: torch.Tensor | None, axis: int) -> None:
        if len(output) != self.n_images:
            raise Unmeasurable(f"a layer gives {tuple(output.shape)}, not a row for each of {self.n_images} images")

        def arrive(gradient: torch.Tensor) -> None:
            first = gradient.narrow(axis, 0, 1)
            self.sums[:, i] += (first if basis is None else first * basis).flatten(1).sum(1)

        output.register_hook(arrive)


def _first(parameter: torch.Tensor | None, x: torch.Tensor) -> torch.Tensor:
    """A scale or shift (C,) as wide as x (N, C, ...); ones where there is none."""
    return x.new_ones(()) if parameter is None else parameter.reshape(-1, *[1] * (x.dim() - 2))


def _of_first_entry(name: str, given: dict) -> torch.Tensor:
    """What the output's first channel is where the weight is 1 at its first entry and 0 elsewhere."""
    x = given["input"].detach()
    if name == "linear":
        return x[..., :1].clone()  # which the network may overwrite
    weight = torch.zeros_like(given["weight"][:1, :1])
    weight.view(-1)[0] = 1
    options = {key: given[key] for key in ("stride", "padding", "dilation") if key in given}
    return getattr(F, name)(x[:, :1], weight, **options)
