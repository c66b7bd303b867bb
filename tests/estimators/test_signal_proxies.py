"""Terms of signal propagation: values that are known beforehand on tiny and on linear networks, and laws of scale."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from nasgauge.estimators.zeroshot import PROXIES, Unmeasurable, measure, record_of
from nasgauge.estimators.zeroshot.signal import white_noise
from nasgauge.nets import NetOptions, build
from nasgauge.spaces import NB201

SMALL = NetOptions(channels=4, n_cells=1, n_stages=2, in_channels=2, n_classes=5, bn_affine=False)


def batch(n=8, shape=(2, 8, 8), seed=1):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(n, *shape, generator=g, dtype=torch.float64), torch.arange(n) % 5


def score(name, net, x=None, y=None):
    if x is None:
        x, y = batch()
    return PROXIES[name]([record_of(net.double(), x, y, PROXIES[name].needs)])


def pooled(*parts, channels):
    """The parts, the global average, and a linear head of five classes."""
    torch.manual_seed(0)
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 5))


def normalised():
    torch.manual_seed(0)
    convs = [nn.Conv2d(2, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6, eps=1e-12), nn.ReLU()]
    return pooled(*convs, nn.Conv2d(6, 6, 3, bias=False), nn.BatchNorm2d(6, eps=1e-12), nn.ReLU(), channels=6)


# --- whiteness ---------------------------------------------------------------------------------------------------


class OwnRow(nn.Module):
    """Each image has a linear map of its own: the rows are the input gradients. It has a parameter to be a network."""

    def __init__(self, rows):
        super().__init__()
        self.rows = rows
        self.scale = nn.Linear(1, 1, bias=False)

    def forward(self, x):
        return self.scale((self.rows * x.flatten(1)).sum(1, keepdim=True))


def test_random_linear_maps_have_the_expected_log_determinant_of_white_noise():
    n, d = 12, 60
    g = torch.Generator().manual_seed(0)
    found = []
    for _ in range(400):
        rows = np.corrcoef(torch.randn(n, d, generator=g, dtype=torch.float64).numpy())
        found.append(np.linalg.slogdet(rows)[1])
    error = np.std(found) / math.sqrt(len(found))
    assert abs(np.mean(found) - white_noise(n, d - 1)) < 3 * error < 0.05 * abs(white_noise(n, d - 1))


def test_gradients_as_white_as_noise_score_zero_and_correlated_ones_the_log_of_the_multiple():
    n, x = 12, batch(12, (60,))[0]
    orthogonal = torch.linalg.qr(torch.randn(60, 60, dtype=torch.float64))[0][:n]
    orthogonal = orthogonal - orthogonal.mean(1, keepdim=True)
    assert score("jacobian_whiteness", OwnRow(orthogonal), x, torch.zeros(n, dtype=torch.int64)) == 0
    row, r = orthogonal[:2] / orthogonal[:2].norm(dim=1, keepdim=True), 0.9
    pair = torch.stack([row[0], r * row[0] + math.sqrt(1 - r**2) * row[1]])
    r = np.corrcoef(pair)[0, 1]
    expected = -math.log((math.log(1 + r + 1e-5) + math.log(1 - r + 1e-5)) / white_noise(2, 59))
    got = score("jacobian_whiteness", OwnRow(pair), x[:2], torch.zeros(2, dtype=torch.int64))
    assert got == pytest.approx(expected, rel=1e-9)


def test_a_linear_network_has_one_gradient_for_all_images():
    net, n = nn.Sequential(nn.Flatten(), nn.Linear(128, 5)), 8
    collapsed = math.log(n + 1e-5) + (n - 1) * math.log(1e-5)
    assert score("jacobian_whiteness", net) == pytest.approx(-math.log(collapsed / white_noise(n, 127)), rel=1e-6)


def test_whiteness_ignores_the_scale_of_logits_and_refuses_more_images_than_pixels():
    net = normalised()
    before = score("jacobian_whiteness", net)
    with torch.no_grad():
        net[-1].weight.mul_(30.0)
    assert score("jacobian_whiteness", net) == pytest.approx(before, rel=1e-9)
    with pytest.raises(Unmeasurable, match=r"9 images of 8 values: .* use fewer images"):
        score("jacobian_whiteness", nn.Sequential(nn.Flatten(), nn.Linear(8, 5)), *batch(9, (2, 2, 2)))


# --- identity ----------------------------------------------------------------------------------------------------


class Mix(nn.Module):
    """kept x + turned R x with R a rotation by right angles: v and R v are orthogonal for every v."""

    def __init__(self, kept, turned):
        super().__init__()
        turn = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
        self.map = nn.Linear(128, 128, bias=False)
        self.map.weight.data = kept * torch.eye(128) + turned * torch.block_diag(*[turn] * 64)

    def forward(self, x):
        return self.map(x.flatten(1)).reshape(x.shape)


def stack(*blocks):
    return nn.Sequential(*blocks, nn.Flatten(), nn.Linear(128, 5))


@pytest.mark.parametrize(("kept", "turned", "expected"), [(1, 0, 1), (1, 1.7, 1), (1, 1.8, 0), (0, 1, 0), (-1, 0, 0)])
def test_linear_blocks_have_the_cosine_of_their_parts(kept, turned, expected):
    """kept / sqrt(kept^2 + turned^2), on either side of one half."""
    net = stack(Mix(kept, turned), Mix(kept, turned)).double()
    cosines = record_of(net, *batch(), {"identity"}).identity.cosines
    assert cosines == pytest.approx([kept / math.hypot(kept, turned)] * 2, rel=1e-6)
    assert score("identity_path", net) == expected
    assert score("n_blocks", net) == 2


def test_one_block_and_none_need_no_identity_path():
    assert score("identity_path", stack(Mix(0, 1))) == score("identity_path", stack()) == 1


def test_nested_blocks_count_once_and_a_block_that_runs_twice_counts_twice():
    class Wrapped(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            return self.inner(self.inner(x))

    assert score("n_blocks", stack(Wrapped(Mix(1, 1)), Mix(1, 1))) == 2
    shared = Mix(1, 1)
    assert score("n_blocks", stack(shared, shared)) == 2


def test_an_input_that_also_comes_from_before_the_block_counts_by_what_the_block_does():
    """As in cells of DARTS, the second input depends on the first; the block itself turns both."""

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = Mix(0, 1), Mix(0, 1)

        def forward(self, first, second):
            return self.a(first) + self.b(second)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.head = Two(), Two(), nn.Linear(128, 5)

        def forward(self, x):
            once = self.one(x, 3 * x)
            return self.head(self.two(once, 3 * x).flatten(1))

    assert record_of(Net().double(), *batch(), {"identity"}).identity.cosines == pytest.approx([0, 0], abs=1e-6)


def skips(arch):
    """Whether skip connections alone lead from node 0 to node 3 of a cell of NAS-Bench-201."""
    edge = dict(zip([(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)], arch, strict=True))
    reached = {0}
    for source, target in sorted(edge):
        if source in reached and edge[source, target] == 1:
            reached.add(target)
    return 3 in reached


def test_identity_is_the_closed_form_of_cells():
    space, rng = NB201(), np.random.default_rng(0)
    options = NetOptions(channels=8, n_cells=2, n_stages=2, in_channels=2, n_classes=5, bn_affine=False, skip_dead=True)
    found = set()
    for _ in range(24):
        arch = space.sample(rng)
        net = build(space, arch, options, generators=[torch.Generator().manual_seed(0)], init="kaiming_normal")
        assert score("identity_path", net) == skips(arch), arch
        found.add(skips(arch))
    assert found == {False, True}


# --- receptive field ---------------------------------------------------------------------------------------------


def ones(channels, *, depth):
    layers = [nn.Conv2d(1, 1, 3, padding=1, bias=False) for _ in range(depth)]
    for layer in layers:
        nn.init.constant_(layer.weight, 0.7)
    return pooled(*layers, channels=channels)


@pytest.mark.parametrize(("depth", "profile"), [(1, [1, 1, 1]), (2, [1, 2, 3, 2, 1])])
def test_a_linear_chain_has_the_field_of_its_binomials(depth, profile):
    shares = np.outer(profile, profile).flatten().astype(float) ** 2
    shares /= shares.sum()
    expected = -np.sum(shares * np.log(shares)) - math.log(81)
    assert score("receptive_field_entropy", ones(1, depth=depth), *batch(4, (1, 9, 9))) == pytest.approx(expected)


def test_one_pixel_is_the_narrowest_field():
    net = pooled(nn.Conv2d(2, 3, 1), channels=3)
    assert score("receptive_field_entropy", net) == pytest.approx(-math.log(64))


# --- embeddings --------------------------------------------------------------------------------------------------


def test_equidistant_images_have_a_flat_spectrum_and_equal_ones_none():
    net = pooled(nn.Identity(), channels=1)
    x = torch.eye(8, dtype=torch.float64).reshape(8, 1, 4, 2)
    y = torch.arange(8) % 5
    assert score("embedding_spectrum", net, x, y) == pytest.approx(0, abs=1e-9)
    assert score("embedding_spectrum", net, torch.ones_like(x), y) == -5
    assert score("embedding_spectrum", net, x[[0, 0, 0, 0, 1, 1, 1, 1]], y) == -5


def test_a_linear_network_keeps_the_spectrum_of_its_images():
    """A 1x1 convolution that rotates channels keeps all distances."""
    x, y = batch()
    turn = nn.Conv2d(2, 2, 1, bias=False)
    turn.weight.data = torch.tensor([[0.6, -0.8], [0.8, 0.6]]).reshape(2, 2, 1, 1)
    rows = x.flatten(1).numpy()
    values = np.linalg.svd(rows - rows.mean(0), compute_uv=False)[:7] ** 2
    expected = np.mean(np.log(values / values.sum())) + math.log(7)
    assert score("embedding_spectrum", pooled(turn, channels=2), x, y) == pytest.approx(expected, rel=1e-5)
    turn.weight.data *= 11
    assert score("embedding_spectrum", pooled(turn, channels=2), x, y) == pytest.approx(expected, rel=1e-5)


# --- gradients ---------------------------------------------------------------------------------------------------


def test_a_linear_classifier_of_zeros_has_the_gradient_of_random_guessing():
    """g = mean_n (1/C - [y_n = c]) x_n, whatever the labels of the batch say."""
    from nasgauge.estimators.zeroshot.random_labels import random_labels

    x, _ = batch(6, (1, 3, 3))
    net = nn.Sequential(nn.Flatten(), nn.Linear(9, 5, bias=False))
    nn.init.zeros_(net[1].weight)
    y = random_labels(x, 5, 0)
    slope = sum(torch.outer(0.2 - torch.eye(5)[y[i]], x[i].flatten()) for i in range(6)) / 6
    expected = -math.log(float(slope.square().mean()))
    for labels in (torch.zeros(6, dtype=torch.int64), torch.arange(6) % 5):
        assert score("gradient_flatness", net, x, labels) == pytest.approx(expected, rel=1e-6)


def test_gradients_of_normalised_layers_fall_with_their_weights():
    """Three layers, of which two are followed by a normalisation: twice the log of the factor for two in three."""
    before = score("gradient_flatness", normalised())
    net = normalised()
    with torch.no_grad():
        for layer in (net[0], net[3]):
            layer.weight.mul_(10.0)
    assert score("gradient_flatness", net) == pytest.approx(before + 2 * math.log(10) * 2 / 3, rel=1e-6)


def test_random_labels_are_about_equally_frequent_and_change_with_the_seed():
    from nasgauge.estimators.zeroshot.random_labels import random_labels

    x = batch(500, (1, 2, 2))[0]
    labels = random_labels(x, 5, 3)
    assert labels.bincount(minlength=5).min() > 60 and labels.max() == 4
    assert not torch.equal(labels, random_labels(x, 5, 4))


# --- dead branches and failures ----------------------------------------------------------------------------------


def test_dead_parameters_are_those_that_no_logit_is_computed_from():
    class Forked(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.unused = nn.Linear(128, 5), nn.Linear(128, 7)
            self.frozen = nn.Linear(5, 5).requires_grad_(False)

        def forward(self, x):
            self.unused(x.flatten(1))
            return self.frozen(self.used(x.flatten(1)))

    assert score("n_live_params", Forked()) == 128 * 5 + 5


@pytest.mark.parametrize("skip_dead", [False, True])
def test_a_network_that_sees_no_image_scores_worst(skip_dead):
    options = NetOptions(
        channels=4, n_cells=1, n_stages=2, in_channels=2, n_classes=5, bn_affine=False, skip_dead=skip_dead
    )
    net = build(NB201(), (3, 0, 0, 0, 0, 3), options, generators=[torch.Generator().manual_seed(0)])
    for name, worst in {
        "jacobian_whiteness": -math.inf, "identity_path": 0, "receptive_field_entropy": -math.inf,
        "embedding_spectrum": -5, "gradient_flatness": -math.inf,
    }.items():  # fmt: skip
        assert score(name, net) == worst, name


def test_a_sum_that_normalisation_holds_constant_is_a_failure_and_not_the_worst_score():
    net = pooled(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), channels=4)
    with pytest.raises(Unmeasurable, match="but for rounding"):
        score("jacobian_whiteness", net)


def test_any_network_is_measured_or_says_why_not():
    tokens = nn.Sequential(nn.Flatten(2), nn.Linear(16, 16), nn.TransformerEncoderLayer(16, 2, 32, batch_first=True))
    nets = {
        "tokens": nn.Sequential(tokens, nn.Flatten(), nn.Linear(64, 3)),
        "mlp": nn.Sequential(nn.Flatten(), nn.Linear(64, 3)),
    }
    names = ["n_live_params", "identity_path", "jacobian_whiteness", "receptive_field_entropy", "gradient_flatness"]
    x = torch.randn(6, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    found = measure(nets, x, torch.arange(6) % 3, proxies=names)
    assert set(found.errors["estimator"]) == {"receptive_field_entropy"}
    assert found.errors["error"].str.contains("no global average pooling").all()
    whole = torch.randint(9, (6, 5))
    text = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(20, 3))
    found = measure({"text": text}, whole, torch.arange(6) % 3, proxies=names)
    assert set(found.scores["estimator"]) == {"n_live_params", "gradient_flatness"}
    assert found.errors["error"].str.contains("int64").all()
