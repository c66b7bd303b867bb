"""Every proxy of the dictionary: an independent naive reference, computed alone, and the laws that all of them keep."""

import copy
import hashlib
import itertools
import math
import runpy
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call

from nasgauge.estimators.zeroshot import PASSES, PROXIES, ZeroShot
from nasgauge.nets import NetOptions, build, complexity
from nasgauge.spaces import NB201, SPACES, Space, get_space

SPACE = NB201()
SMALL = NetOptions(channels=4, n_cells=1, n_stages=2, in_channels=2, n_classes=5, conv_bias=True, depth_divisor=12)
ARCHS = [(3, 1, 2, 4, 2, 3), (2, 2, 1, 0, 3, 4)]  # second: 0 -> 3 is absent
SEED = 11


@dataclass(frozen=True)
class Case:
    """What a reference may use: the architecture, a fresh copy of its network, the batches."""

    arch: tuple[int, ...]
    batches: list[tuple[torch.Tensor, torch.Tensor]]
    space: Space = SPACE

    def net(self):
        return build(self.space, self.arch, SMALL, generators=[torch.Generator().manual_seed(SEED)]).double()


def batches(n=10, k=2):
    g = torch.Generator().manual_seed(5)
    return [(torch.randn(n, 2, 8, 8, generator=g, dtype=torch.float64), torch.arange(n) % 5) for _ in range(k)]


def layers(net):
    return [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]


def gradients(net, x, y):
    F.cross_entropy(net(x), y).backward()
    return [torch.zeros_like(m.weight) if m.weight.grad is None else m.weight.grad for m in layers(net)]


def averaged(one):
    """The score of a proxy that is a mean over batches, from its value on one batch with a fresh network."""
    return lambda case: float(np.mean([one(case.net(), x, y) for x, y in case.batches]))


def grad_norm(net, x, y):
    return sum(math.sqrt(sum(v**2 for v in g.flatten().tolist())) for g in gradients(net, x, y))


def plain(net, x, y):
    pairs = zip(gradients(net, x, y), layers(net), strict=True)
    return -sum(a * b for g, m in pairs for a, b in zip(g.flatten().tolist(), m.weight.flatten().tolist(), strict=True))


