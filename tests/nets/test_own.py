"""A space of one's own: its networks initialise themselves, and truth, proxies, predictors and pages work on it."""

import itertools
import json
import random
import re
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from nasgauge.benchmarks import load
from nasgauge.benchmarks.building import build as bench
from nasgauge.benchmarks.building.training import Protocol, train
from nasgauge.core.errors import UserError
from nasgauge.estimators.zeroshot import ZeroShot, measure
from nasgauge.images import ImageData, rotated_splits
from nasgauge.nets import (
    NETS,
    NetOptions,
    StandAlone,
    build,
    check_meaning,
    complexity,
    initialise,
    space_from,
    supernet,
)
from nasgauge.spaces import NB201, SPACES, ChoiceSpace, ListedSpace, get_space
from nasgauge.studies import run as running

OPS = {
    "conv": lambda c: nn.Sequential(nn.Conv1d(c, c, 3, padding=1), nn.BatchNorm1d(c), nn.ReLU()),
    "pool": lambda c: nn.AvgPool1d(3, 1, 1),
    "skip": lambda c: nn.Identity(),
}
WORDS = list(itertools.product(OPS, repeat=2))
MODULE = """
import itertools
from torch import nn
from nasgauge.nets import space_from

OPS = {
    "conv": lambda c: nn.Sequential(nn.Conv1d(c, c, 3, padding=1), nn.BatchNorm1d(c), nn.ReLU()),
    "pool": lambda c: nn.AvgPool1d(3, 1, 1),
}

def cell(words, o):
    body = [OPS[word](o.channels) for word in words]
    ends = [nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(o.channels, o.n_classes)]
    return nn.Sequential(nn.Flatten(2), nn.Conv1d(o.in_channels, o.channels, 3), *body, *ends)

names = itertools.product(OPS, repeat=3)
space_from("lines", {w: lambda o, w=w: cell(w, o) for w in names}, reads=["channels"])
"""
RECIPE = """
name = "lines"
title = "chains of one-dimensional convolutions on digits"
plugins = ["nas_lines"]
space = "lines"
data = "digits"
image_size = 8
n_seeds = 2
split = { n_train = 60, n_valid = 20 }
net = { channels = 4 }
protocol = { epochs = 1, batch_size = 30 }
"""
STUDY = """
title = "A space of one's own"
criteria = ["kendall_tau"]
plugins = ["nas_lines"]
benchmark = { name = "TABLE" }
n_bootstrap = 5
[[estimators]]
name = "zeroshot"
proxies = ["snip", "n_convs"]
batch_size = 8
[[estimators]]
name = "predictor"
n_fit = 4
encoder = "random_forest"
[[estimators]]
name = "predictor"
n_fit = 4
epochs = 1
each = { encoder = ["mlp_one_hot", "lstm"] }
"""
OPTIONS = NetOptions(channels=4, in_channels=1, n_classes=3)


def cell(words, o):
    ends = [nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(o.channels, o.n_classes)]
    body = [OPS[word](o.channels) for word in words]
    return nn.Sequential(nn.Flatten(2), nn.Conv1d(o.in_channels, o.channels, 3), *body, *ends)


@pytest.fixture
def fresh():
    """Names that tests register, forgotten afterwards."""
    before = set(SPACES)
    yield
    for name in set(SPACES) - before:
        del SPACES[name]


@pytest.fixture
def lines(fresh):
    return space_from("mine", {words: lambda o, w=words: cell(w, o) for words in WORDS}, reads=["channels"])


def seeded(n=0):
    return [torch.Generator().manual_seed(n)]


def test_networks_are_what_the_functions_build_under_the_seed(lines):
    """To the bit what `torch.manual_seed` gives, all random numbers left alone; Conv1d and batch normalisation too."""
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    net = build(lines, lines.from_str("conv|pool"), OPTIONS, generators=seeded(7))
    assert torch.equal(torch.get_rng_state(), before[0]) and random.getstate() == before[2]
    assert (np.random.get_state()[1] == before[1]).all()
    torch.manual_seed(7)
    expected = cell(("conv", "pool"), OPTIONS).state_dict()
    assert net.state_dict().keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in net.state_dict().items())


def test_an_initialisation_is_drawn_over_what_the_functions_gave(lines):
    net = build(lines, (0, 0), OPTIONS, generators=seeded(), init="gaussian")
    again = build(lines, (0, 0), OPTIONS, generators=seeded(), init="gaussian")
    plain = build(lines, (0, 0), OPTIONS, generators=seeded())
    weights = torch.cat([m.weight.detach().flatten() for m in net.modules() if isinstance(m, nn.Conv1d)])
    assert 0.6 < float(weights.std()) < 1.4 and torch.equal(net[1].weight, again[1].weight)
    assert not torch.equal(net[1].weight, plain[1].weight)


