"""Studies and recipes as frozen models: unknown keys, wrong types, places."""

import itertools
import re
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import torch

from nasgauge import benchmarks
from nasgauge.benchmarks import Training, nb101, nb301
from nasgauge.benchmarks.building.recipe import Recipe
from nasgauge.core.config import parse, parsed
from nasgauge.core.errors import UserError
from nasgauge.criteria import DEFAULT_CRITERIA, resolve_all
from nasgauge.estimators import RunContext, check_estimators, images, supernets_of
from nasgauge.estimators.oneshot import PROTOCOLS
from nasgauge.estimators.zeroshot import drawn
from nasgauge.images import ImageData
from nasgauge.nets import NetOptions
from nasgauge.spaces import get_space
from nasgauge.studies.published import published_values
from nasgauge.studies.schema import JudgedSample, Study, Survey, is_survey
from nasgauge.studies.texts import study_names, study_text

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
        (GOOD.replace('title = "t"', ""), r"key 'title' is missing"),
        (GOOD.replace('"t"', '"t'), "is not valid TOML"),
        ('title="t"\nbenchmark="b"\nestimators=[]', "key 'estimators'"),
        (GOOD.replace('benchmark = "digits-nb201"', 'benchmark="b"\n[archs]\nm = 3\n'), "unknown key 'archs.m'"),
        (GOOD.replace('title = "t"', 'title = "t"\nconfidence = 2.0'), "key 'confidence'"),
    ],
)
def test_mistakes_are_told_with_their_place(text, says):
    with pytest.raises(UserError, match=says):
        parse(text, Study, "s.toml")


def test_options_are_checked_by_name_and_type():
    assert parsed({"channels": 8}, NetOptions, "x") == NetOptions(channels=8)
    with pytest.raises(UserError, match="x: unknown key 'chanels'; nearest: channels"):
        parsed({"chanels": 8}, NetOptions, "x")
    with pytest.raises(UserError, match="'channels' must be a whole number, got 'many'"):
        parsed({"channels": "many"}, NetOptions, "x")
    with pytest.raises(UserError, match="'channels' must be a whole number, got True"):
        parsed({"channels": True}, NetOptions, "x")
    with pytest.raises(UserError, match="'bn_affine' must be true or false"):
        parsed({"bn_affine": 1}, NetOptions, "x")


RECIPES = resources.files("nasgauge.benchmarks") / "recipes"
STUDIES = Path(str(resources.files("nasgauge.studies"))) / "shipped"


def test_shipped_recipes_are_valid():
    files = [f for f in RECIPES.iterdir() if f.name.endswith(".toml")]
    assert files
    for file in files:
        parse(file.read_text(), Recipe, file.name)


PUBLISHED_TRAINING = {"nb101": nb101.TRAINING, "nb301": nb301.TRAINING}


def context_of(study):
    """What surrounds the study's estimators, without the benchmark's tables, which not every machine has."""
    choice = {"name": study.benchmark} if isinstance(study.benchmark, str) else study.benchmark
    nets = supernets_of(study.estimators)
    if (RECIPES / f"{choice['name']}.toml").is_file():
        benchmark = benchmarks.load(choice)
        return RunContext(get_space(benchmark.space), training=benchmark.training, supernets=nets)
    space = get_space({"nb301": "darts"}.get(choice["name"], choice.get("view", choice["name"])))
    training = PUBLISHED_TRAINING.get(choice["name"]) or Training(choice.get("dataset", "cifar10"))
    return RunContext(space, training=training, supernets=nets)


@pytest.fixture
def images_of_every_data_set(monkeypatch):
    """Made-up images where a study wants a data set that is not shipped."""
    loaded = images.load_images
    sizes = {"cifar10": (32, 10), "cifar100": (32, 100), "imagenet16-120": (16, 120)}

    def load(name, path=None, **options):
        if name not in sizes:
            return loaded(name, path, **options)
        side, n_classes = sizes[name]
        n = 25_000
        return ImageData(name, torch.zeros(1).expand(n, 3, side, side), torch.arange(n) % n_classes, n_classes)

    for cached in (images.whole, drawn.batches):
        cached.cache_clear()
    monkeypatch.setattr(images, "load_images", load)
    monkeypatch.setattr(drawn, "load_images", load)
    yield
    for cached in (images.whole, drawn.batches):
        cached.cache_clear()


def test_the_studies_of_the_papers_scale_are_among_the_shipped_ones():
    names = {str(path.relative_to(STUDIES).with_suffix("")) for path in STUDIES.rglob("*.toml")}
    assert {"quickstart", "paper/oneshot-trend"} <= names and names == set(study_names())


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.full] * name.startswith("paper/")) for name in study_names()]
)
def test_shipped_studies_are_valid_down_to_the_words_of_their_estimators(name, images_of_every_data_set):
    text = study_text(name).replace('device = "cuda"', 'device = "cpu"')  # this machine may have no accelerator
    studies = parse(text, Survey, name).studies().values() if is_survey(text) else [parse(text, Study, name)]
    for study in studies:
        check_estimators(study.estimators, context_of(study), study.seeds)
        resolve_all(study.criteria or DEFAULT_CRITERIA)


PUBLISHED = [name for name in study_names() if "\npublished = " in study_text(name)]


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_values_stand_beside_some_value_of_ours(name):
    study = parse(study_text(name), Study, name)
    table = published_values(study.published)
    ours = {name for config in study.estimators for name in config.names()}
    assert len(table) > 10 and table["value"].between(-1, 1).all()
    known = {(c.name, None if np.isnan(c.at) else c.at) for c in resolve_all(study.criteria or DEFAULT_CRITERIA)}
    told = {(c, None if np.isnan(at) else at) for c, at in zip(table["criterion"], table["at"], strict=True)}
    assert len(set(table["estimator"]) & set(ours)) > 3 and told & known
    if name.startswith("predictor"):  # whose names depend on the words
        assert set(table["estimator"]) <= set(ours) and told <= known


