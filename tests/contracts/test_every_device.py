"""Every estimator that computes with networks takes a device and a precision, and refuses those that are not here."""

import sys

import pytest
import tomli_w
import torch

from nasgauge import cli
from nasgauge.benchmarks.building import build as bench
from nasgauge.benchmarks.building.recipe import Recipe
from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.estimators import ESTIMATORS, RunContext, estimator_config, supernets_of
from nasgauge.spaces import get_space
from nasgauge.studies import run as running
from nasgauge.studies.schema import Study, Survey

NET = {"channels": 2, "n_cells": 1, "n_stages": 1}
ENTRIES = {  # family -> its entry in a study, without a device
    "zeroshot": {"proxies": ["snip", "zen", "jacob_cov"], "batch_size": 8, "net": NET},
    "oneshot": {"epochs": 1, "net": NET},
    "fewshot": {"epochs": 2, "parts": 2, "net": NET},
    "predictor": {"encoder": "gates", "n_fit": 8, "epochs": 3},
}
NAMED = {
    "zeroshot": "zeroshot",
    "oneshot": "oneshot",
    "fewshot": "fewshot",
    "predictor": "predictor",
}  # as messages name it
BESIDE = {"oneshot": [{"name": "inherited", "proxies": ["snip"], "batch_size": 8}]}  # what follows its device
RECIPE = {
    "name": "tiny", "title": "t", "space": "nb201", "data": "digits", "archs": {"n": 2}, "n_seeds": 1, "image_size": 8,
    "split": {"n_train": 100, "n_valid": 50}, "net": NET, "protocol": {"epochs": 1, "batch_size": 50},
}  # fmt: skip
ABSENT = ["cuda:7", "gpu"]
HERE = 'is not available here, only cpu; write device = "cpu", or "auto"'


@pytest.fixture(autouse=True)
def no_accelerator(monkeypatch):
    """Whatever this machine has, only the CPU is found."""
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)


def study(family, **options):
    entry = {"name": family, **ENTRIES[family], **options}
    return tomli_w.dumps(
        {"title": "t", "benchmark": "digits-nb201", "archs": {"n": 16}, "n_bootstrap": 3, "criteria": ["kendall_tau"],
         "estimators": [entry, *BESIDE.get(family, [])]}
    )  # fmt: skip


def configured(family, **words):
    return estimator_config({"name": family} | ENTRIES.get(family, {"proxies": ["snip"]}) | words)


def words_of(family):
    return set(ESTIMATORS[family].model_fields)


def test_the_families_with_a_device_are_these():
    assert {name for name in ESTIMATORS if "device" in words_of(name)} == set(ENTRIES) == set(NAMED)
    assert {name for name in ESTIMATORS if "precision" in words_of(name)} == {"zeroshot", "inherited"}


@pytest.mark.long
@pytest.mark.parametrize("family", ENTRIES)
def test_auto_without_an_accelerator_is_the_cpu_bit_for_bit(family, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "write", lambda *_, **options: None)
    tables = [
        running.run_text(study(family, **device), tmp_path / str(i), where="s.toml", workers="serial").scores
        for i, device in enumerate(({}, {"device": "cpu"}, {"device": "auto"}))
    ]
    assert len(tables[0]) >= 16
    for table in tables[1:]:
        assert table.equals(tables[0])  # the names too: no device stands in them


def test_auto_trains_the_same_benchmark_as_the_cpu(tmp_path):
    tables = [
        bench.build(Recipe(**RECIPE, device=device), tmp_path / device, where="r.toml", workers="serial")
        for device in ("cpu", "auto")
    ]
    assert tables[0].drop(columns="train_seconds").equals(tables[1].drop(columns="train_seconds"))


def refused(monkeypatch, capsys, *words):
    """The line of a command that ends with exit code 2."""
    monkeypatch.setattr(sys, "argv", ["nasgauge", *words])
    monkeypatch.setenv("COLUMNS", "300")
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    return line


