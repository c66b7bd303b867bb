"""A proxy layer by layer: where in the network does a score come from?"""

import pandas as pd
import torch
from torch import nn

from nasgauge.estimators.zeroshot.passes import record_of
from nasgauge.estimators.zeroshot.record import Unmeasurable
from nasgauge.estimators.zeroshot.substitute import undisturbed


def layer_profile(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> pd.DataFrame:
    """snip and grad_norm of every weight, and the batch variance before every batch normalisation.

    A row a layer, in the order in which the network lists its modules, which is that of the information but for
    parallel edges. Columns: layer (from 0), name, kind ("weights" or "norm"), snip = sum |g w| and grad_norm = ||g||
    over the layer's weights (null for a norm), batch_variance = mean over the channels of the variance of a norm's
    input over images and pixels (null for weights). The first two columns sum to the proxies of those names.

    x (N, C, H, W), y (N,) int64. The network is left as it was. Unmeasurable: the loss is not finite.

    >>> net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))
    >>> layer_profile(net, torch.randn(6, 1, 4, 4), torch.arange(6) % 3)["kind"].tolist()
    ['weights', 'norm', 'weights']

    Reference: ning2021evaluating, Fig. A23.
    """
    variance: dict[str, float] = {}
    with undisturbed(net), torch.no_grad():
        hooks = [
            module.register_forward_pre_hook(_watch(name, variance))
            for name, module in net.named_modules()
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d)
        ]
        try:
            net(x.clone())
        finally:
            for hook in hooks:
                hook.remove()
    record = record_of(net, x, y, {"gradients"})
    if record.failures:
        raise Unmeasurable(record.failures["gradients"])
    pairs = zip(record.layers, record.gradients.weights, strict=True)
    saliency = {layer.name: (float((g * layer.weight).abs().sum()), float(g.norm())) for layer, g in pairs}
    rows = []
    for prefix, module in net.named_modules():
        for name in (prefix, *(f"{prefix}.{own}".lstrip(".") for own in module._parameters)):
            if name in saliency:
                snip, norm = saliency[name]
                rows.append({"name": name, "kind": "weights", "snip": snip, "grad_norm": norm})
        if prefix in variance:
            rows.append({"name": prefix, "kind": "norm", "batch_variance": variance[prefix]})
    table = pd.DataFrame(rows, columns=["name", "kind", "snip", "grad_norm", "batch_variance"])
    return table.rename_axis("layer").reset_index()


def _watch(name: str, variance: dict[str, float]):
    def look(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        x = inputs[0]
        variance[name] = float(x.var(dim=(0, *range(2, x.dim())), correction=0).mean())

    return look
