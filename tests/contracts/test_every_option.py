"""Every option of networks, trainings, estimators, studies and recipes changes something, or is refused."""

import inspect
import itertools
import json
from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
import tomli_w
import torch

from nasgauge.benchmarks.building import build as bench
from nasgauge.benchmarks.building.recipe import Recipe, SplitSizes
from nasgauge.benchmarks.building.training import Protocol as Scratch
from nasgauge.benchmarks.building.training import train as train_alone
from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.estimators import (
    ESTIMATORS,
    CombiningConfig,
    RunContext,
    estimator_config,
    supernets_of,
)
from nasgauge.estimators.cwi import FORMS
from nasgauge.estimators.oneshot import SAMPLERS, Protocol
from nasgauge.estimators.oneshot.config import OneShotConfig
from nasgauge.estimators.oneshot.controllers import Controller
from nasgauge.estimators.oneshot.training_loop import train
from nasgauge.estimators.predictors import Predictor
from nasgauge.images import ImageData, Split, rotated_splits
from nasgauge.nets import NetOptions, SupernetOptions, build, check_meaning, stand_alone, supernet
from nasgauge.spaces import SPACES, get_space
from nasgauge.studies import run as running
from nasgauge.studies import survey
from nasgauge.studies.schema import ArchSample, JudgedSample, Part, Study, Survey

NET = {
    "channels": 5, "n_cells": 1, "n_stages": 1, "in_channels": 2, "n_classes": 4, "bn_affine": False, "bn_track": False,
    "conv_bias": True, "dropout": 0.5, "skip_dead": True, "replicas": 2, "depth_divisor": 2, "auxiliary": True,
}  # fmt: skip


def names_of(kind):
    """The names of a configuration's keys."""
    return set(kind.__pydantic_fields__)


def drawn(space, n=6):
    """Architectures, those with dead parts among them where a space has any."""
    rng = np.random.default_rng(0)
    return [space.sample(rng) for _ in range(n)]


def looks(space, arch, options):
    """What a network is made of, and how often each kind of layer runs."""
    generators = [torch.Generator().manual_seed(i) for i in range(options.replicas)]
    net = build(space, arch, options, generators=generators)
    ran = Counter()
    for module in net.modules():
        if not list(module.children()):
            module.register_forward_hook(lambda module, *_: ran.update([type(module).__name__]))
    net(torch.randn(2, options.replicas * options.in_channels, 8, 8, generator=torch.Generator().manual_seed(0)))
    return str(net), {name: tensor.shape for name, tensor in net.state_dict().items()}, ran


@pytest.mark.long
@pytest.mark.parametrize("name", SPACES)
def test_options_of_networks_change_them_or_are_named_as_without_meaning(name):
    assert set(NET) == names_of(NetOptions)
    space = get_space(name)
    meaningless = stand_alone(space).meaningless
    small = NetOptions(channels=4, n_cells=2, n_stages=2, in_channels=1, n_classes=3, depth_divisor=8)
    archs = drawn(space)
    before = [looks(space, arch, small) for arch in archs]
    for option, value in NET.items():
        changed = replace(small, **{option: value})
        differs = (looks(space, arch, changed) != old for arch, old in zip(archs, before, strict=True))
        assert any(differs) == (option not in meaningless), option
        if option in meaningless:
            with pytest.raises(UserError, match=f"here: {option} means nothing in networks of {name}; leave it out"):
                check_meaning(space, replace(NetOptions(), **{option: value}), "here")
        else:
            check_meaning(space, replace(NetOptions(), **{option: value}), "here")


@pytest.mark.parametrize("name", SPACES)
def test_options_of_supernets_change_them_or_are_refused(name):
    space, small = get_space(name), NetOptions(channels=4, n_cells=1, n_stages=1, in_channels=1, depth_divisor=8)
    changed = {"bn": ["tracked", "recalibrated"], "linear_transformers": [("skip_connect",), ("avg_pool_3x3",)],
               "picking": ["l1", "shuffled", "interpolated", "disabled"], "path_dropout": [0.5],
               "operations_on": ["node"], "kernels": ["shared"], "bn_per_source": [True]}  # fmt: skip
    beside = {"bn_per_source": {"operations_on": "node"}}  # without which it is refused
    assert set(changed) == names_of(SupernetOptions)

    def made(**options):
        return str(supernet(space, small, SupernetOptions(**options), generator=torch.Generator()))

    for option, values in changed.items():
        for value in values:
            try:
                assert made(**{option: value}, **beside.get(option, {})) != made(**beside.get(option, {}))
            except UserError:
                continue