@pytest.mark.parametrize("device", ABSENT)
@pytest.mark.parametrize("family", ENTRIES)
def test_an_absent_device_is_one_line_before_any_work(family, device, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.toml").write_text(study(family, device=device))
    line = refused(monkeypatch, capsys, "run", "s.toml")
    assert f"estimator {NAMED[family]!r}: device {device!r} {HERE}" in line
    assert [path.name for path in tmp_path.iterdir()] == ["s.toml"]


@pytest.mark.parametrize("device", ABSENT)
def test_an_absent_device_of_a_recipe_is_one_line_before_any_work(device, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.toml").write_text(tomli_w.dumps(RECIPE | {"device": device}))
    line = refused(monkeypatch, capsys, "bench", "build", "r.toml")
    assert f"r: device {device!r} {HERE}" in line
    assert [path.name for path in tmp_path.iterdir()] == ["r.toml"]


@pytest.mark.parametrize(
    ("family", "words", "says"),
    [
        ("zeroshot", {"precision": "tf32"}, "'zeroshot': precision \"tf32\" needs a CUDA device, .* is \"cpu\""),
        ("zeroshot", {"precision": "tf32"}, 'write precision = "float32"'),
        ("inherited", {"precision": "tf32"}, "'inherited': precision .*; write precision = \"float32\""),
        ("oneshot", {"score_precision": "tf32"}, "'oneshot': score_precision .*; write score_precision = \"float32\""),
        ("oneshot", {"score_precision": "float64"}, 'changes nothing, as the weights of a supernet have 32 bits'),
        ("oneshot", {"training": {"amp": "tf32"}}, 'oneshot, training: amp .*; write amp = "none"'),
        ("zeroshot", {"precision": "float16"}, "unknown precision 'float16'"),
        ("inherited", {"precision": "float16"}, "unknown precision 'float16'"),
        ("oneshot", {"score_precision": "float16"}, "unknown precision 'float16'"),
        ("predictor", {"encoder": "random_forest", "device": "auto"}, "device = 'auto' has no effect, as its"),
    ],
)  # fmt: skip
def test_a_precision_that_the_device_lacks_is_refused_with_the_remedy(family, words, says):
    entry = {"encoder": "random_forest", "n_fit": 8} if family == "predictor" else ENTRIES.get(family, {})
    context = RunContext(get_space("nb201"), supernets=supernets_of([configured("oneshot")]))
    with pytest.raises(UserError, match=says):
        estimator_config({"name": family} | entry | words).build(context)


def test_devices_and_precisions_reach_the_estimators():
    context = RunContext(get_space("nb201"), supernets=supernets_of([configured("oneshot", device="auto")]))

    def made(family, **words):
        return configured(family, **words).build(context)

    zeroshot = made("zeroshot", device="auto", precision="bfloat16")
    assert (zeroshot.device, zeroshot.precision) == ("auto", "bfloat16")
    oneshot = made("oneshot", device="auto", score_precision="bfloat16")
    assert (oneshot.device, oneshot.score_precision) == ("auto", "bfloat16")
    inherited = made("inherited", precision="float64").on(lambda arch: None)
    assert (inherited.device, inherited.precision) == ("auto", "float64")
    assert made("predictor", device="auto").training.device == "auto"


def test_grids_and_surveys_pass_devices_and_precisions_on():
    grid = {"name": "zeroshot", "each": {"device": ["cpu", "auto"], "precision": ["float32", "float64"]}}
    given = [spec.options for spec in Study(title="t", benchmark="b", estimators=[grid]).estimators]
    assert given == [{"device": d, "precision": p} for d in ("cpu", "auto") for p in ("float32", "float64")]
    parts = [{"name": "one", "benchmark": "digits-nb201", "options": {"zeroshot": {"device": "auto"}}},
             {"name": "two", "benchmark": "digits-nb101"}]  # fmt: skip
    entries = [{"name": "zeroshot", "precision": "bfloat16"}]
    studies = parse(tomli_w.dumps({"title": "t", "parts": parts, "estimators": entries}), Survey, "s.toml").studies()
    assert studies["one"].estimators[0].options == {"device": "auto", "precision": "bfloat16"}
    assert studies["two"].estimators[0].options == {"precision": "bfloat16"}
    assert Recipe(**RECIPE, device="auto").device == "auto"
