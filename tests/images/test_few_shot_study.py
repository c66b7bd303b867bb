"""The few-shot studies, shipped and at the papers' scale, run on few cells and few images from file to report."""

import os

import numpy as np
import pytest

from nasgauge.analyses import by_setting
from nasgauge.core.config import parse
from nasgauge.studies import run as running
from nasgauge.studies.schema import Study
from nasgauge.studies.texts import study_text

needs_data = pytest.mark.skipif(
    not os.environ.get("NASGAUGE_DATA"), reason="NASGAUGE_DATA is not set: the published tables are needed"
)
SHIPPED = (
    ("seeds = [0, 1, 2]", "seeds = [0]\narchs = { n = 12 }"),
    ("epochs = 50", "epochs = 5\ntraining = { train_share = 0.1 }"),
    ("net = { skip_dead = true }", "net = { skip_dead = true, channels = 2 }"),
    ("n_bootstrap = 500", "n_bootstrap = 10"),
)


def tiny(name, replaced):
    text = study_text(name)
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    return text


def labels_of(name):
    return [c.label for c in parse(study_text(name), Study, name).estimators if c.name == "fewshot"]


@pytest.mark.long
def test_the_shipped_study_compares_parts_at_equal_total_and_at_equal_epochs_each(tmp_path, without_ink):
    made = running.run_text(tiny("few-shot", SHIPPED), tmp_path / "run", where="tiny.toml", workers="serial")
    bundle, labels = made.bundle(), labels_of("few-shot")
    assert bundle.errors.empty
    assert {*labels, *(f"{label}_loss" for label in labels), "n_params", "macs"} == set(bundle.scores["estimator"])
    assert (bundle.scores.groupby("estimator").size() == 12).all()
    settings = bundle.records["settings"].pivot(index="estimator", columns="setting", values="value")
    assert settings.loc[labels, "n_parts"].to_dict() == {
        "one": 1, "two_total": 2, "five_total": 5, "five_total_last": 5, "two_each": 2, "five_each": 5
    }  # fmt: skip
    assert settings.loc[labels, "total_epochs"].to_dict() == {
        "one": 5, "two_total": 4, "five_total": 5, "five_total_last": 5, "two_each": 10, "five_each": 25
    }  # fmt: skip
    log = bundle.records["training_log"]
    assert log.groupby("estimator")["epoch"].max().to_dict() == {
        "one": 5, "two_total": 2, "five_total": 1, "five_total_last": 1, "two_each": 5, "five_each": 5
    }  # fmt: skip
    spent = bundle.records["expenses"].set_index("estimator")["fit_seconds"]
    seconds = log.groupby("estimator")["train_seconds"].sum()
    for label in labels:
        assert spent[label] == pytest.approx(seconds[label])
    table = by_setting.compute(
        bundle.scores, bundle.truth, settings=bundle.records["settings"], choices=bundle.records["choices"]
    )
    rows = table.query("setting == 'n_parts' and series == 'main' and criterion == 'kendall_tau'")
    assert rows["estimator"].tolist() == ["one", "five_total"] and set(rows["also_differs"]) == {"nothing"}
    assert "five_total_last" in made.report().read_text(encoding="utf-8")
    again = running.Run.load(made.folder)  # as a reader of the folder sees it
    assert again.scores.equals(bundle.scores)


@pytest.mark.long
@needs_data
@pytest.mark.parametrize("made", ["cifar10"], indirect=True)
def test_the_study_at_the_papers_scale_starts_on_few_cells_and_images(made, tmp_path, without_a_page):
    text = tiny(
        "paper/few-shot",
        (
            ('data_path = "$NASGAUGE_DATA/cifar10/train-00000-of-00001.parquet"', f'data_path = "{made.folder}"'),
            ("seeds = [20, 2020, 202020]", "seeds = [20]\narchs = { n = 6 }"),
            ('device = "cuda"', "epochs = 5\ntraining = { batch_size = 8 }"),
            ("score_batch_size = 512", "score_batch_size = 8"),
            ("net = { bn_affine = false", "net = { channels = 2, n_cells = 1, bn_affine = false"),
            ("n_bootstrap = 500", "n_bootstrap = 10"),
            ('proxies = ["n_params", "macs"]', 'proxies = ["n_params", "macs"]\nbatch_size = 8'),
        ),
    )
    bundle = running.run_text(text, tmp_path / "run", where="tiny.toml", workers="serial").bundle()
    assert bundle.errors.empty and set(labels_of("paper/few-shot")) < set(bundle.scores["estimator"])
    assert np.isfinite(bundle.scores["score"]).all()
