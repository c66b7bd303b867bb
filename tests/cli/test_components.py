"""`nasgauge --version`, `cite`, `copy`, and what `list studies` says of the shipped studies."""

import re
from importlib import metadata

import pytest

from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.estimators import ESTIMATORS, EstimatorConfig, MeasuringConfig
from nasgauge.studies import citing, components, texts
from nasgauge.studies import run as running
from nasgauge.studies.described import described, parse_studies, question
from nasgauge.studies.listing import keys_in, listing, references
from nasgauge.studies.schema import Study, Survey

NAMES = [*texts.study_names(), *texts.recipe_names()]
STUDY = """
title = "t"
benchmark = "digits-nb201"
archs = { n = 12 }
n_bootstrap = 5
criteria = ["kendall_tau", "sparse_kendall_tau_nasws"]
[[estimators]]
name = "zeroshot"
proxies = ["macs", "n_convs", "zen"]
net = { channels = 2 }
[[estimators]]
name = "predictor"
encoder = "random_forest"
n_fit = 4
"""
SURVEY = """
title = "s"
n_bootstrap = 5
[[parts]]
name = "cells"
benchmark = "digits-nb201"
archs = { n = 6 }
[[parts]]
name = "residual"
benchmark = "digits-resnet"
archs = { n = 6 }
[[estimators]]
name = "zeroshot"
proxies = ["macs"]
"""


def keys(text):
    return set(re.findall(r"^@\w+\{(\w+),", text, flags=re.MULTILINE))


# --- version and cite ------------------------------------------------------------------------------------------------


def test_the_version_is_the_packages(call):
    assert call("--version") == (0, f"nasgauge {metadata.version('nasgauge')}\n", "")


def test_the_tool_alone_is_one_entry(call):
    code, out, _ = call("cite")
    assert code == 0 and keys(out) == {"nasgauge"} and metadata.version("nasgauge") in out
    assert out.count("{") == out.count("}")


def test_a_study_cites_each_component_once_with_what_it_is_cited_for(call, tmp_path, without_a_page):
    running.run_text(STUDY, tmp_path / "out", where="t", workers="serial")
    code, out, _ = call("cite", tmp_path / "out")
    assert code == 0
    wanted = {"nasgauge", "lin2021zennas", "ning2021evaluating", "breiman2001forests", "ning2020surgery"}
    wanted |= {"yu2020train", "kendall1945", "dong2020nasbench201", "alpaydin1998digits"}
    wanted |= {"efron1979bootstrap", "spearman1910", "white1980heteroskedasticity"}  # intervals, ceiling, an analysis
    assert wanted <= keys(out) and "guo2020single" not in keys(out) and "liu2019darts" not in keys(out)
    assert len(re.findall(r"^@", out, flags=re.MULTILINE)) == len(keys(out))
    assert re.search(r"^% proxy zen\n@inproceedings\{lin2021zennas", out, flags=re.MULTILINE)


def test_a_survey_cites_all_of_its_parts(tmp_path, without_a_page):
    from nasgauge.studies import survey

    survey.run_text(SURVEY, tmp_path / "out", where="s", workers="serial")
    assert {"dong2020nasbench201", "radosavovic2019nds"} <= keys(citing.bibtex(tmp_path / "out"))


def test_a_folder_of_something_else_is_refused(call, tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        code, out, err = call("cite", folder)
        assert code == 2 and out == "" and "is not a study folder" in err and err.count("\n") == 1


def test_a_component_without_a_shipped_entry_is_named():
    sources, unknown = components.sourced({("proxies", "mine"): None, ("proxies", "snip"): None})
    assert unknown == ["proxy mine"] and sources["lee2019snip"] == ["proxy snip"]


@pytest.mark.parametrize("name", texts.study_names())
def test_everything_that_shipped_studies_use_is_listed_and_its_keys_have_entries(name):
    for study in parse_studies(texts.study_text(name), name):
        sources, unknown = components.sourced(dict.fromkeys(components.of_study(study)))
        assert not unknown and set(sources) <= set(references())
        used = {use for use, _ in components.of_study(study)}
        assert {"benchmarks", "spaces", "criteria", "estimators"} <= used


def test_every_shipped_estimator_that_measures_names_its_components():
    shipped = [entry.name for entry in listing("estimators")["estimators"]]
    named = {name for name in shipped if ESTIMATORS[name].components is not EstimatorConfig.components}
    assert named == {name for name in shipped if issubclass(ESTIMATORS[name], MeasuringConfig)}


def test_keys_are_read_behind_the_word_alone():
    assert keys_in("As deb2002nsga2.") == keys_in(None) == () and keys_in("Reference: unheard2000of.") == ()


# --- copy ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_is_the_shipped_text_and_is_read_from_where_it_is(tmp_path, name):
    file = texts.copy(name, tmp_path)
    text = texts.study_text(name) or texts.recipe_text(name)
    assert file.read_text(encoding="utf-8") == text and file.name == f"{name.split('/')[-1]}.toml"


def test_names_of_studies_and_recipes_differ():
    assert len(set(NAMES)) == len(NAMES)


def test_a_file_is_never_overwritten(call, tmp_path):
    mine = tmp_path / "mine.toml"
    code, out, _ = call("copy", "quickstart", mine)
    assert code == 0 and f"nasgauge run {mine}" in out
    mine.write_text("edited")
    code, out, err = call("copy", "quickstart", mine)
    assert code == 2 and "exists already" in err and err.count("\n") == 1 and mine.read_text() == "edited"
    assert call("copy", "quickstart", tmp_path / "no" / "folder.toml")[0] == 2


def test_an_unknown_name_is_told_with_the_nearest(call, tmp_path):
    code, _, err = call("copy", "quikstart", tmp_path)
    assert code == 2 and "nearest: quickstart" in err and not list(tmp_path.iterdir())
    assert "bench build" in call("copy", "digits-resnet", tmp_path)[1]


# --- descriptions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", texts.study_names())
def test_a_study_says_what_it_asks_and_needs(name):
    text = texts.study_text(name)
    told = described(text, name)
    assert told.startswith(question(text, name)) and "PyTorch" in told
    assert ("$NASGAUGE_DATA" in told) == bool(re.search(r'benchmark = ({ name = )?"nb(101|201|301)"', text))
    assert ("accelerator" in told) == ('device = "cuda"' in text)
    measured = re.search(r"^# (.*minutes (of processor|on two).*)", text, flags=re.MULTILINE)
    assert ("minutes" in told) == bool(measured) and not told.endswith(".")


def test_a_header_without_a_question_is_an_error():
    for header in ("", "# A study of it.\n", "# A study of it. Is it good?\n"):
        with pytest.raises(UserError, match="does not begin with a question"):
            described(header + STUDY.lstrip(), "mine")


def test_studies_and_surveys_are_parsed_alike():
    assert parse_studies(STUDY, "t") == [parse(STUDY, Study, "t")]
    assert parse_studies(SURVEY, "s") == list(parse(SURVEY, Survey, "s").studies().values())
    assert len(parse_studies(SURVEY, "s")) == 2
