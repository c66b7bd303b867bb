"""`nasgauge run --set`: typed values in place of a study's, kept in its folder; mistakes are one line each."""

import tomllib

import pandas as pd
import pytest

from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.studies.schema import Study
from nasgauge.studies.settings import with_settings
from nasgauge.studies.texts import study_text

STUDY = """
title = "t"
benchmark = "digits-nb201"
archs = { n = 12 }
n_bootstrap = 20
criteria = ["kendall_tau"]
[[estimators]]
name = "zeroshot"
proxies = ["n_params"]
[[estimators]]
name = "zeroshot"
label = "noise"
proxies = ["macs"]
"""


@pytest.mark.parametrize(
    "setting, path, value",
    [
        ("n_bootstrap=50", ("n_bootstrap",), 50),
        ("n_bootstrap = 5_000", ("n_bootstrap",), 5000),
        ("confidence=0.9", ("confidence",), 0.9),
        ("benchmark=digits-nb101", ("benchmark",), "digits-nb101"),
        ('title="with a = sign"', ("title",), "with a = sign"),
        ("seeds=[0, 1]", ("seeds",), [0, 1]),
        ("archs={ n = 3, seed = 1 }", ("archs",), {"n": 3, "seed": 1}),
        ("archs.seed=2", ("archs", "seed"), 2),
        ("archs.twins=true", ("archs", "twins"), True),
        ("benchmark.metric=valid_accuracy", ("benchmark",), {"name": "digits-nb201", "metric": "valid_accuracy"}),
        ("estimators.0.batch_size=8", ("estimators", 0, "batch_size"), 8),
        ("estimators.noise.net.channels=4", ("estimators", 1, "net"), {"channels": 4}),
        ("estimators.zeroshot.n_batches=2", ("estimators", 0, "n_batches"), 2),
        ("estimators.1.proxies.0=snip", ("estimators", 1, "proxies"), ["snip"]),
        ("missing=last", ("missing",), "last"),
    ],
)
def test_a_setting_changes_its_key_and_no_other(setting, path, value):
    found = tomllib.loads(with_settings(STUDY, [setting], "t"))
    place = found
    for step in path[:-1]:
        place = place[step]
    assert place[path[-1]] == value and type(place[path[-1]]) is type(value)
    known = tomllib.loads(STUDY)
    assert {key: v for key, v in found.items() if key != path[0]} == {k: v for k, v in known.items() if k != path[0]}
    if path[0] == "estimators":
        assert found["estimators"][1 - path[1]] == known["estimators"][1 - path[1]]


def test_settings_follow_each_other_and_the_first_line_names_them():
    text = with_settings(STUDY, ["n_bootstrap=1", "n_bootstrap=2"], "t")
    assert tomllib.loads(text)["n_bootstrap"] == 2 and text.startswith("# t, with n_bootstrap=1; n_bootstrap=2\n")
    assert with_settings(STUDY, [], "t") == STUDY


@pytest.mark.parametrize(
    "setting, says",
    [
        ("n_bootstrap", "write key=value"),
        ("n_bootstrap=", "write key=value"),
        ("=5", "is not a key of TOML"),
        ("a b=5", "is not a key of TOML"),
        ("n_bootstrap=[1", "is not a value of TOML"),
        ('title="a"\nseeds=[1]', "is not a value of TOML"),
        ("title.sub=5", "title is 't', which has no keys"),
        ("estimators.2.batch_size=8", "has 2 entries, numbered from 0"),
        ("estimators.noize.batch_size=8", "nearest: noise"),
        ("n_bootstrp=5", "unknown key 'n_bootstrp'; nearest: n_bootstrap"),
        ("arch.n=5", "unknown key 'arch'; nearest: archs"),
        ("archs.m=5", "unknown key 'archs.m'; nearest: archs"),
        ("estimators.0.batchsize=8", "unknown key 'batchsize'; nearest: batch_size"),
        ("n_bootstrap=many", "'n_bootstrap' must be a whole number, got 'many'"),
        ("n_bootstrap=5.5", "'n_bootstrap' must be a whole number, got 5.5"),
        ("estimators.0.name=zeroshoot", "nearest: zeroshot"),
    ],
)
def test_a_mistake_is_one_line_with_its_remedy(setting, says):
    with pytest.raises(UserError) as error:
        parse(with_settings(STUDY, [setting], "t"), Study, "t")
    assert says in str(error.value) and "\n" not in str(error.value)


def test_a_name_of_several_entries_asks_for_a_number():
    twice = STUDY.replace('label = "noise"', "")
    with pytest.raises(UserError, match=r"choose one by its number: estimators.0, estimators.1"):
        with_settings(twice, ["estimators.zeroshot.batch_size=8"], "t")


def test_parts_of_a_survey_are_found_by_their_names():
    text = with_settings(study_text("zeroshot-all-spaces"), ["parts.nb201.archs.n=7"], "t")
    parts = {part["name"]: part for part in tomllib.loads(text)["parts"]}
    assert parts["nb201"]["archs"]["n"] == 7
    assert sum(part.get("archs", {}).get("n") == 7 for part in parts.values()) == 1


def test_the_folder_keeps_what_was_set_and_goes_on_with_it_alone(call, tmp_path, without_a_page):
    (tmp_path / "mine.toml").write_text(STUDY)
    words = ("run", tmp_path / "mine.toml", "--out", tmp_path / "out", "--kind", "serial")
    changed = ("--set", "estimators.noise.proxies=['n_convs']", "--set", "n_bootstrap=7")
    code, out, err = call(*words, *changed)
    assert code == 0 and "n_convs" in out, err
    kept = tmp_path / "out" / "study.toml"
    assert tomllib.loads(kept.read_text()) == tomllib.loads(with_settings(STUDY, changed[1::2], "mine"))
    parts = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "parts" / "scores").iterdir()}
    assert call(*words, *changed)[0] == 0  # resumes
    assert call("run", kept, *words[2:])[0] == 0  # the kept text is the study that was run
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "parts" / "scores").iterdir()} == parts
    code, out, err = call(*words)  # without what was set it is another study, for which finished parts serve
    assert code == 0 and "(n_bootstrap is 7 there, 20 here)" in err and err.count("\n") == 1
    assert "n_params" in out
    assert set(pd.read_parquet(tmp_path / "out" / "parts" / "values" / "all.parquet")["estimator"]) > {"n_params"}