def test_counts_are_exact(lines):
    # stem 1 x 4 x 3 + 4 at 62 places, conv 48 + 4, scale and shift 8, head 4 x 3 + 3
    found = complexity(lines, lines.from_str("conv|skip"), OPTIONS, image_size=8)
    assert found.n_params == 16 + 60 + 15
    assert found.macs == 62 * (12 + 48 + 8 + 4) + 4 * 63 + 12
    assert complexity(lines, (0, 2), OPTIONS, image_size=(4, 16)).macs == found.macs


def test_proxies_of_its_architectures_are_those_of_its_modules_bit_by_bit(lines):
    x, y = torch.randn(6, 1, 4, 4, generator=seeded()[0]), torch.arange(6) % 3
    chosen = ["snip", "grasp", "fisher", "synflow", "zen", "naswot", "n_params", "macs", "n_convs"]
    archs = [lines.from_str("conv|pool"), lines.from_str("conv|conv")]
    found = ZeroShot(lines, chosen, [(x, y)], OPTIONS, seed=3).estimate(archs)
    modules = {lines.to_str(arch): lambda arch=arch: cell(lines.words(arch), OPTIONS) for arch in archs}
    pd.testing.assert_frame_equal(found.scores, measure(modules, batches=[(x, y)], proxies=chosen, seed=3).scores)
    assert found.errors.empty and found.scores.query("estimator == 'n_convs'")["score"].tolist() == [2, 3]


def test_what_a_function_raises_is_a_missing_score_and_others_go_on(fresh):
    space = space_from(
        "mine", {"fine": lambda o: nn.Sequential(nn.Flatten(), nn.Linear(16, 3)), "bad": lambda: {}["k"]}
    )
    x, y = torch.randn(6, 1, 4, 4), torch.arange(6) % 3
    found = ZeroShot(space, ["snip", "n_params"], [(x, y)], OPTIONS).estimate(space.enumerate())
    assert found.scores["arch"].tolist() == ["fine", "fine"] and found.errors["arch"].tolist() == ["bad", "bad"]
    assert found.errors["error"].str.contains("network of 'bad' cannot be built .KeyError: 'k'.").all()


def test_sequences_are_images_of_such_networks_only(lines):
    x, y = torch.randn(6, 1, 9), torch.arange(6) % 3
    sequences = space_from("seq", {"a": lambda o: nn.Sequential(nn.Flatten(), nn.Linear(9, o.n_classes))})
    assert len(ZeroShot(sequences, ["snip"], [(x, y)], OPTIONS).estimate([(0,)]).scores) == 1
    with pytest.raises(UserError, match=r"give a float tensor \(n, channels, height, width\)"):
        ZeroShot(NB201(), ["snip"], [(x, y)], OPTIONS)


def data(n=90):
    labels = torch.arange(n) % 3
    images = torch.randn(n, 1, 4, 4, generator=seeded()[0]) / 2
    images[torch.arange(n), 0, labels] += 1
    return ImageData("rows", images, labels, 3)


