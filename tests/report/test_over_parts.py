"""The page of a survey shows an analysis over all of its parts where two or more have it, else it is not mentioned."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nasgauge.analyses import ANALYSES
from nasgauge.core.tables import CONTESTS, check
from nasgauge.judging import contest
from nasgauge.report import render_survey
from nasgauge.report.gallery import computed


@pytest.fixture(scope="module")
def trained(bundle):
    """The bundle as if two of its estimators were supernets that differ in normalisation."""
    settings = pd.DataFrame({"estimator": ["synflow", "n_params"], "setting": "epochs", "value": 60.0})
    choices = pd.DataFrame({"estimator": ["synflow", "n_params"], "setting": "bn", "value": ["batch", "tracked"]})
    return replace(bundle, records={"settings": settings, "choices": choices})


def page_of(bundles):
    tables = [
        contest(b.scores, b.truth, "kendall_tau", n_bootstrap=5, rng=np.random.default_rng(0)).assign(part=name)
        for name, b in bundles.items()
    ]
    return render_survey("both", bundles, check(pd.concat(tables, ignore_index=True), CONTESTS))


def test_influences_are_shown_over_the_parts_that_record_settings(bundle, trained):
    turned = replace(trained, scores=trained.scores.assign(score=-trained.scores["score"]))
    page = page_of({"one": trained, "two": turned})
    assert 'href="#joined"' in page and page.count('data-name="supernet_factors"') == 1
    entry = ANALYSES["supernet_factors"]
    assert entry.over_caption.replace("'", "&#39;") in page and "n = 2 ground truths" in page
    alone = page_of({"one": trained, "two": bundle})
    assert "joined" not in alone and "supernet_factors" not in alone


@pytest.mark.parametrize("name", [name for name, entry in ANALYSES.items() if entry.over is not None])
def test_a_table_over_parts_has_the_panels_of_its_own_and_counts_the_parts(name, trained):
    turned = replace(trained, scores=trained.scores.assign(score=-trained.scores["score"]))
    parts = {"one": trained, "two": turned}
    tables = {
        part: found.table
        for part, b in parts.items()
        for found in computed(b, rng=np.random.default_rng(0), only={name})
    }
    entry = ANALYSES[name]
    joined = entry.over(tables)
    assert entry.over_caption.endswith(".") and (joined["n_spaces"] == 2).all()
    assert [label for label, _ in entry.panels(joined)] == [label for label, _ in entry.panels(tables["one"])]
    influence = [t.set_index("metric").loc["kendall_tau", "influence"] for t in (*tables.values(), joined)]
    assert influence[2] == pytest.approx((influence[0] + influence[1]) / 2, abs=1e-9) and influence[0] != influence[1]