def snip(net, x, y):
    """As published: masks of ones on the weights, and the gradient of the loss in the masks."""
    names = [f"{name}.weight" for name, m in net.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    weights = dict(net.named_parameters())
    masks = [torch.ones_like(weights[n], requires_grad=True) for n in names]
    masked = {n: weights[n].detach() * mask for n, mask in zip(names, masks, strict=True)}
    F.cross_entropy(functional_call(net, masked, (x,)), y).backward()
    return sum(float(mask.grad.abs().sum()) for mask in masks if mask.grad is not None)


def grasp(net, x, y):
    weights = [m.weight for m in layers(net)]
    first = torch.autograd.grad(F.cross_entropy(net(x), y), weights, create_graph=True, allow_unused=True)
    z = sum((g.detach() * g).sum() for g in first if g is not None)
    second = torch.autograd.grad(z, weights, allow_unused=True)
    return sum(float((-w.detach() * h).sum()) for w, h in zip(weights, second, strict=True) if h is not None)


def fisher(net, x, y):
    outputs = []
    for m in layers(net):
        m.register_forward_hook(lambda m, i, o: (o.retain_grad(), outputs.append((m, o)))[-1])
    F.cross_entropy(net(x), y).backward()
    total = 0.0
    for m, o in outputs:
        if o.grad is None:
            continue
        a, g = (t.detach().reshape(*o.shape[:2], -1).numpy() for t in (o, o.grad))
        for c in range(a.shape[1]):
            per_image = [float(a[n, c] @ g[n, c]) for n in range(len(a))]
            total += np.mean(np.square(per_image)) / 2 * m.weight[c].numel()
    return total


def flow_by_weight(case, *, keep_bn):
    net = copy.deepcopy(case.net())
    for m in list(net.modules()):
        for name, child in list(m.named_children()):
            if isinstance(child, nn.BatchNorm2d) and not keep_bn:
                setattr(m, name, nn.Identity())
    for p in net.parameters():
        p.data.abs_()
    net(torch.ones(1, 2, 8, 8, dtype=torch.float64)).sum().backward()
    crossed = [m.weight for m in layers(net) if m.weight.grad is not None]
    return math.log1p(sum(float((w.detach() * w.grad).abs().sum()) for w in crossed))


def jacobian(net, x):
    x = x.clone().requires_grad_()
    net(x).backward(torch.ones(len(x), 5, dtype=torch.float64))
    return x.grad.reshape(len(x), -1).numpy()


def jacob_cov(net, x, y):
    values = np.linalg.eig(np.corrcoef(jacobian(net, x)))[0].real
    return -np.sum(np.log(values + 1e-5) + 1 / (values + 1e-5))


def epe_nas(net, x, y):
    rows, total = jacobian(net, x), 0.0
    for c in sorted(set(y.tolist())):
        mine = [r for r, label in zip(rows, y.tolist(), strict=True) if label == c]
        total += abs(sum(math.log(abs(np.corrcoef(a, b)[0, 1]) + 1e-5) for a in mine for b in mine))
    return total


def relu_outputs(net, x, y):
    outputs = []
    for m in net.modules():
        if type(m) is nn.ReLU:
            m.register_forward_hook(lambda m, i, o: (o.retain_grad(), outputs.append(o))[-1])
    F.cross_entropy(net(x), y).backward()
    return outputs


def kernel_logdet(outputs):
    n = len(outputs[0])
    codes = np.concatenate([o.detach().reshape(n, -1).numpy() > 0 for o in outputs], axis=1)
    kernel = np.array([[np.sum(codes[i] == codes[j]) for j in range(n)] for i in range(n)], dtype=float)
    return np.linalg.slogdet(kernel)[1]


def zen(case):
    net, g = case.net(), torch.Generator().manual_seed(SEED)
    for m in net.modules():
        if isinstance(m, nn.Conv2d | nn.Linear):
            m.weight.data = torch.randn(m.weight.shape, generator=g).double()
            if m.bias is not None:
                m.bias.data.zero_()
    u, v = (torch.randn(10, 2, 8, 8, generator=g).double() for _ in range(2))
    scales, features = [], []
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.register_forward_hook(lambda m, i, o: scales.append(i[0].detach().transpose(0, 1).flatten(1).numpy()))
    net.classifier.register_forward_pre_hook(lambda m, i: features.append(i[0].detach()))
    for image in (u, u + 0.01 * v):
        net(image)
    score = math.log(float((features[0] - features[1]).abs().sum()) / 10)
    return score + sum(math.log(math.sqrt(np.mean(s.var(axis=1)))) for s in scales[: len(scales) // 2])


def jacobian_whiteness(net, x, y):
    values = np.linalg.eigvals(np.corrcoef(jacobian(net, x))).real.clip(0)
    n, d = len(x), x[0].numel() - 1
    psi = lambda z: float(torch.digamma(torch.tensor(z, dtype=torch.float64)))  # noqa: E731
    white = sum(psi(d / 2) - psi((d - i) / 2) for i in range(1, n))
    return -math.log(max(-np.sum(np.log(values + 1e-5)) / white, 1))


def drawn(stream):
    return torch.Generator().manual_seed(int(np.random.SeedSequence([SEED, stream]).generate_state(1)[0]))


def noise():
    return torch.randn(8, 2, 8, 8, generator=drawn(0)).double()


def blocks(case):
    """(module, inputs, output) of each cell or residual block whose output has the shape of an input."""
    seen = []
    net = case.net()
    for m in net.modules():
        if type(m).__name__ in ("Cell", "Block"):
            m.register_forward_hook(lambda m, i, o: seen.append((m, i, o)))
    net(noise())
    return [(m, i, o) for m, i, o in seen if any(part.shape == o.shape for part in i)]


def identity_path(case):
    """Each block by itself, with probes of its own: the threshold lies where no draw decides."""
    cosines = []
    for number, (m, inputs, _) in enumerate(blocks(case)):
        leaves = [part.detach().requires_grad_() for part in inputs]
        output = m(*leaves)
        v = torch.randint(2, output.shape, generator=torch.Generator().manual_seed(number)).double() * 2 - 1
        found = [0.0]
        if output.requires_grad:
            for leaf, g in zip(leaves, torch.autograd.grad(output, leaves, v, allow_unused=True), strict=True):
                if g is not None and leaf.shape == output.shape:
                    rows = [
                        float(a @ b / (a.norm() * b.norm())) for a, b in zip(g.flatten(1), v.flatten(1), strict=True)
                    ]
                    found.append(np.mean(rows))
        cosines.append(max(found))
    return float(len(cosines) < 2 or np.mean(cosines) > 0.5)


def last_features(net, x):
    found = []
    net.classifier.register_forward_pre_hook(lambda m, i: found.append(i[0]))
    net(x)
    return found[-1]


def receptive_field_entropy(case):
    x = noise().requires_grad_()
    f = last_features(case.net(), x)
    signs = torch.randint(2, (1, f.shape[1]), generator=drawn(2)).double() * 2 - 1
    sum((f[n, :, f.shape[2] // 2, f.shape[3] // 2] * signs[0]).sum() for n in range(8)).backward()
    field = (x.grad**2).sum((0, 1)).flatten().tolist()
    shares = [v / sum(field) for v in field if v > 0]
    return -sum(q * math.log(q) for q in shares) - math.log(len(field))


def embedding_spectrum(net, x, y):
    f = last_features(net, x).detach().flatten(1).numpy()
    singular = np.linalg.svd(f - f.mean(axis=0), compute_uv=False)[: len(x) - 1] ** 2
    return np.mean(np.log(singular / singular.sum())) + math.log(len(x) - 1)


def gradient_flatness(net, x, y):
    labels = []
    for image in x.float():
        state = zlib.crc32(np.ascontiguousarray(image.numpy()).tobytes(), SEED)
        labels.append(torch.randint(5, (1,), generator=torch.Generator().manual_seed(state)).item())
    sizes = [np.mean(g.numpy() ** 2) for g in gradients(net, x, torch.tensor(labels))]
    return -np.mean([math.log(size) for size in sizes if size > 0])


def n_live_params(case):
    net = case.net()
    net(case.batches[0][0]).sum().backward()
    return sum(p.numel() for p in net.parameters() if p.grad is not None)


def zico(case):
    per_batch = [[g.flatten().numpy() for g in gradients(case.net(), x, y)] for x, y in case.batches]
    total = 0.0
    for of_layer in zip(*per_batch, strict=True):
        g = np.stack(of_layer)
        moving = g.std(axis=0) > 0
        if moving.any():
            total += math.log(np.sum(np.abs(g[:, moving]).mean(axis=0) / g[:, moving].std(axis=0)))
    return total


def n_convs(case):
    """Where cells are drawn as graphs, labels of living edges or inner nodes that name a convolution."""
    if case.space.name == "nb201":
        return n_convs_of_nb201(case)
    total = 0
    for graph in case.space.graphs(case.arch).values():
        live = [edge for i, edge in enumerate(graph.edges) if i not in graph.dead]
        reached = {end for s, t, _ in live for end in (s, t)}
        total += sum("conv" in graph.nodes[node] for node in reached) + sum("conv" in label for *_, label in live)
        if case.space.name.startswith("nds"):  # there a label names a block: two 3x3 convolutions, or a bottleneck
            each = 2 if case.space.name == "nds-resnet" else 3
            total += sum(each for *_, label in live if label.startswith("w"))
    return total


def n_convs_of_nb201(case):
    """Edges on any of the four paths 0-3, 0-1-3, 0-2-3, 0-1-2-3 that hold no `none`."""
    edge = dict(zip([(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)], case.arch, strict=True))
    live = set()
    for inner in ((), (1,), (2,), (1, 2)):
        path = list(itertools.pairwise((0, *inner, 3)))
        if all(edge[e] != 0 for e in path):
            live |= set(path)
    return sum(edge[e] in (2, 3) for e in live)


def random(case):
    words = np.frombuffer(hashlib.sha256(case.space.to_str(case.arch).encode()).digest(), np.uint32)
    return np.random.default_rng([SEED, *words.tolist()]).random()


REFERENCES = {
    "grad_norm": averaged(grad_norm),
    "plain": averaged(plain),
    "snip": averaged(snip),
    "grasp": averaged(grasp),
    "fisher": averaged(fisher),
    "l2_norm": lambda case: sum(float(m.weight.detach().square().sum().sqrt()) for m in layers(case.net())),
    "zico": zico,
    "synflow": lambda case: flow_by_weight(case, keep_bn=False),
    "synflow_bn": lambda case: flow_by_weight(case, keep_bn=True),
    "relu_logdet": averaged(lambda net, x, y: kernel_logdet(relu_outputs(net, x, y))),
    "naswot": averaged(lambda net, x, y: kernel_logdet([o for o in relu_outputs(net, x, y) if o.grad is not None])),
    "jacob_cov": averaged(jacob_cov),
    "epe_nas": averaged(epe_nas),
    "zen": zen,
    "jacobian_whiteness": averaged(jacobian_whiteness),
    "identity_path": identity_path,
    "receptive_field_entropy": receptive_field_entropy,
    "embedding_spectrum": averaged(embedding_spectrum),
    "gradient_flatness": averaged(gradient_flatness),
    "n_live_params": n_live_params,
    "n_blocks": lambda case: len(blocks(case)),
    "relu": lambda case: len(relu_outputs(case.net(), *case.batches[0])),
    "n_params": lambda case: sum(p.numel() for p in case.net().parameters()),
    "macs": lambda case: complexity(case.space, case.arch, SMALL, image_size=8).macs,
    "n_convs": n_convs,
    "random": random,
    **runpy.run_path(str(Path(__file__).with_name("rivals_naively.py")))["REFERENCES"],
}
SATURATED = {"linear_regions"}  # as many as images in all but tiny networks: see the tests of rivals


def scores(archs=ARCHS, given=None, *, proxies=tuple(PROXIES), space=SPACE, **options):
    estimator = ZeroShot(space, proxies, given or batches(), SMALL, seed=SEED, precision="float64", **options)
    found = estimator.estimate(archs)
    assert found.errors.empty, found.errors
    return found.scores.set_index(["estimator", "arch"])["score"]


@pytest.fixture(scope="module")
def shared():
    return scores()


def test_every_proxy_has_a_reference_and_a_complete_entry():
    assert set(REFERENCES) == set(PROXIES)
    for name, proxy in PROXIES.items():
        assert proxy.name == name
        assert proxy.reference and proxy.summary
        assert proxy.needs <= PASSES | {"counts"}


@pytest.mark.parametrize("arch", ARCHS)
@pytest.mark.parametrize("name", PROXIES)
def test_the_shared_passes_equal_the_naive_way(shared, name, arch):
    got = shared[name, SPACE.to_str(arch)]
    assert math.isfinite(got)
    assert got == pytest.approx(REFERENCES[name](Case(arch, batches())), rel=1e-8)


@pytest.mark.long
@pytest.mark.parametrize("name", SPACES)
def test_the_shared_passes_equal_the_naive_way_on_every_space(name):
    space = get_space(name)
    rng = np.random.default_rng(4)
    archs = [space.sample(rng) for _ in range(2)]
    found = scores(archs, space=space)
    for arch, (proxy, reference) in itertools.product(archs, REFERENCES.items()):
        # Max-pooling makes an image of ones constant, which normalisation then turns into rounding errors about zero.
        bounds = {"rel": 1e-8, "abs": 1e-6 if proxy == "synflow_bn" else 1e-12}
        expected = pytest.approx(reference(Case(arch, batches(), space)), **bounds)
        assert found[proxy, space.to_str(arch)] == expected, (proxy, space.to_str(arch))


def flat_batches(n=6, k=2, size=20):
    """Images that are constant but for a patch and a stripe, as digits and drawings are."""
    g = torch.Generator().manual_seed(6)
    images = torch.full((k, n, 2, size, size), -0.4242, dtype=torch.float64)
    images[..., 2 * size // 3 :, :] = 0.73
    images[..., 2:7, 3:9] = torch.randn(k, n, 2, 5, 6, generator=g, dtype=torch.float64)
    return [(x, torch.arange(n) % 5) for x in images]


def table(space, archs, **options):
    estimator = ZeroShot(space, tuple(PROXIES), flat_batches(), SMALL, seed=SEED, precision="float64", **options)
    return estimator.estimate(archs)


@pytest.mark.long
@pytest.mark.parametrize("name", SPACES)
def test_memory_layout_changes_scores_by_rounding_only_on_images_with_flat_areas(name):
    space, rng = get_space(name), np.random.default_rng(4)
    archs = [space.sample(rng) for _ in range(2)]
    one, other = (table(space, archs, channels_last=last) for last in (True, False))
    pd.testing.assert_frame_equal(one.scores, other.scores, check_exact=False, rtol=1e-9, atol=0)
    pd.testing.assert_frame_equal(one.errors, other.errors)


@pytest.mark.long
def test_scores_do_not_depend_on_global_seeds_on_order_or_on_the_other_proxies(shared):
    for seed in (0, 1):
        torch.manual_seed(seed)
        np.random.seed(seed)
        again = scores(ARCHS[::-1])
        assert (again.reindex(shared.index) == shared).all()
    for name, proxy in PROXIES.items():
        if proxy.needs - {"counts"}:
            alone = scores(proxies=[name])
            assert alone.to_dict() == pytest.approx(shared[[name]].to_dict(), rel=1e-12)


def test_scores_do_not_change_when_images_and_labels_are_permuted_together(shared):
    order = torch.randperm(10, generator=torch.Generator().manual_seed(2))
    permuted = scores(given=[(x[order], y[order]) for x, y in batches()])
    assert permuted.to_dict() == pytest.approx(shared.to_dict(), rel=1e-8)


def test_data_free_proxies_ignore_the_data_and_the_others_do_not(shared):
    other = scores(given=[(x * 0.5 + 0.1 * x**2, (y + 1) % 5) for x, y in batches()])
    for name, proxy in PROXIES.items():
        assert (other[name] == shared[name]).all() == (proxy.data_free or name in SATURATED), name


def test_another_seed_draws_another_network(shared):
    estimator = ZeroShot(SPACE, list(PROXIES), batches(), SMALL, seed=SEED + 1, precision="float64")
    other = estimator.estimate(ARCHS).scores.set_index(["estimator", "arch"])["score"]
    counting = {"relu", "n_params", "n_live_params", "macs", "n_convs", "n_blocks", "identity_path"} | SATURATED
    for name in PROXIES:
        assert (other[name] == shared[name]).all() == (name in counting), name