PLATEAU = {"schedule": "plateau", "plateau_patience": 0, "lr": 2.0, "epochs": 8}
TRAINED = {  # field of the protocol: what goes with it, and another value
    "epochs": ({}, 3), "batch_size": ({}, 16), "lr": ({}, 0.1), "momentum": ({}, 0.5), "nesterov": ({}, True),
    "weight_decay": ({}, 0.1), "decay_bn": ({"weight_decay": 0.1}, False), "schedule": ({}, "constant"),
    "lr_min": ({}, 0.01), "plateau_factor": (PLATEAU, 0.1), "plateau_patience": (PLATEAU, 3),
    "warmup_epochs": ({}, 1.0), "clip": ({"clip": 1e-3}, None), "label_smoothing": ({}, 0.1), "shift": ({}, 1),
    "flip": ({}, True), "auto_augment": ({}, "cifar10"), "train_share": ({}, 0.5), "unused": ({}, "decay"),
    "gradient": ({}, "sum"), "images": ({}, "own"), "amp": ({}, "bfloat16"),
}  # fmt: skip


def trained(patches, **changed):
    space, rows = get_space("nb201"), torch.arange(120)
    net = supernet(
        space, NetOptions(channels=4, n_cells=1, n_stages=1, in_channels=1, n_classes=3), SupernetOptions(),
        generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    protocol = Protocol(**{"epochs": 2, "batch_size": 20, **changed})
    sampler = SAMPLERS["uniform"](space, rng=np.random.default_rng(0), n_samples=3, live_conv=True)
    train(net, sampler, patches, Split(rows[:80], rows[80:], rows[:0]), protocol, seed=0, checkpoints={})
    return torch.cat([p.detach().flatten() for p in net.parameters()])


@pytest.fixture(scope="module")
def patches():
    """Images 8x8 of three classes that differ by where the bright patch is."""
    labels = torch.arange(120) % 3
    images = 0.6 * torch.randn(120, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    for i, y in enumerate(labels):
        images[i, 0, 2 * y : 2 * y + 2] += 1.0
    return ImageData("patches", images, labels, 3)


@pytest.mark.parametrize("name", TRAINED)
def test_fields_of_a_supernets_protocol_change_what_is_trained(name, patches):
    assert set(TRAINED) == names_of(Protocol)
    if name == "auto_augment":
        pytest.importorskip("kornia")
    beside, value = TRAINED[name]
    assert not torch.equal(trained(patches, **beside), trained(patches, **(beside | {name: value})))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"plateau_patience": 3}, "it is of schedule plateau alone; set it to 30"),
        ({"plateau_factor": 0.1}, "it is of schedule plateau alone"),
        ({"schedule": "constant", "lr_min": 0.01}, "it is of schedule plateau or cosine alone; set it to 0.0"),
        ({"clip": "banana"}, "'clip' must be a number, got 'banana'"),
        ({"clip": True}, "'clip' must be a number, got True"),
        ({"clip": float("inf")}, "'clip' must be a finite number, got inf"),
        ({"clip": float("nan")}, "'clip' must be .*, got nan"),
    ],
)
def test_values_of_a_protocol_that_change_nothing_are_refused(words, says):
    with pytest.raises(UserError, match=says):
        Protocol(epochs=2, **words)


SCRATCH = {
    "epochs": 3, "batch_size": 16, "lr": 0.05, "momentum": 0.5, "nesterov": False, "weight_decay": 0.1,
    "warmup_epochs": 1.0, "shift": 1, "flip": True, "label_smoothing": 0.1,
    "test_stride": 2, "zero_init_residual": True,
}  # fmt: skip
WITH_SCRATCH = {"test_stride": {"shift": 2}}  # fields that act beside others only
TRAINED_ALONE = {"zero_init_residual": ("nds-resnet", (2, 16) * 3)}  # fields that have no meaning in nb201


