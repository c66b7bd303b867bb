"""A finished study with files and code of its user is read from anywhere, by every command that reads a folder."""

import numpy as np
import pandas as pd
import pytest

import nasgauge as ng
from nasgauge import cli
from nasgauge.studies import run as running

STUDY = """
title = "with a file and a function"
benchmark = "digits-nb201"
archs = { n = 12 }
criteria = ["kendall_tau", "own.py:halved"]
n_bootstrap = 5
estimators = [
    { name = "scores", file = "mine.csv" },
    { name = "zeroshot", proxies = ["own.py:width"], batch_size = 8, net = { channels = 2, n_cells = 1 } },
]
"""


OWN = """
def width(network, batch):
    return len(list(network.modules()))


def halved(score, accuracy):
    return float(score.max() * accuracy.mean()) / 2
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    archs = ng.load_benchmark("digits-nb201").archs
    pd.DataFrame({"arch": archs, "mine": np.arange(len(archs))}).to_csv(home / "mine.csv", index=False)
    (home / "own.py").write_text(OWN, encoding="utf-8")
    running.run_text(STUDY, home / "run", where="s", folder=home, workers="serial").report()
    return home / "run"


@pytest.mark.long
@pytest.mark.parametrize(
    "words", [("report", "{}"), ("status", "{}"), ("cite", "{}"), ("export", "{}", "--out", "out")], ids=lambda w: w[0]
)
def test_a_folder_is_read_from_anywhere(finished, words, tmp_path, monkeypatch, capsys, without_ink):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["nasgauge", *(word.format(finished) for word in words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0, capsys.readouterr().err
    assert ng.load_run(finished).values["estimator"].unique().tolist() == ["mine", "width"]
