"""The studies of what makes a supernet better: one factor at a time, equal budgets, small slices to their tables."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from nasgauge.analyses import ANALYSES
from nasgauge.benchmarks import load
from nasgauge.core.config import parse, parsed, tables_of
from nasgauge.estimators import RunContext
from nasgauge.spaces import get_space
from nasgauge.studies import run as running
from nasgauge.studies.schema import Study, Survey

SHIPPED = Path(running.__file__).parent / "shipped"
NAMES = ("factors", "training-variations", "masks", "dynamic-channels", "landscape")
FACTORS = {  # of factors.toml, and the settings in which they differ from the base
    "bn_tracked": {"bn"}, "bn_affine": {"bn_affine"}, "node": {"operations_on"}, "ofa_kernels": {"kernels"},
    "node_wsbn": {"operations_on", "bn_per_source"}, "path_dropout": {"path_dropout"}, "global_dropout": {"dropout"},
    "lr_quarter": {"lr"}, "lr_half": {"lr"}, "lr_double": {"lr"}, "lr_fourfold": {"lr"}, "epochs_30": {"epochs"},
    "epochs_120": {"epochs"}, "no_decay": {"weight_decay"}, "decay_tenfold": {"weight_decay"},
    "batch_32": {"batch_size"}, "batch_128": {"batch_size"}, "channels_4": {"channels", "epochs"},
    "channels_2": {"channels", "epochs"}, "cells_2": {"n_cells", "epochs"}, "cells_3": {"n_cells", "epochs"},
    "data_75": {"train_share", "epochs"}, "data_50": {"train_share", "epochs"}, "data_25": {"train_share", "epochs"},
    "fairnas": {"sampler", "epochs"}, "deiso": {"sampler"}, "usual": {"bn", "channels", "lr", "train_share"},
}  # fmt: skip


CELLS = ("skips", "dense", "light")  # of landscape.toml


def study_of(name):
    return parse((SHIPPED / f"{name}.toml").read_text(encoding="utf-8"), Study, name)


def settings_of(study):
    """What each estimator's supernet records, by label."""
    truth = load(study.benchmark)
    context = RunContext(truth.space, training=truth.training)
    made = {config.label: config.build(context) for config in study.estimators}
    return {label: dict(one.settings) | dict(one.choices) for label, one in made.items()}


@pytest.mark.long
def test_every_factor_differs_from_the_base_in_what_it_is_called_after():
    found = settings_of(study_of("factors"))
    base = found.pop("base")
    differs = {label: {s for s in each if each[s] != base.get(s)} - {"n_samples"} for label, each in found.items()}
    of_samplers = {s for each in differs.values() for s in each if s.startswith("sampler_options.")}
    assert {label: each - of_samplers for label, each in differs.items()} == FACTORS


def test_low_fidelity_has_the_budget_of_the_base():
    by_label = {config.label: config for config in study_of("factors").estimators}
    cost = {"channels": lambda v: v / 8, "n_cells": lambda v: v, "train_share": lambda v: v}
    for label, config in by_label.items():
        protocol = config.whole_protocol
        net, epochs = dict(config.net), protocol.epochs
        share = cost["channels"](net.get("channels", 8)) * net.get("n_cells", 1) * protocol.train_share
        if {"epochs"} < FACTORS.get(label, set()) and "sampler" not in FACTORS[label]:
            assert epochs * share == pytest.approx(60), label
    assert by_label["fairnas"].epochs * len(get_space("nb201").ops) == 60  # architectures trained


def test_all_fifteen_masks_of_one_and_two_operations_are_there():
    for name in ("masks", "paper/masks"):
        masks = [frozenset(config.without) for config in study_of(name).estimators]
        ops = get_space("nb201").options
        assert set(masks) == {frozenset()} | {frozenset(c) for n in (1, 2) for c in combinations(ops, n)}
        assert len(masks) == 16


def test_the_variations_of_training_are_those_of_the_paper_with_and_without_zero():
    configs = {config.label: config for config in study_of("training-variations").estimators}
    for suffix in ("", "_no_none"):
        base = configs[f"baseline{suffix}"]
        assert (base.sampler, base.without) == ("strictly_fair", ("none",) if suffix else ())
        assert (base.whole_protocol.gradient, base.whole_protocol.images, base.whole_protocol.clip) == (
            "sum",
            "own",
            None,
        )
        assert not configs[f"not_shared{suffix}"].share_topology and configs[f"uniform{suffix}"].sampler == "uniform"
        assert configs[f"warmup{suffix}"].whole_protocol.warmup_epochs > 0
        assert configs[f"clip{suffix}"].whole_protocol.clip == 5.0
        regular = configs[f"regularised{suffix}"].whole_protocol
        assert (regular.auto_augment, regular.label_smoothing) == ("cifar10", 0.1)