def test_a_wrong_word_in_a_shipped_study_would_be_told(images_of_every_data_set):
    text = study_text("paper/oneshot-samplers").replace('device = "cuda"', 'device = "cpu"')
    for old, new, says in (
        ('sampler = "deiso"', 'sampler = "deisso"', "unknown sampler 'deisso'"),
        ('protocol = "', 'protocol = "x', "unknown protocol 'x"),
    ):
        assert old in text
        with pytest.raises(UserError, match=says):
            study = parse(text.replace(old, new, 1), Study, "changed")
            check_estimators(study.estimators, context_of(study), study.seeds)


_NUMBERS = re.compile(r"((?:\d[\d,]*(?:, | and ))*\d[\d,]*) (channels|layers|epochs)")
TRAINED = ("oneshot", "fewshot")
SAMPLED = {
    "de-isomorphic": "deiso", "uniform": "uniform", "strictly fair": "strictly_fair", "fairnas": "fairnas",
    "sampled alone": "subset", "by score alone": "single_evo", "by the fronts": "pareto_evo",
    "a distribution for each decision": "per_decision",
}  # fmt: skip
OF_THE_PUBLISHED_NETWORK = {"nb101-zeroshot": {("channels", 128)}}


def header_of(name):
    """The comments above a shipped study, as one line."""
    lines = itertools.takewhile(lambda line: line.startswith("#"), study_text(name).splitlines())
    return " ".join(line.lstrip("# ") for line in lines)


def numbers_of(study):
    """(what, number) of the networks and trainings of a study, as its header would call them."""
    found, training = set(), context_of(study).training
    for spec in study.estimators:
        net = NetOptions(**training.net | spec.options.get("net", {}))
        found |= {("channels", net.channels), ("layers", net.n_stages * (net.n_cells + 1) - 1)}
        if spec.name in TRAINED:
            protocol = PROTOCOLS[spec.options.get("protocol", "digits")]
            found.add(("epochs", spec.options.get("epochs", protocol.epochs)))
    return found


@pytest.mark.parametrize("name", study_names())
def test_a_header_says_what_the_study_does(name):
    """Channels, layers, epochs and samplers; at the papers' scale also nothing less than all of them."""
    text, header = study_text(name), header_of(name)
    studies = list(parse(text, Survey, name).studies().values()) if is_survey(text) else [parse(text, Study, name)]
    does = set().union(*map(numbers_of, studies))
    says = {(what, int(n.replace(",", ""))) for ns, what in _NUMBERS.findall(header) for n in re.split(", | and ", ns)}
    assert says - OF_THE_PUBLISHED_NETWORK.get(name, set()) <= does
    if name.startswith("paper/"):
        nets = [spec for study in studies for spec in study.estimators if spec.name in TRAINED]
        does = set().union(*(numbers_of(study.model_copy(update={"estimators": tuple(nets)})) for study in studies))
        assert does <= says
        assert {s for word, s in SAMPLED.items() if word in header.lower()} == {s.options["sampler"] for s in nets}
        judged = (
            ("All 15,625 cells", True)
            if "All 15,625 cells" in header
            else ("one cell per isomorphism class (6,466)", False)
        )
        of_nb201 = all("nb201" in str(study.benchmark) for study in studies)  # other tables are samples
        assert (judged[0] in header) == of_nb201 and all(
            study.archs == JudgedSample(twins=judged[1]) for study in studies
        )


IMAGES_OF = {"CIFAR-10": "cifar10", "CIFAR-100": "cifar100", "ImageNet16-120": "imagenet16-120"}
BY_DATA_SET = [n for n in study_names() if n.startswith(("paper/zeroshot-", "paper/oneshot-datasets"))]


@pytest.mark.parametrize("name", BY_DATA_SET)
def test_a_header_names_the_data_sets_that_are_read_and_judged_on(name):
    """Those of the images and of the truth are the ones that the header names; batches are as many as it says."""
    text, header = study_text(name), header_of(name)
    studies = list(parse(text, Survey, name).studies().values()) if is_survey(text) else [parse(text, Study, name)]
    specs = [spec.options for study in studies for spec in study.estimators]
    named = {data for word, data in IMAGES_OF.items() if re.search(rf"{word}(?!\d)", header)}
    assert named == {o["data"] for o in specs} >= {study.benchmark["dataset"] for study in studies}
    for o in specs:
        if "n_batches" in o:
            assert (o["n_batches"], o["batch_size"]) == (5, 128) and "five batches of 128" in header
        assert o["data"] in o["data_path"].lower().replace("imagenet16", "imagenet16-120")


@pytest.mark.parametrize("name", [n for n in BY_DATA_SET if not is_survey(study_text(n)) and "zeroshot" in n])
def test_published_values_are_of_the_data_set_that_is_judged_on(name):
    """The KD of parameters and of the best proxy there, Ning et al. 2021, Table A10."""
    study = parse(study_text(name), Study, name)
    table = published_values(study.published).query("criterion == 'kendall_tau'").set_index("estimator")["value"]
    best = {"cifar10": (0.606, 0.611), "cifar100": (0.569, 0.636), "imagenet16-120": (0.507, 0.597)}
    assert (table["n_params"], table["relu_logdet"]) == best[study.benchmark["dataset"]]
    assert {spec.options["data"] for spec in study.estimators} == {study.benchmark["dataset"]}
