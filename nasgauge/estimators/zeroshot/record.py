"""What the passes over an untrained network measured: the only thing that a proxy sees."""

from dataclasses import dataclass

import torch

NO_RESPONSE = "the logits do not depend on the images"  # reasons that some proxies score worst
NO_FEATURES = "the features before the last pooling do not depend on the image"
NO_GRADIENT = "no layer has a gradient"


class Unmeasurable(ValueError):  # noqa: N818 - reads as what it is: a verdict, not a mistake
    """A measurement that has no value: not finite, singular, constant, out of memory, or of what cannot be read.

    It becomes a missing score with this reason.
    """

    def alone(self) -> "Unmeasurable":
        """The same without a traceback, which would keep the network in memory for as long as the reason."""
        return Unmeasurable(str(self))


@dataclass(frozen=True)
class Layer:
    """A weight of `weights_of`: its name in the network and its detached value (bias and scale never count)."""

    name: str
    weight: torch.Tensor


@dataclass(frozen=True)
class Gradients:
    """Pass "gradients": forward and backward of the mean cross-entropy.

    `loss`: in nats. `weights[l]`: dL/dW of layer l, in the order of `Record.layers`; zeros where no gradient arrives.
    `eps`: relative rounding of the products that they come from; `rounded`: whether it is coarser than their type.
    """

    loss: float
    weights: tuple[torch.Tensor, ...]
    eps: float

    @property
    def rounded(self) -> bool:
        return self.eps > torch.finfo(self.weights[0].dtype).eps


@dataclass(frozen=True)
class Codes:
    """Pass "codes": which units each ReLU lets through, be it a module or a function.

    `kernels[r][i, j]` = number of units of the r-th ReLU at which images i and j agree (both on or both off), integers
    held in float64, in the order of firing. `reached[r]`: does the gradient of the loss arrive at that ReLU? (None
    unless the pass "gradients" ran too.)
    """

    kernels: tuple[torch.Tensor, ...]
    reached: tuple[bool, ...] | None


@dataclass(frozen=True)
class Counts:
    """Pass "counts": parameters and operations of the whole network for one image, convolutions on live edges.

    Where a space does not say what its architectures consist of, `n_convs` are the convolutions that the network calls.
    Unmeasurable stands for what cannot be counted.
    """

    n_params: int
    macs: int | Unmeasurable
    n_convs: int | Unmeasurable


@dataclass(frozen=True)
class Zen:
    """Pass "zen", with weights and images of its own, all N(0, 1).

    `difference`: mean over images of sum |f(x + a e) - f(x)| over the feature map before global pooling.
    `variances[b]`: mean over channels of the batch variance that normalisation b divides by.
    """

    difference: float
    variances: tuple[float, ...]


@dataclass(frozen=True)
class Identity:
    """Pass "identity": how much of a gradient passes the blocks of the network unchanged (`blocks.BlockWatch`).

    `cosines[b]`: of a random gradient of +1 and -1 at the output of block b with what of it arrives at its input, mean
    over images of Gaussian noise. Blocks in the order in which they are left.
    """

    cosines: tuple[float, ...]


@dataclass(frozen=True)
class Cells:
    """Pass "cells": of the blocks for Gaussian images, see `cells_pass`.

    `spectra[b]`: (C,) eigenvalues of the channels' covariance, float64; `transfers[b]`: largest singular value of the
    gradients from block b + 1 to b against random signs, None for an identity.
    """

    spectra: tuple[torch.Tensor, ...]
    transfers: tuple[float | None, ...]


@dataclass(frozen=True)
class Health:
    """Pass "health", for Gaussian images and random labels: see `health_pass`.

    `dimensions`: participation ratio of each output of a layer; `spread`: deviation over greatest entry of the gradient
    of each trained parameter.
    """

    dimensions: tuple[float, ...]
    spread: tuple[float, ...]


@dataclass(frozen=True)
class Information:
    """Pass "information", for Gaussian images: number of trained tensors, eigenvalues (p,) of their Fisher information
    in falling order, float64. See `information_pass`."""

    n_tensors: int
    spectrum: torch.Tensor


@dataclass(frozen=True)
class ChannelCorrelations:
    """Pass "channel_correlations", for one Gaussian image: least eigenvalues by call of a module, of all channels and
    of 8 times C / 8. See `correlation_pass`."""

    least: tuple[float, ...]
    sampled: tuple[float, ...]


@dataclass(frozen=True)
class Record:
    """One architecture and one batch. A field is None when its pass was not asked for, or failed (`failures` says why).

    `arch`: the space's string; `seed`: the estimator's. `labels`: (N,) int64; `n_classes`: of the network,
    None unless its logits were asked for. `layers`: all weights. `gradients`, `codes`, `counts`, `zen`,
    `cells`, `health`, `information`, `channel_correlations`: see there.
    `fisher[l]`: (C_out,) 1/2 mean_n (sum_hw a dL/da)^2 for a the output of layer l, zeros where no gradient arrives.
    `curvature`: sum over layers of w . (H g), a scalar. `jacobian`: (N, C*H*W) d(sum of all logits)/dx, float64.
    `synflow[l]`: sum |w dR/dw| of layer l, float64; `synflow_bn[l]`: the same with normalisation kept.
    `n_relu`: times that a ReLU fired in the forward pass; `n_patterns`: different patterns that its units show over the
    images. `n_live`: trainable parameters that the logits depend on. `features`: (N, C, ...) what enters the last
    pooling to one pixel. `random_gradients`: as `gradients`, of labels that are drawn for each image (`random_labels`).
    `identity`: see there. `receptive_field`: (H, W) squared gradient of the middle of the last feature map by pixel,
    sum over channels and noise images. `ntk`: (N, N) neural tangent kernel, float64. `failures`: pass -> reason.
    """

    arch: str
    seed: int
    labels: torch.Tensor
    n_classes: int | None
    layers: tuple[Layer, ...]
    failures: dict[str, str]
    n_relu: int | None = None
    n_patterns: int | None = None
    gradients: Gradients | None = None
    fisher: tuple[torch.Tensor, ...] | None = None
    codes: Codes | None = None
    jacobian: torch.Tensor | None = None
    curvature: float | None = None
    synflow: tuple[float, ...] | None = None
    synflow_bn: tuple[float, ...] | None = None
    zen: Zen | None = None
    cells: Cells | None = None
    health: Health | None = None
    information: Information | None = None
    channel_correlations: ChannelCorrelations | None = None
    ntk: torch.Tensor | None = None
    counts: Counts | None = None
    n_live: int | None = None
    features: torch.Tensor | None = None
    random_gradients: Gradients | None = None
    identity: Identity | None = None
    receptive_field: torch.Tensor | None = None
