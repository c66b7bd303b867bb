"""Naive references of AZ-NAS, VKDNW, SWAP, MeCo, TE-NAS and InTrain: one image, layer, class or unit at a time.

Read by test_every_proxy.py, whose `Case` they take; written from the papers and the authors' algorithms.
"""

import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.estimators.zeroshot.substitute import undisturbed

SEED = 11  # that of the contract


def gaussian(n=10):
    """The generator as it stands after the images, and the images."""
    g = torch.Generator().manual_seed(SEED)
    return g, torch.randn(n, 2, 8, 8, generator=g).double()


def steps(case, net):
    """The modules between which AZ-NAS looks, space by space."""
    if case.space.name.startswith("darts"):
        return [net.stem, *net.cells]
    if case.space.name.startswith("nds"):
        return [net.stem, *(block for stage in net.stages for block in stage)]
    return [net.stem, *(block for block in net.blocks if not isinstance(block, nn.MaxPool2d))]


def cell_features(case, x):
    net, features = case.net(), []
    for module in steps(case, net):
        module.register_forward_hook(lambda m, i, o: features.append(o))
    with undisturbed(net):  # for the rule by which ties of max-pooling are broken
        net(x)
    return features


def entropies(case):
    found = []
    for feature in cell_features(case, gaussian()[1]):
        rows = feature.detach().permute(0, 2, 3, 1).reshape(-1, feature.shape[1]).numpy()
        values = np.linalg.svd(np.cov(rows.T, bias=True).reshape(rows.shape[1], -1), compute_uv=False)
        p = values / values.sum()
        found.append(-sum(share * math.log(share + 1e-8) for share in p))
    return found


def trainability(case):
    g, x = gaussian()
    features, scores = cell_features(case, x), []
    for f_in, f_out in itertools.pairwise(features):
        v = (torch.randint(2, f_out.shape, generator=g) * 2 - 1).double()
        (back,) = torch.autograd.grad(f_out, f_in, v, retain_graph=True)
        if torch.equal(back, v):
            scores.append(2 - 1 / 1e-6)
            continue
        if back.shape[2] != v.shape[2]:
            back = nn.PixelUnshuffle(back.shape[2] // v.shape[2])(back)
        outer = torch.einsum("nahw,nbhw->nhwab", back, v).flatten(0, 2).mean(0)
        s = np.linalg.svd(outer.numpy(), compute_uv=False).max()
        scores.append(-s - 1 / (s + 1e-6) + 2)
    return np.mean(scores)


def intrain(case):
    g, x = gaussian()
    net, ratios = case.net(), []

    def look(module, inputs, output):
        rows = output.detach()
        rows = rows.numpy() if rows.dim() == 2 else rows.permute(0, 2, 3, 1).flatten(0, 2).numpy()
        values = np.linalg.eigvalsh(np.cov(rows.T, bias=True) + 1e-10 * np.eye(rows.shape[1]))
        ratios.append(values.sum() ** 2 / (values**2).sum())

    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(look)
    logits = net(x)
    F.cross_entropy(logits, torch.randint(5, (10,), generator=g)).backward()
    there = [p.grad.numpy() for p in net.parameters() if p.grad is not None]
    greatest = max(np.abs(grad).max() for grad in there)
    resilience = 0.0
    for grad in there:
        if np.abs(grad).max() > 1e-9 * greatest:  # else a rounding error of zero
            resilience += min(1, grad.std() / (np.abs(grad).max() + 1e-10))
    return sum(map(math.log, ratios)) * (1 + resilience) / math.log(len(ratios) + 1)


def factor(q):
    """L with L L' = diag(q) - q q', by the Cholesky factor of what is left without the last class."""
    covariance = np.diag(q) - np.outer(q, q)
    first = np.linalg.cholesky(covariance[:-1, :-1])
    last = np.linalg.solve(first, covariance[:-1, -1])
    return np.block([[first, np.zeros((len(q) - 1, 1))], [last, np.zeros((1, 1))]])


def vkdnw(case):
    net = case.net().eval()
    parameters = list(net.parameters())[:128]
    parts = []
    for image in gaussian()[1]:
        logits = net(image[None])[0]
        rows = []
        for logit in logits:
            found = torch.autograd.grad(logit, parameters, retain_graph=True, allow_unused=True)
            rows.append([0.0 if d is None else float(d.flatten()[0]) for d in found])
        q = 0.95 * logits.detach().softmax(0).numpy() + 0.05 / 5
        a = factor(q) @ np.array(rows)
        parts.append(a)
    values = np.zeros(len(parameters))  # of F = mean A' A, by the singular values of all A one below the other
    found = np.linalg.svd(np.concatenate(parts), compute_uv=False)
    values[: len(found)] = found**2 / 10
    deciles = np.quantile(values, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    share = deciles / (deciles.sum() + 1e-10)
    return -np.sum(share * np.log(share + 1e-10))


def relu_codes(net, x):
    """(N, units) of all ReLUs."""
    codes = []
    for module in net.modules():
        if type(module) is nn.ReLU:
            module.register_forward_hook(lambda m, i, o: codes.append(np.sign(o.detach().numpy().reshape(len(x), -1))))
    net(x)
    return np.concatenate(codes, axis=1)


def swap(net, x, y):
    return len({tuple(unit) for unit in relu_codes(net, x).T})


def linear_regions(net, x, y):
    return len({tuple(image) for image in relu_codes(net, x)})


def ntk_condition(net, x, y):
    logits, rows = net(x), []
    for i in range(len(x)):
        net.zero_grad()
        logits[i : i + 1].backward(torch.ones(1, 5, dtype=torch.float64), retain_graph=True)
        rows.append(np.concatenate(
            [p.grad.numpy().ravel() for name, p in net.named_parameters() if "weight" in name and p.grad is not None]
        ))  # fmt: skip
    values = np.linalg.eigvalsh(np.stack(rows) @ np.stack(rows).T)
    return -math.log(values[-1] / values[0])


def meco(case, n_channels):
    g, x = gaussian(1)
    net, found = case.net(), []

    def look(module, inputs, output):
        if output.dim() != 4:
            return  # logits: correlations of one number, which are none
        rows = output[0].detach().flatten(1).numpy()
        chosen = torch.randperm(len(rows), generator=g).numpy()[:8]
        rows, n = (rows[chosen], len(rows)) if n_channels else (rows, len(rows))
        if rows.shape[1] == 1:
            return  # of one position, likewise
        with np.errstate(divide="ignore", invalid="ignore"):
            correlations = np.nan_to_num(np.atleast_2d(np.corrcoef(rows)))
        found.append(np.linalg.eigvals(correlations).real.min() * n / len(rows))

    for module in net.modules():
        module.register_forward_hook(look)
    with torch.no_grad():
        net(x)
    return sum(found)


def of_batches(one):
    return lambda case: float(np.mean([one(case.net(), x, y) for x, y in case.batches]))


REFERENCES = {
    "az_expressivity": lambda case: sum(entropies(case)),
    "az_progressivity": lambda case: min(np.diff(entropies(case))),
    "az_trainability": trainability,
    "vkdnw": vkdnw,
    "vkdnw_single": lambda case: len(list(case.net().parameters())) + vkdnw(case),
    "swap": of_batches(swap),
    "meco": lambda case: meco(case, None),
    "meco_opt": lambda case: meco(case, 8),
    "ntk_condition": of_batches(ntk_condition),
    "linear_regions": of_batches(linear_regions),
    "intrain": intrain,
}
