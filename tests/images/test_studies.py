"""Studies in TOML on the published layouts: images, classes and image size arrive at the networks that are scored."""

import os
import runpy
from pathlib import Path

import pytest
import torch

from nasgauge.nets import NetOptions, build, count, count_parameters
from nasgauge.spaces import NB201
from nasgauge.studies import run as running
from nasgauge.studies.texts import study_text

SPACE = NB201()
EXAMPLES = Path(__file__).parents[2] / "examples"
needs_data = pytest.mark.skipif(
    not os.environ.get("NASGAUGE_DATA"), reason="NASGAUGE_DATA is not set: the published tables are needed"
)
new_layouts = pytest.mark.parametrize("made", ["cifar100", "imagenet16-120"], indirect=True)
ZEROSHOT = """
title = "tiny"
benchmark = {benchmark}
archs = {{ n = 8 }}
n_bootstrap = 10
[[estimators]]
name = "zeroshot"
proxies = ["n_params", "macs", "snip", "relu_logdet"]
data = "{made.name}"
data_path = "{made.folder}"
batch_size = 16
net = {{ bn_affine = true, channels = 4, n_cells = 1, n_stages = 2 }}
"""
ONESHOT = """
title = "tiny"
benchmark = { name = "nb201", dataset = "cifar10" }
archs = { n = 24 }
n_bootstrap = 10
[[estimators]]
name = "oneshot"
epochs = 1
score_batch_size = 16
data = "NAME"
data_path = "FOLDER"
training = { shift = 2, flip = true }
net = { channels = 4, n_cells = 1, n_stages = 2, bn_affine = false }
"""


def sizes_of(arch, made):
    """Parameters and MACs of the network that the study should build, with the data set's classes and pixels."""
    options = NetOptions(channels=4, n_cells=1, n_stages=2, n_classes=made.n_classes)
    net = build(SPACE, SPACE.from_str(arch), options, generators=[torch.Generator()])
    return count_parameters(net), count(net, (3, made.side, made.side)).macs


@pytest.mark.long
@new_layouts
@pytest.mark.parametrize(
    "benchmark", ['"digits-nb201"', pytest.param('{{ name = "nb201", dataset = "{0}" }}', marks=needs_data)]
)
def test_a_zero_shot_study_measures_networks_of_so_many_classes_on_such_images(made, benchmark, tmp_path, without_ink):
    text = ZEROSHOT.format(benchmark=benchmark.format(made.name), made=made)
    made_run = running.run_text(text, tmp_path / "run", where="tiny.toml", workers="serial")
    bundle = made_run.bundle()
    assert bundle.errors.empty
    scores = bundle.scores.pivot(index="arch", columns="estimator", values="score")
    assert len(scores) == 8 and scores.notna().all(axis=None)
    for arch, row in scores.iterrows():
        assert (row["n_params"], row["macs"]) == sizes_of(arch, made)
    assert made_run.report().is_file()


@pytest.mark.long
@new_layouts
@needs_data
def test_a_supernet_trained_on_them_is_judged_on_every_ground_truth(made, tmp_path, capsys, without_a_page):
    """Fig. A4 of Ning et al. 2021 in miniature: one training, three data sets."""
    text = ONESHOT.replace("NAME", made.name).replace("FOLDER", str(made.folder))
    bundle = running.run_text(text, tmp_path / "run", where="tiny.toml", workers="serial").bundle()
    assert bundle.errors.empty and set(bundle.scores["estimator"]) == {"oneshot", "oneshot_loss"}
    accuracy = bundle.scores.query("estimator == 'oneshot'")["score"]
    assert len(accuracy) == 24 and accuracy.between(0, 1).all()
    example = runpy.run_path(str(EXAMPLES / "other_truths.py"))
    example["main"](str(tmp_path / "run"))
    printed = capsys.readouterr().out
    assert all(name in printed for name in example["DATASETS"])
    table = example["against"](str(tmp_path / "run"), example["DATASETS"])
    ours = bundle.values.set_index(["criterion", "estimator"])["value"]
    taus = table.loc["kendall_tau"]
    assert taus["cifar10"].to_dict() == pytest.approx(ours["kendall_tau"].to_dict())
    assert taus.loc["oneshot_loss"].nunique() == 3


@pytest.mark.long
@needs_data
@pytest.mark.parametrize("made", ["cifar10", "cifar100", "imagenet16-120"], indirect=True)
def test_the_papers_studies_run_with_fewer_cells_and_smaller_networks(made, tmp_path, without_a_page):
    text = study_text(f"paper/zeroshot-{made.name}")
    path = next(line for line in text.splitlines() if line.startswith("data_path"))
    for old, new in (
        (path, f'data_path = "{made.folder}"'),
        ("seeds = [0]", "seeds = [0]\narchs = { n = 5 }"),
        ("batch_size = 128", "batch_size = 8"),
        ("net = { bn_affine", "net = { channels = 2, n_cells = 1, bn_affine"),
        ("n_bootstrap = 1000", "n_bootstrap = 10"),
    ):
        assert old in text
        text = text.replace(old, new)
    bundle = running.run_text(text, tmp_path / "run", where="tiny.toml", workers="serial").bundle()
    assert bundle.errors.empty and set(bundle.scores["estimator"]) <= set(bundle.published["estimator"])


@pytest.mark.long
@needs_data
@pytest.mark.parametrize("made", ["cifar10"], indirect=True)
def test_the_searches_at_the_papers_scale_start_with_fewer_cells_and_smaller_networks(made, tmp_path, without_a_page):
    text = study_text("paper/search")
    path = next(line for line in text.splitlines() if line.startswith("data_path"))
    for old, new in (
        (path, f'data_path = "{made.folder}"'),
        ("seeds = [20, 2020, 202020]", "seeds = [20]\narchs = { n = 12 }"),
        ('device = "cuda"', 'device = "cpu"'),
        ("score_batch_size = 512", "score_batch_size = 10"),
        ("batch_size = 128", "batch_size = 8"),
        ("net = { bn_affine", "net = { channels = 2, n_cells = 1, bn_affine"),
        ("checkpoints = [200, 400, 600, 800]", "checkpoints = [1]\nepochs = 2"),
        ('sampler = "deiso"', 'sampler = "deiso"\ntraining = { batch_size = 20 }'),
        ("n_fit = 78", "n_fit = 8"),
        ("n_bootstrap = 500", "n_bootstrap = 10"),
    ):
        assert old in text
        text = text.replace(old, new)
    bundle = running.run_text(text, tmp_path / "run", where="tiny.toml", workers="serial").bundle()
    assert bundle.errors.empty and {"synflow", "deiso", "gates-78"} <= set(bundle.scores["estimator"])
    assert bundle.records["searches"]["search"].tolist() == ["evolution", "pareto_evolution", "local"]
