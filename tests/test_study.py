"""Studies and recipes as frozen models: unknown keys, wrong types, places."""

import pytest

from nasgauge.errors import UserError
from nasgauge.nets import NetOptions
from nasgauge.study import Recipe, Study, options_for, parse

GOOD = """
title = "t"
benchmark = "digits-nb201"
criteria = ["kendall_tau", {name = "best_rank_at", fraction = 0.05}]
[[estimators]]
name = "zeroshot"
proxies = ["snip"]
"""


def test_a_study_is_read_whole_and_frozen():
    study = parse(GOOD, Study, "s.toml")
    assert study.estimators[0].name == "zeroshot" and study.estimators[0].options == {"proxies": ["snip"]}
    assert study.criteria[1] == {"name": "best_rank_at", "fraction": 0.05}
    assert study.seeds == (0,)
    with pytest.raises(Exception, match="frozen"):
        study.title = "other"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace("criteria", "criterias"), r"s\.toml: unknown key 'criterias'; nearest: criteria"),
        (GOOD.replace('title = "t"', ""), r"key 'title': Field required"),
        (GOOD.replace('"t"', '"t'), "is no valid TOML"),
        ('title="t"\nbenchmark="b"\nestimators=[]', "key 'estimators'"),
        (GOOD.replace('benchmark = "digits-nb201"', 'benchmark="b"\n[archs]\nm = 3\n'), "unknown key 'archs.m'"),
        (GOOD.replace('title = "t"', 'title = "t"\nconfidence = 2.0'), "key 'confidence'"),
    ],
)
def test_mistakes_are_told_with_their_place(text, says):
    with pytest.raises(UserError, match=says):
        parse(text, Study, "s.toml")


def test_options_of_a_dataclass_are_checked_by_name_and_type():
    assert options_for(NetOptions, {"channels": 8}, "x") == NetOptions(channels=8)
    with pytest.raises(UserError, match="x: unknown key 'chanels'; nearest: channels"):
        options_for(NetOptions, {"chanels": 8}, "x")
    with pytest.raises(UserError, match="'channels' must be of type int, got 'many'"):
        options_for(NetOptions, {"channels": "many"}, "x")
    with pytest.raises(UserError, match="'channels' must be of type int, got True"):
        options_for(NetOptions, {"channels": True}, "x")
    with pytest.raises(UserError, match="'bn_affine' must be of type bool"):
        options_for(NetOptions, {"bn_affine": 1}, "x")


def test_shipped_recipes_and_studies_are_valid():
    from importlib import resources

    for package, model in (("nasgauge.benchmarks", Recipe), ("nasgauge.studies", Study)):
        folder = resources.files(package)
        folder = folder / "recipes" if model is Recipe else folder
        files = [f for f in folder.iterdir() if f.name.endswith(".toml")]
        assert files
        for file in files:
            parse(file.read_text(), model, file.name)
