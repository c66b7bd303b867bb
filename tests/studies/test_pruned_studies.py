"""The studies of pruned supernets: without mistakes as shipped; a small slice of each runs to its tables."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from nasgauge.analyses import ANALYSES
from nasgauge.core.config import parse, parsed, tables_of
from nasgauge.studies import run as running
from nasgauge.studies.schema import Study

SHIPPED = Path(running.__file__).parent / "shipped"
NAMES = ("hard-pruning", "soft-pruning", "paper/hard-pruning", "paper/soft-pruning")
SLICE = {"epochs": 2, "checkpoints": [1], "training": {"batch_size": 32, "train_share": 0.005}, "device": "cpu",
         "n_score_batches": 1, "score_batch_size": 32}  # fmt: skip
NET = {"channels": 2, "n_cells": 1}


def text(name):
    return (SHIPPED / f"{name}.toml").read_text(encoding="utf-8")


def sliced(name):
    """The study with the same samplers, starts and shares, on few images and architectures, for two epochs."""
    tables = tables_of(text(name), name) | {"archs": {"n": 12}, "seeds": [0], "n_bootstrap": 5}
    for entry in tables["estimators"]:
        if entry["name"] != "oneshot":
            continue
        share = {"train_share": 0.05} if "paper" not in name else {}
        entry |= SLICE | {"training": SLICE["training"] | share, "net": entry.get("net", {}) | NET}
        if "warmup" in entry.get("sampler_options", {}):
            few = {"n_scored": 6, "warmup": 1, "every": 1}
            few |= {"population": 3} if "population" in entry["sampler_options"] else {}
            entry["sampler_options"] |= few
        for key in ("start", "top"):
            if "epoch" in entry.get(key, {}):
                entry[key]["epoch"] = 1
    return parsed(tables, Study, name)


@pytest.mark.parametrize("name", NAMES)
def test_the_protocol_is_the_paper_s_or_a_small_one_of_the_same_shape(name):
    study = parse(text(name), Study, name)
    nets = [config for config in study.estimators if config.name == "oneshot"]
    assert len(study.seeds) == 3
    if "hard" in name:
        shares = [config.top.share for config in nets if config.top and config.top.of == nets[0].label]
        assert shares == [0.5, 0.25, 0.1]
        assert {config.start.of for config in nets[1:]} == {nets[0].label}
        assert len({config.whole_protocol.epochs for config in nets[1:]}) == 1  # equal further epochs, the control too
    else:
        assert [config.sampler for config in nets] == [
            "uniform",
            *["single_evo"] * 2,
            *["pareto_evo"] * 2,
            "per_decision",
        ]
        assert [config.sampler_options.get("share") for config in nets] == [None, None, 0.5, None, 0.5, None]
        fed = [(c.sampler_options["warmup"], c.sampler_options["every"]) for c in nets[1:]]
        assert len(set(fed)) == 1 and (fed[0] == (50, 10) or "paper" not in name)


@pytest.mark.long
@pytest.mark.parametrize("name", [*NAMES[:2], *(pytest.param(n, marks=pytest.mark.full) for n in NAMES[2:])])
def test_a_small_slice_of_it_runs_to_the_tables_of_its_question(name, tmp_path, without_a_page):
    if "paper" in name and not os.environ.get("NASGAUGE_DATA"):
        pytest.skip("NASGAUGE_DATA is not set: the published tables and CIFAR-10 are needed")
    made = running.run(sliced(name), tmp_path / "out", workers="serial")
    records, analysis = made.records, "sub_space" if "hard" in name else "found_in_training"
    table = ANALYSES[analysis](made.scores, made.truth, made.plan.space, rng=np.random.default_rng(0), records=records)
    assert np.isfinite(table[["kendall_tau" if "hard" in name else "value"]].to_numpy()).any()
    if "hard" in name:
        of = records["training_archs"].groupby(["estimator", "seed"]).size().unstack()
        assert of.loc[["top50", "top25", "top10"]].to_numpy().tolist() == [[6], [3], [1]]
    else:
        assert set(table["estimator"]) >= {"plain", "single", "pareto_half", "decisions"}
        assert {"populations", "preferences"} <= set(records)


@pytest.mark.parametrize("name", NAMES[2:])
def test_at_the_paper_s_scale_all_of_it_asks_for_an_accelerator(name):
    assert len(re.findall('device = "cuda"', text(name))) == text(name).count('name = "oneshot"')
