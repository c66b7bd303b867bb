"""For all tests: one thread. Tensors as small as theirs only lose by more, badly so on a busy machine."""

import json
import tomllib

import pandas as pd
import pytest
import torch

from nasgauge.core.store import Store

collect_ignore = ["plugin_package"]  # it registers what it brings when it is imported


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


RECIPE = """
name = "mine"
title = "mine"
space = "nb201"
data = "digits"
archs = { n = 4 }
n_seeds = 2
split = { n_train = 100, n_valid = 100 }
image_size = 8
net = { channels = 2, n_cells = 1, n_stages = 1, in_channels = 1 }
protocol = { epochs = 1, batch_size = 50 }
"""
STUDY = """
title = "t"
benchmark = "digits-nb201"
archs = { n = 4 }
[[estimators]]
name = "zeroshot"
"""
SURVEY = """
title = "two"
parts = [{ name = "a", benchmark = "digits-nb201" }, { name = "b", benchmark = "digits-nb201" }]
[[estimators]]
name = "zeroshot"
"""


@pytest.fixture(scope="session")
def folders_of(tmp_path_factory):
    """Folders as the commands leave them halfway, without the work: study, survey, built, imported."""
    place = tmp_path_factory.mktemp("folders")
    row = pd.DataFrame({"x": [1]})
    for folder in (place / "study", place / "survey" / "a"):
        store = Store.open(folder, tomllib.loads(STUDY), STUDY)
        store.plan({"fits": [], "scores": ["k0", "k1"] + ["k2"] * (folder.name == "study")})
        store.write("scores", "k0", row)
    Store.open(place / "survey-of", tomllib.loads(SURVEY), SURVEY)
    (place / "survey-of" / "study.toml").rename(place / "survey" / "study.toml")
    built = Store.open(place / "built", tomllib.loads(RECIPE), RECIPE)
    built.plan({"trainings": ["k0", "k1", "k2", "k3"]})
    for key in ("k0", "k1"):
        built.write("trainings", key, row)
    facts = {"n_archs": 3, "n_trainings": 6}
    (place / "imported").mkdir()
    row.to_parquet(place / "imported" / "nb201.parquet")
    record = {"kind": "nb201", "space": "nb201", "source": "x.pth", "facts": facts}
    (place / "imported" / "nb201.json").write_text(json.dumps(record), encoding="utf-8")
    return place