@pytest.mark.parametrize("name", SCRATCH)
def test_fields_of_a_recipes_protocol_change_what_is_trained(name, patches):
    assert set(SCRATCH) == names_of(Scratch)
    space, arch = TRAINED_ALONE.get(name, ("nb201", (3, 1, 2, 1, 0, 2)))

    def outcome(**changed):
        net = NetOptions(channels=4, n_cells=1, n_stages=1, in_channels=1, n_classes=3)
        protocol = Scratch(**{"epochs": 2, "batch_size": 20, **changed})
        splits = rotated_splits(120, 80, 20, 1)
        return train_alone(get_space(space), arch, net, protocol, patches, splits, [0])

    others = WITH_SCRATCH.get(name, {})
    assert outcome(**others) != outcome(**others, **{name: SCRATCH[name]})


ONESHOT = {"epochs": 2, "net": {"channels": 2, "n_cells": 1, "n_stages": 1}}
BASE = {
    "scores": {"file": "x.csv"}, "vote": {"experts": ["a", "b"]}, "oneshot": ONESHOT,
    "aggregate": {"experts": ["a", "b"]},
    "zeroshot": {"proxies": ["n_params", "synflow"]}, "fewshot": ONESHOT | {"parts": 2, "budget": "each"},
}  # fmt: skip
GRADIENTS = {"gradient_epochs": [1]}
SCORES = pd.DataFrame(
    {"estimator": ["a", "a", "b", "b", "c", "c"], "arch": ["x", "y"] * 3, "seed": 0, "score": [1.0, 2, 2, 1, 1, 3]}
)
PROXIES_OF_CWI = pd.DataFrame(
    {"estimator": proxy, "arch": arch, "seed": 0, "score": -float(i + (arch == "y"))}
    for i, proxy in enumerate(FORMS["flat"].proxies) for arch in "xy"
)  # fmt: skip
SCORES = pd.concat([SCORES, PROXIES_OF_CWI], ignore_index=True)
SUPERNETS = supernets_of(
    [
        estimator_config({"name": "oneshot", **ONESHOT, "checkpoints": [1]}),
        estimator_config({"name": "oneshot", **ONESHOT, "label": "other"}),
    ]
)
NETWORK = {"encoder": "mlp", "n_fit": 5}
HALVES = [["none", "nor_conv_3x3"], ["skip_connect", "nor_conv_1x1", "avg_pool_3x3"]]
CHOOSING = NETWORK | {"stages": [1], "choose": "random", "n_candidates": 9}
WORDS = {  # family -> word -> (what goes with it, another value)
    "oneshot": {
        "label": ({}, "x"), "sampler": ({}, "deiso"), "sampler_options": ({}, {"n_samples": 2}),
        "share_topology": ({"net": {"channels": 2, "n_cells": 2, "n_stages": 1}}, False), "without": ({}, ["none"]),
        "also_without": ({}, [["none"]]),
        "protocol": ({}, "yu2021"), "training": ({}, {"lr": 0.1}), "epochs": ({}, 3), "net": ({}, {"channels": 3}),
        "supernet": ({}, {"bn": "tracked"}), "data": ({}, "cifar10"), "data_path": ({}, "/nowhere"),
        "valid_share": ({}, 0.3), "split_seed": ({}, 1), "checkpoints": ({}, [1]), "score_batch_size": ({}, 50),
        "n_score_batches": ({}, 1), "score_shift": ({}, 2),
        "averages": ({"checkpoints": [1]}, [2]), "post_deiso": ({}, True),
        "form": ({"post_deiso": True}, "functional"), "forgetting_epochs": ({}, [1]), "gradient_epochs": ({}, [0]),
        "n_forgetting_archs": ({"forgetting_epochs": [1]}, 3), "n_gradient_archs": (GRADIENTS, 3),
        "n_gradient_images": (GRADIENTS, 30), "landscape": ({}, {"n_paths": 2}),
        "tensorboard": ({}, "logs"), "device": ({}, "cudda"),
        "score_precision": ({}, "bfloat16"), "start": ({}, {"of": "other"}), "top": ({}, {"of": "a", "share": 0.5}),
    },
    "zeroshot": {
        "proxies": ({}, ["snip"]), "data": ({}, "cifar10"), "data_path": ({}, "/nowhere"), "n_batches": ({}, 2),
        "batch_size": ({}, 8), "inputs": ({}, "gaussian"), "init": ({}, "gaussian"), "net": ({}, {"channels": 3}),
        "label": ({}, "x"), "device": ({}, "cudda"), "precision": ({}, "bfloat16"),
        "other_parameters": ({}, "omit"),
    },
    "inherited": {
        "of": ({}, "other"), "epochs": ({}, [1]), "proxies": ({}, ["fisher"]), "data": ({}, "cifar10"),
        "data_path": ({}, "/nowhere"), "n_batches": ({}, 2), "batch_size": ({}, 8),
        "precision": ({}, "float64"),
    },
    "scores": {
        "file": ({}, "y.csv"), "columns": ({}, ["b"]), "lower_is_better": ({}, ["a"]), "seconds": ({}, 2.0),
        "fit_seconds": ({"seconds": 2.0}, 3.0), "averages": ({}, [2]), "label": ({}, "x"),
    },
    "ensemble": {"of": ({"of": "a"}, "b")},
    "vote": {"experts": ({}, ["a", "c"]), "method": ({"experts": ["a", "b", "c"]}, "borda"), "label": ({}, "x")},
    "aggregate": {
        "experts": ({}, ["a", "c"]), "method": ({}, "least_rank"), "weights": ({}, [1.0, 2.0]),
        "over_seeds": ({}, "mean"), "label": ({}, "x"),
    },
    "cwi": {"form": ({}, "rank"), "of": ({}, "x"), "over_seeds": ({}, "each"), "label": ({}, "x")},
    "predictor": {
        "encoder": (NETWORK, "lstm"), "loss": (NETWORK, "mse"), "n_fit": (NETWORK, 6), "draw": (NETWORK, 1),
        "stages": (NETWORK, [1]), "choose": (CHOOSING, "evolution"), "n_candidates": (CHOOSING, 8),
        "n_trainings": (NETWORK, 1), "signal": (NETWORK, "a"), "features": (NETWORK, ["a"]), "epochs": (NETWORK, 3),
        "batch_size": (NETWORK, 4), "lr": (NETWORK, 0.1), "judged": (NETWORK, "unseen"), "label": (NETWORK, "x"),
        "device": (NETWORK, "cpu:0"),
    },
}  # fmt: skip
WORDS["fewshot"] = WORDS["oneshot"] | {
    "split": ({}, 1), "parts": ({}, 3), "groups": ({"parts": None}, HALVES), "budget": ({}, "total"),
}  # fmt: skip
REFUSED = {  # words that say nothing beside the others
    "oneshot": [
        ({"training": {"epochs": 3}}, "epochs stands in training too"),
        ({"form": "functional"}, "has no effect without post_deiso or without"),
        ({"also_without": [[]]}, "also_without"),
        ({"also_without": [["none"], ["none"]]}, "stands twice"),
        ({"also_without": [["nonee"]]}, "also_without: unknown operation 'nonee'; nearest: none"),
        ({"without": ["none"], "also_without": [["none"]]}, "also_without: unknown operation 'none'"),
        ({"also_without": [["skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]]}, "no path leads from"),
        ({"post_deiso": True, "form": "functionl"}, "unknown canonical form of nb201"),
        ({"n_forgetting_archs": 3}, "n_forgetting_archs has no effect without forgetting_epochs"),
        ({"n_gradient_archs": 3}, "n_gradient_archs has no effect without gradient_epochs"),
        ({"n_gradient_images": 3}, "n_gradient_images has no effect without gradient_epochs"),
        ({"landscape": {"radius": 1.0}}, "landscape: neither archs nor n_paths is given"),
        ({"landscape": {"n_paths": 3, "n_steps": 4}}, "n_steps = 4 has no middle; give an odd number"),
        ({"landscape": {"n_paths": 3, "n_images": 9_999}}, "landscape: n_images = 9999, but there are"),
        ({"landscape": {"archs": ["nothing"]}}, "landscape: arch 'nothing' is not a valid NAS-Bench-201 cell"),
        ({"forgetting_epochs": [0]}, "'forgetting_epochs.0.' must be at least 1"),
        ({"forgetting_epochs": [3]}, "forgetting_epochs holds 3; training ends with epoch 2"),
        ({"gradient_epochs": [3]}, "gradient_epochs holds 3; training ends with epoch 2"),
        ({"net": {"bn_track": False}}, "bn_track is decided by bn of a supernet"),
        ({"net": {"depth_divisor": 2}}, "depth_divisor means nothing in networks of nb201"),
        ({"net": {"in_channels": 3}}, "in_channels = 3, but the images have 1"),
        ({"net": {"n_classes": 5}}, "n_classes = 5, but the images have 10 classes"),
        ({"net": {"replicas": 2}}, "one replica, not 2"),
        ({"training": {"clip": "none", "plateau_patience": 3}}, "it is of schedule plateau alone"),
        ({"without": ["avg_pool_3x3"], "supernet": {"linear_transformers": ["avg_pool_3x3"]}}, "this space lacks"),
        (
            {"without": ["nor_conv_1x1"], "supernet": {"kernels": "shared"}},
            "needs both convolutions, and this space lacks",
        ),
        ({"supernet": {"bn_per_source": True}}, "bn_per_source changes nothing where each edge has operations"),
    ],
    "zeroshot": [
        ({"net": {"replicas": 2}}, "one replica, not 2"),
        ({"net": {"auxiliary": True}}, "auxiliary means nothing in networks of nb201"),
        ({"data_path": "x"}, "the data set is shipped"),
    ],
    "scores": [({"fit_seconds": 3.0}, "fit_seconds has no effect without seconds")],
    "predictor": [
        *(
            (
                {"encoder": "random_forest", "n_fit": 5, name: value},
                f"{name} = .* has no effect, as its encoder is no",
            )
            for name, value in (("loss", "mse"), ("epochs", 3), ("batch_size", 4), ("lr", 0.1), ("device", "auto"))
        ),
        (NETWORK | {"choose": "random", "n_candidates": 9}, "has no effect, as there is no stage after the first"),
        (NETWORK | {"signal": "a", "n_trainings": 1}, "has no effect, as it learns from a signal"),
    ],
}


def plain(value):
    """A value as text that tells it from others, tensors by what they hold."""
    if isinstance(value, torch.Tensor):
        return str(value.shape), float(value.double().sum()), value.flatten()[:9].tolist()
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, ImageData):
        return value.name
    if isinstance(value, pd.DataFrame):
        return value.to_csv()
    if (hasattr(value, "__dataclass_fields__") and type(value).__eq__ is object.__eq__) or isinstance(value, Split):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return repr(value) if not callable(value) or isinstance(value, type) else type(value).__name__


def described(name, words):
    """What becomes of a configuration: the estimator's fields and first draws, or the combined scores, and names."""
    config = estimator_config({"name": name, **words})
    names, needs = list(config.names()), [repr(need) for need in config.dependencies()]
    if isinstance(config, CombiningConfig):
        return names, needs, config.combine(SCORES).to_dict("list") if needs else None
    estimator = config.build(RunContext(get_space("nb201"), supernets=SUPERNETS))
    told = plain(estimator)
    for one in {"oneshot": (estimator,), "fewshot": getattr(estimator, "parts", ())}.get(name, ()):
        stream = one.sampler(one.space, rng=np.random.default_rng(0))
        told = (told, [next(stream) for _ in range(5)], one.on_epoch is None)
    if name == "inherited":  # what it measures stands in a closure
        told = (told, plain(estimator.on(lambda arch: None)))
    if isinstance(estimator, Predictor):
        told = (told, repr(config.training_set(0)))
    return names, needs, told


def files_of_scores():
    """x.csv and y.csv in the current folder, which "scores" reads."""
    for file in ("x.csv", "y.csv"):
        rows = {"arch": [get_space("nb201").to_str((op,) * 6) for op in range(4)] * 2, "epoch": [1] * 4 + [2] * 4}
        pd.DataFrame(rows).assign(a=np.arange(8) + (file == "y.csv"), b=np.arange(8) ** 2).to_csv(file, index=False)


@pytest.mark.parametrize(("family", "word"), [(family, word) for family, words in WORDS.items() for word in words])
def test_words_of_estimators_change_them_or_are_refused(family, word, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert set(WORDS) == set(ESTIMATORS) and set(WORDS[family]) == names_of(ESTIMATORS[family]) - {"name", "seeds"}
    files_of_scores()
    beside, value = WORDS[family][word]
    base = BASE.get(family, {}) | beside
    before = described(family, base)
    try:
        assert described(family, base | {word: value}) != before
    except UserError as refused:
        assert str(value) in str(refused) or word in str(refused) or word == "data"


ONLY_ONE = ("start", "top", "also_without", "landscape")  # keys that need a single supernet


def told_of_one(estimator):
    """What it does: all fields but what it tells of itself, and the first architectures that it draws."""
    stream = estimator.sampler(estimator.space, rng=np.random.default_rng(0))
    told = plain(replace(estimator, settings={}, choices={}))
    return told, [next(stream) for _ in range(5)], estimator.on_epoch is None


@pytest.mark.parametrize("key", [key for key in OneShotConfig.__pydantic_fields__ if key not in ("name", "seeds")])
def test_every_key_of_a_supernet_acts_in_all_parts_or_is_refused_in_one_line(key, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    beside, value = WORDS["oneshot"][key]

    def made(name, **words):
        base = {"label": "net"} | BASE[name] | beside | words
        return estimator_config({"name": name, **base}).build(RunContext(get_space("nb201"), supernets=SUPERNETS))

    def refusal(name):
        try:
            return made(name, **{key: value}) and None
        except UserError as refused:
            return str(refused)

    before = list(map(told_of_one, made("fewshot").parts))
    alone, both = refusal("oneshot"), refusal("fewshot")
    if key in ONLY_ONE:
        assert f"{key} is not possible with several supernets; leave it out" in both and "\n" not in both
    elif both is not None:  # what no supernet takes, in the same words
        assert both == alone
    else:
        after = list(map(told_of_one, made("fewshot", **{key: value}).parts))
        assert len(after) == len(before) and all(one != other for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_serves_all_parts_or_is_refused_in_one_line(sampler):
    space = get_space("nb201")
    takes_archs = "archs" in inspect.signature(SAMPLERS[sampler].function).parameters
    options = {"archs": [space.to_str((op,) * 6) for op in range(5)]} if takes_archs else {}
    stream = SAMPLERS[sampler](space, rng=np.random.default_rng(0), **options)
    words = BASE["fewshot"] | {"sampler": sampler, "sampler_options": options, "epochs": 60}
    build = estimator_config({"name": "fewshot", **words}).build
    if isinstance(stream, Controller):
        with pytest.raises(UserError, match=f"the controller of sampler '{sampler}' needs one supernet") as refused:
            build(RunContext(space))
        assert "\n" not in str(refused.value)
        return
    for part in build(RunContext(space)).parts:
        drawn = part.sampler(part.space, rng=np.random.default_rng(0))
        assert all(arch in part.space for _ in range(20) for arch in next(drawn))


@pytest.mark.parametrize(("family", "words", "says"), [(f, w, s) for f, cases in REFUSED.items() for w, s in cases])
def test_words_that_say_nothing_are_refused(family, words, says):
    base = BASE.get(family, {})
    if "net" in words:
        words = words | {"net": ONESHOT["net"] | words["net"]}
    with pytest.raises(UserError, match=says):
        described(family, base | words)


def test_no_limit_of_the_gradient_can_be_written_in_a_file():
    for protocol in ("digits", "laube2021"):
        free = estimator_config(ONESHOT | {"name": "oneshot", "protocol": protocol, "training": {"clip": "none"}})
        assert free.whole_protocol.clip is None
    assert estimator_config(ONESHOT | {"name": "oneshot"}).whole_protocol.clip == 5.0


SMALL = {"channels": 2, "n_cells": 1, "n_stages": 1}
STUDY = {
    "title": "t", "benchmark": "digits-nb201", "archs": {"n": 20, "seed": 1}, "seeds": [0], "n_bootstrap": 10,
    "criteria": ["kendall_tau"],
    "estimators": [{"name": "zeroshot", "proxies": ["n_params", "random"], "batch_size": 4, "net": SMALL},
                   {"name": "predictor", "encoder": "random_forest", "n_fit": 8, "judged": "unseen"}],
}  # fmt: skip
OF_A_STUDY = {
    "title": "u", "benchmark": {"name": "digits-nb201", "metric": "valid_accuracy"}, "archs": {"n": 21, "seed": 1},
    "estimators": STUDY["estimators"][:1], "criteria": ["spearman_rho"], "seeds": [0, 1], "n_bootstrap": 20,
    "confidence": 0.5, "missing": "last", "published": "ning2021-nb201-zeroshot",
    "constraints": ["n_params <= 1M"], "searches": ["evolution"],
}  # fmt: skip
SAMPLED = {"n": 21, "seed": 2, "form": "functional", "twins": True}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a study tells, without its page and its times."""

    def of(study):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(running, "write", lambda *_, **options: None)
            folder = tmp_path_factory.mktemp("run") / "s"
            bundle = running.run(Study(**study), folder, workers="serial").bundle()
        tables = [bundle.values, bundle.ceiling, bundle.scores, bundle.truth, bundle.published, bundle.contest]
        tables += [bundle.records.get("constraints"), bundle.records.get("searches")]
        return bundle.title, [None if t is None else t.to_csv() for t in tables]

    return of


@pytest.fixture(scope="module")
def as_it_is(told):
    return told(STUDY)


def test_what_is_compared_repeats_itself(told, as_it_is, made, patches, tmp_path, monkeypatch):
    """Or every option would seem to change something."""
    assert told(STUDY) == as_it_is and built(RECIPE, tmp_path / "b") == made
    assert torch.equal(trained(patches), trained(patches))
    monkeypatch.chdir(tmp_path)
    files_of_scores()
    for family, words in WORDS.items():
        base = BASE.get(family, {}) | words[next(iter(words))][0]
        assert described(family, base) == described(family, base)


@pytest.mark.parametrize("field", OF_A_STUDY)
def test_keys_of_a_study_change_what_it_tells(field, told, as_it_is):
    assert set(OF_A_STUDY) == names_of(Study) - {"plugins"}  # these: tests/test_plugins.py
    assert told(STUDY | {field: OF_A_STUDY[field]}) != as_it_is


@pytest.mark.parametrize("field", SAMPLED)
def test_keys_of_a_sample_change_the_architectures_of_a_study(field):
    assert set(SAMPLED) == names_of(JudgedSample) and names_of(ArchSample) < names_of(JudgedSample)
    cells = itertools.product(OPS, repeat=3)
    truth = pd.DataFrame({"arch": [f"|{a}~0|+|none~0|{b}~1|+|none~0|{c}~1|nor_conv_3x3~2|" for a, b, c in cells]})
    space = get_space("nb201")
    classes = [space.to_str(space.canonical(space.from_str(text))) for text in truth["arch"]]
    truth = truth.assign(iso_class=classes, seed=0, accuracy=np.linspace(0, 1, len(truth)))

    def chosen(**archs):
        sample = JudgedSample(**({"n": 8, "seed": 1} | archs))
        benchmark = bench_of(truth).in_classes(sample.form)
        return benchmark.sample_classes(sample.n, twins=sample.twins, rng=np.random.default_rng(sample.seed)).archs

    value = 9 if field == "n" else SAMPLED[field]
    assert chosen(**{field: value}) != chosen()


OPS = ("none", "skip_connect", "nor_conv_1x1", "avg_pool_3x3")


def bench_of(truth):
    from nasgauge.benchmarks import Benchmark

    return Benchmark("made up", get_space("nb201"), truth, None, {}, {})


SURVEY = """
title = "t"
n_bootstrap = 10
criteria = ["kendall_tau"]
[[parts]]
name = "one"
benchmark = "digits-nb201"
archs = { n = 12 }
[[parts]]
name = "two"
benchmark = "digits-nb101"
archs = { n = 12 }
[[estimators]]
name = "zeroshot"
proxies = ["n_params", "random"]
batch_size = 4
net = { channels = 8, n_cells = 1, n_stages = 1 }
"""
OF_A_SURVEY = {
    "title": ('title = "t"', 'title = "u"'), "parts": ('name = "two"', 'name = "three"'),
    "criterion": ("n_bootstrap = 10", 'n_bootstrap = 10\ncriterion = "spearman_rho"'),
    "estimators": ('["n_params", "random"]', '["n_params", "macs"]'), "criteria": ('"kendall_tau"', '"spearman_rho"'),
    "seeds": ("n_bootstrap = 10", "n_bootstrap = 10\nseeds = [1]"), "n_bootstrap": ("= 10", "= 20"),
    "confidence": ("n_bootstrap = 10", "n_bootstrap = 10\nconfidence = 0.5"),
    "missing": ("n_bootstrap = 10", 'n_bootstrap = 10\nmissing = "last"'),
    "constraints": ("n_bootstrap = 10", 'n_bootstrap = 10\nconstraints = ["macs < 1G"]'),
    "searches": ("n_bootstrap = 10", 'n_bootstrap = 10\nsearches = ["evolution"]'),
}  # fmt: skip
OF_A_PART = {
    "name": ('name = "two"', 'name = "three"'), "benchmark": ("digits-nb101", "digits-nb101-1shot1"),
    "archs": ("{ n = 12 }", "{ n = 13 }"),
    "options": ("archs = { n = 12 }", "archs = { n = 12 }\noptions = { zeroshot = { batch_size = 5 } }"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), [*OF_A_SURVEY.values(), *OF_A_PART.values()])
def test_keys_of_a_survey_change_its_studies_or_its_contest(old, new):
    assert set(OF_A_SURVEY) == names_of(Survey) - {"plugins"} and set(OF_A_PART) == names_of(Part) and old in SURVEY
    first, second = (parse(text, Survey, "s.toml") for text in (SURVEY, SURVEY.replace(old, new, 1)))
    assert (first.studies(), first.criterion) != (second.studies(), second.criterion)


def test_the_criterion_of_a_survey_is_that_of_its_contests(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "write", lambda *_, **options: None)
    monkeypatch.setattr(survey, "write_survey", lambda *_, **options: None)
    text = SURVEY.replace(*OF_A_SURVEY["criterion"])
    contests = survey.run_text(text, tmp_path / "s", where="s", workers="serial").contests
    assert set(contests["criterion"]) == {"spearman_rho"}


RECIPE = {
    "name": "r", "title": "t", "space": "nb201", "data": "digits", "archs": {"n": 2}, "n_seeds": 1, "image_size": 8,
    "split": {"n_train": 100, "n_valid": 50}, "net": {"channels": 2, "n_cells": 1, "n_stages": 1},
    "protocol": {"epochs": 1, "batch_size": 50},
}  # fmt: skip
OF_A_RECIPE = {
    "name": "s", "title": "u", "space": "nb101", "data": "cifar10", "data_path": "/nowhere", "archs": {"n": 3},
    "n_seeds": 2, "image_size": 9, "split": {"n_train": 110, "n_valid": 50}, "device": "cudda",
    "net": {"channels": 3, "n_cells": 1, "n_stages": 1}, "protocol": {"epochs": 2, "batch_size": 50},
}  # fmt: skip


def built(recipe, out):
    """The files of the benchmark that a recipe makes, without its times and versions."""
    bench.build_text(tomli_w.dumps(recipe), out, where="r.toml", workers="serial")
    (table,) = out.glob("*.parquet")
    record = json.loads(table.with_suffix(".json").read_text())
    record["facts"].pop("core_seconds")
    return table.name, pd.read_parquet(table).drop(columns="train_seconds").to_csv(), record | {"environment": None}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return built(RECIPE, tmp_path_factory.mktemp("recipe") / "b")


@pytest.mark.parametrize("field", OF_A_RECIPE)
def test_keys_of_a_recipe_change_its_benchmark_or_are_refused(field, made, tmp_path):
    assert set(OF_A_RECIPE) == names_of(Recipe) - {"plugins"}
    try:
        assert built(RECIPE | {field: OF_A_RECIPE[field]}, tmp_path / "b") != made
    except UserError as refused:
        assert (field in ("data", "data_path", "image_size", "device") and "r.toml" in str(refused)) or "data" in field


@pytest.mark.parametrize("field", ["n_train", "n_valid", "shuffle_seed"])
def test_keys_of_a_split_change_the_benchmark(field, made, tmp_path):
    assert {"n_train", "n_valid", "shuffle_seed"} == names_of(SplitSizes)
    assert built(RECIPE | {"split": RECIPE["split"] | {field: 110}}, tmp_path / "b") != made
