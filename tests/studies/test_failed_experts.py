"""A study in which all measurements of an estimator fail, of which others are made."""

import pytest

from nasgauge.studies import run as running

STUDY = """
title = "failures"
benchmark = "digits-nb201"
archs = { n = 6 }
n_bootstrap = 5
criteria = ["kendall_tau"]

[[estimators]]
name = "zeroshot"
proxies = ["n_params", "mine.py:fails"]
net = { channels = 4, n_cells = 1, n_stages = 1 }

[[estimators]]
"""


@pytest.mark.parametrize(
    "combination",
    [
        'name = "vote"\nexperts = ["n_params", "fails"]',
        'name = "aggregate"\nexperts = ["n_params", "fails"]\nover_seeds = "mean"',
        'name = "ensemble"\nof = "fails"',
    ],
)
def test_what_is_made_of_failures_alone_has_failed_too(tmp_path, without_a_page, combination):
    (tmp_path / "mine.py").write_text("def fails(module, batch):\n    raise RuntimeError('never')\n")
    text = STUDY + combination
    bundle = running.run_text(text, tmp_path / "s", where="s.toml", folder=tmp_path, workers="serial").bundle()
    values = bundle.values.set_index("estimator")
    assert len(values) == 3 and values["n_failed"].tolist() == [0, 6, 6] and values["n"].tolist() == [6, 0, 0]