def test_the_recipe_differs_from_the_usual_training_on_every_space_in_what_its_header_says():
    text = (SHIPPED / "recipe.toml").read_text(encoding="utf-8")
    studies = parse(text, Survey, "recipe").studies()
    assert {study.benchmark for study in studies.values()} == {"digits-nb101", "digits-nb201", "digits-darts"}
    for study in studies.values():
        found = settings_of(study)
        usual, recommended, ours = (found[label] for label in ("usual", "recommended", "ours"))
        pairs = {"usual": (recommended, usual), "ours": (recommended, ours)}
        differ = {
            label: {key for key in one | other if one.get(key) != other.get(key)}
            for label, (one, other) in pairs.items()
        }
        assert differ["usual"] == {"bn", "lr", "train_share", "epochs"}
        assert {key for key in differ["ours"] if not key.startswith("sampler_options")} == {"sampler", "lr"}
        assert (usual["bn"], recommended["bn"]) == ("tracked", "batch") and usual["lr"] == 4 * recommended["lr"]
        assert usual["epochs"] * usual["train_share"] == recommended["epochs"]


def sliced(name):
    """The study with the same supernets, on few images and architectures, for one epoch."""
    tables = tables_of((SHIPPED / f"{name}.toml").read_text(encoding="utf-8"), name)
    n_archs = 300 if name == "masks" else 30  # so that some lie within each mask
    tables |= {"archs": {"n": n_archs}, "seeds": [0], "n_bootstrap": 5}
    for entry in tables["estimators"]:
        few = {"train_share": 0.2 if "train_share" in entry.get("training", {}) else 0.15, "batch_size": 32}
        few |= {"warmup_epochs": 0.5} if "warmup_epochs" in entry.get("training", {}) else {}
        few |= {"batch_size": 16} if "images" in entry.get("training", {}) or "batch" in entry["label"] else {}
        entry |= {"epochs": 1, "n_score_batches": 1, "score_batch_size": 32}
        if "landscape" in entry:
            entry["landscape"] |= {"n_steps": 3, "n_images": 30, "n_pairs": 1}
            entry["landscape"] |= {"n_paths": 3} if "n_paths" in entry["landscape"] else {}
        entry["training"] = entry.get("training", {}) | few
    return parsed(tables, Study, name)


@pytest.mark.long
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.full] * (n == "training-variations")) for n in NAMES]
)
def test_a_small_slice_runs_to_the_tables_of_its_question(name, tmp_path, without_a_page):
    made = running.run(sliced(name), tmp_path / "out", workers="serial")

    def table(analysis, **options):
        of_run = {"rng": np.random.default_rng(0), "records": made.records}
        return ANALYSES[analysis](made.scores, made.truth, made.plan.space, **of_run, **options)

    labels = [config.label for config in made.plan.study.estimators]
    metrics = table("supernet_metrics")
    assert set(metrics["kind"]) == {"main", "loss"} and set(metrics["estimator"]) >= {
        label
        for label in labels
        if label not in ("disabled0", "disabled4", "smaller_supernet")  # few of the cells
    }
    assert len(table("supernet_correlations"))
    if name == "factors":
        found = table("supernet_factors")
        assert set(found["base"]) == {"base", "base_loss"} and {"bn", "kernels", "lr"} <= set(found["factor"])
    elif name == "landscape":
        surfaces = table("loss_landscape").groupby(["estimator", "paths"])["n"].first()
        assert len(surfaces) == 3 + 3 * 4 and (surfaces == 1).all()
        assert set(surfaces["supernet"].index) - {"mean"} == {surfaces[f"alone_{x}"].index[0] for x in CELLS}
    elif name == "dynamic-channels":
        assert {"split", "whole"} <= set(table("split_spaces", smallest=2)["role"])
    else:
        assert {"tau_a", "spearman", "mean_score"} <= set(table("best_of_truth").columns)