def test_training_equals_a_plain_loop_of_torch(lines):
    """One seed at a time, weights and order from the seed, as anybody would write it."""
    images, split = data(), rotated_splits(90, 60, 20, 2)[1]
    protocol = Protocol(epochs=2, batch_size=20, lr=0.1)
    (outcome,) = train(lines, (0, 1), OPTIONS, protocol, images, [split], [1])
    torch.manual_seed(1)
    net = cell(("conv", "pool"), OPTIONS)
    optimiser = torch.optim.SGD(net.parameters(), 0.1, 0.9, weight_decay=5e-4, nesterov=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=6)
    for _ in range(2):
        for rows in split.train[torch.randperm(60)].split(20):
            loss = F.cross_entropy(net(images.images[rows]), images.labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    with torch.no_grad():
        logits = net.eval()(images.images[split.test])
    assert outcome.test_loss == pytest.approx(float(F.cross_entropy(logits, images.labels[split.test])), abs=1e-4)


def test_seeds_trained_one_after_the_other_give_the_table_of_seeds_side_by_side(monkeypatch):
    """The cells of NAS-Bench-201 as a space of somebody else's: the same rows up to rounding."""
    recipe = bench.parse(
        RECIPE.replace('plugins = ["nas_lines"]\n', "")
        .replace('"lines"', '"nb201"')
        .replace("= 30", "= 30, lr = 0.01"),
        bench.Recipe,
        "r",
    )
    arch, images = (3, 1, 2, 0, 0, 2), bench.load_images("digits")
    together = bench.train_arch(NB201(), arch, recipe, images)
    ours = NETS["nb201"].build

    class Own(NB201):
        def network(self, arch, options):
            with torch.device("meta"):
                net = ours(arch, options)
            net = net.to_empty(device="cpu")
            initialise(net, [torch.default_generator])
            return net

    apart = bench.train_arch(Own(), arch, recipe, images)
    assert apart["seed"].tolist() == [0, 1] and (apart.columns == together.columns).all()
    exact = ["arch", "iso_class", "seed", "n_params", "macs"]
    pd.testing.assert_frame_equal(apart[exact], together[exact])
    for column, tolerance in {
        "valid_loss": 2e-3,
        "test_loss": 2e-3,
        "valid_accuracy": 1.1 / 20,
        "test_accuracy": 5e-3,
    }.items():
        assert apart[column].tolist() == pytest.approx(together[column].tolist(), abs=tolerance)


def test_a_recurrent_network_is_trained_and_its_multiply_accumulates_are_unknown(fresh):
    class Recurrent(nn.Module):
        def __init__(self, o):
            super().__init__()
            self.lstm, self.head = nn.LSTM(8, 4, batch_first=True), nn.Linear(4, o.n_classes)

        def forward(self, x):
            return self.head(self.lstm(x.flatten(1, 2))[0][:, -1])

    space = space_from("lines", {"lstm": Recurrent, "flat": lambda o: nn.Sequential(nn.Flatten(), nn.Linear(64, 10))})
    recipe = bench.parse(
        RECIPE.replace('plugins = ["nas_lines"]\n', "").replace("net = { channels = 4 }\n", ""), bench.Recipe, "r"
    )
    rows = bench.train_arch(space, (0,), recipe, bench.load_images("digits"))
    assert rows["macs"].isna().all() and rows["n_params"].tolist() == [4 * (4 * 8 + 4 * 4 + 8) + 50] * 2


@pytest.mark.long
def test_truth_proxies_predictors_and_page(tmp_path, monkeypatch, fresh, without_ink):
    """From a module that calls `space_from` to a report, with the command line's own functions."""
    (tmp_path / "nas_lines.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "nas_lines", raising=False)
    table = bench.build_text(RECIPE, tmp_path / "truth", where="r.toml", workers="serial")
    assert len(table) == 16 and table["arch"].nunique() == 8
    file = tmp_path / "truth" / "lines.parquet"
    assert load({"name": str(file)}).space is SPACES["lines"]
    text = STUDY.replace("TABLE", str(file))
    done = running.run_text(text, tmp_path / "study", where="s.toml", workers="serial")
    bundle = done.bundle()
    done.report()
    assert set(bundle.values["estimator"]) >= {"snip", "n_convs", "random_forest-4/0"}
    assert bundle.errors.empty and bundle.values["n"].notna().all()
    page = (tmp_path / "study" / "report.html").read_text(encoding="utf-8")
    assert "conv|pool|conv" in page and "does not define how architectures are drawn" in page
    convs = bundle.scores[bundle.scores["estimator"] == "n_convs"]
    assert (convs["score"] == 1 + convs["arch"].str.count("conv")).all()


@pytest.mark.parametrize(
    ("estimator", "says"),
    [
        (
            'name = "oneshot"\nepochs = 1',
            r"search space 'lines' has no supernet: .* register one in nasgauge.nets.SUPE",
        ),
        ('name = "predictor"\nn_fit = 4\nepochs = 1\nencoder = "gates"', "'lines' does not define the graphs"),
        ('name = "zeroshot"\nnet = { n_cells = 2 }', "n_cells means nothing in networks of lines; leave it out"),
    ],
)
def test_what_it_lacks_is_told(estimator, says, tmp_path, monkeypatch, fresh, without_a_page):
    namespace = {}
    exec(MODULE, namespace)
    truth = pd.DataFrame({"arch": [SPACES["lines"].to_str(a) for a in SPACES["lines"].enumerate()]})
    truth = truth.assign(iso_class=truth["arch"], seed=0, train_seconds=1.0, n_params=1, macs=1)
    for column in ("valid_accuracy", "valid_loss", "test_accuracy", "test_loss"):
        truth[column] = np.linspace(0.2, 0.8, len(truth))
    truth.to_parquet(tmp_path / "lines.parquet")
    record = {"name": "lines", "title": "t", "space": "lines", "facts": {"n_archs": 8, "n_seeds": 1}}
    (tmp_path / "lines.json").write_text(json.dumps(record), encoding="utf-8")
    text = f'title = "t"\nbenchmark = {{ name = "{tmp_path / "lines.parquet"}" }}\n[[estimators]]\n{estimator}\n'
    with pytest.raises(UserError, match=says):
        running.run_text(text, tmp_path / "out", where="s.toml", workers="serial").bundle()


def test_a_class_with_choices_and_a_network_is_a_whole_space():
    class Rows(ChoiceSpace):
        name, choices = "rows", (("conv", "pool"), ("conv", "skip"))

        def network(self, arch, options):
            return cell(self.words(arch), options)

    space = Rows()
    assert complexity(space, (0, 1), OPTIONS).n_params == 91
    with pytest.raises(UserError, match="search space 'rows' has no supernet: one-shot estimators need a blueprint"):
        supernet(space, generator=torch.Generator())
    with pytest.raises(UserError, match=r"network of 'conv\|skip' has no replicas"):
        build(space, (0, 1), NetOptions(replicas=2), generators=seeded() * 2)


def test_weights_that_nothing_draws_are_an_error_and_never_what_the_memory_held(monkeypatch):
    """A network that is built on shapes alone has no weights: what `initialise` does not know must not stay so."""

    class Scaled(nn.Linear):
        def __init__(self):
            super().__init__(3, 2)

    class Bare(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(3))

    def on_shapes(make):
        monkeypatch.setitem(NETS, "nb201", StandAlone(lambda arch, o: make(), side_by_side=True))
        return build(NB201(), (0,) * 6, generators=seeded())

    for make in (lambda: nn.Conv1d(2, 3, 1), lambda: nn.Conv3d(2, 3, 1), lambda: nn.LayerNorm(4), Scaled):
        states = [on_shapes(make).state_dict() for _ in range(2)]
        assert all(
            torch.equal(states[0][name], states[1][name]) and value.abs().max() < 2 for name, value in states[0].items()
        )
    for make in (Bare, lambda: nn.Embedding(3, 2), lambda: nn.LSTM(2, 2), lambda: nn.MultiheadAttention(4, 2)):
        with pytest.raises(
            UserError, match="not known how they are drawn; register the network with side_by_side=False"
        ):
            on_shapes(make)


@pytest.mark.parametrize(
    ("become", "says"),
    [
        (lambda o: nn.Linear(3, 3), "network of 'a' cannot be trained on images .1, 4, 4. .RuntimeError"),
        (
            lambda o: nn.Sequential(nn.Flatten(), nn.Linear(16, 7)),
            r"it gives a tensor \(20, 7\), where logits \(20, 3\)",
        ),
        (lambda o: nn.LSTM(4, 3), "network of 'a' cannot be trained"),
        (lambda o: 3, "network of 'a' is of type int; its function must return a torch.nn.Module"),
        (lambda o: {}["k"], "network of 'a' cannot be built .KeyError: 'k'.; correct its function"),
    ],
)
def test_mistakes_of_a_network_are_told_when_truth_is_built(become, says, fresh):
    space = space_from("mine", {"a": become})
    splits = rotated_splits(90, 60, 20, 2)
    with pytest.raises(UserError, match=says):
        bench._outcomes(
            space, (0,), OPTIONS, Protocol(epochs=1, batch_size=20), data(), splits, [0, 1], "cpu"
        )  # fmt: skip


def test_a_space_made_again_takes_the_place_of_the_earlier_one(fresh):
    first = space_from("mine", {"a": nn.Flatten})
    second = space_from("mine", {"b": nn.Flatten})
    assert first is not second and get_space("mine") is second and isinstance(second, ListedSpace)


@pytest.mark.parametrize(
    ("networks", "options", "says"),
    [
        ({}, {}, "networks is {}; give a dictionary"),
        ([nn.Flatten], {}, "give a dictionary of names to functions"),
        ({"a": nn.Flatten()}, {}, "'a' is of type Flatten; give a function that builds"),
        ({"a": 3}, {}, "'a' is of type int; give a function"),
        ({"a": lambda o, p: None}, {}, "its function requires o, p; give a function of one argument"),
        ({"a": lambda *, o: None}, {}, "its function requires o; give"),
        ({3: nn.Flatten}, {}, "3 names no architecture"),
        ({"a": nn.Flatten}, {"reads": ["chanels"]}, "unknown option of networks 'chanels'; nearest: channels"),
        ({"a": nn.Flatten}, {"name": "nb201"}, "the name is another space's; choose another name"),
        ({"a": nn.Flatten}, {"name": ""}, "the name '' is empty"),
    ],
)
def test_mistakes_are_told(networks, options, says, fresh):
    with pytest.raises(UserError, match=re.escape(says)):
        space_from(**{"name": "mine", **options}, networks=networks)
    assert "mine" not in SPACES


def test_options_that_no_function_reads_are_told(fresh):
    space = space_from("mine", {"a": lambda o: nn.Conv2d(o.in_channels, o.channels, 1)}, reads=["channels"])
    check_meaning(space, NetOptions(channels=3, in_channels=1, n_classes=7), "here")
    with pytest.raises(UserError, match="here: dropout means nothing in networks of mine"):
        check_meaning(space, NetOptions(dropout=0.5), "here")
