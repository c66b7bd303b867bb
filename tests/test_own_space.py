"""A search space of somebody else without a network: judged, analysed, drawn, learned from; what needs one says so."""

import ast
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import nasgauge
from nasgauge.analyses import ANALYSES
from nasgauge.benchmarks import BENCHMARKS, Benchmark, load
from nasgauge.core.errors import UserError
from nasgauge.judging import judge_scores
from nasgauge.nets import NETS, NetOptions, StandAlone, build, check_meaning, complexity, stand_alone, supernet
from nasgauge.report import of_verdict, render
from nasgauge.spaces import NB201, SPACES, get_space

PACKAGE = Path(__file__).parent / "plugin_package"
INSTALLED = "[nasgauge.space]\nchains = nas_chains:Chain\n[nasgauge.benchmark]\nchains = nas_chains:load\n"
STUDY = """
title = "A space of one's own"
plugins = ["nas_chains"]
benchmark = "chains"
archs = { n = 60 }
n_bootstrap = 20

[[estimators]]
name = "predictor"
n_fit = 30
each = { encoder = ["random_forest", "gaussian_process"] }

[[estimators]]
name = "predictor"
n_fit = 30
epochs = 2
each = { encoder = ["mlp", "lstm", "gates"] }
"""
OF_NETWORKS = {"zeroshot": 'proxies = ["n_convs"]', "oneshot": "epochs = 1"}


@pytest.fixture
def chains(monkeypatch):
    """The module, its space and its benchmark, registered while a test runs."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(PACKAGE)])
    for registry in (SPACES, BENCHMARKS):
        if "chains" in registry:
            monkeypatch.delitem(registry, "chains")
    monkeypatch.delitem(sys.modules, "nas_chains", raising=False)
    module = importlib.import_module("nas_chains")
    yield module
    for registry in (SPACES, BENCHMARKS):
        del registry["chains"]


@pytest.fixture
def space(chains):
    return chains.Chain()


@pytest.fixture
def scores(tmp_path, chains):
    """Two estimators of 120 chains: one that knows something, one that does not."""
    truth = chains.load(trainings=1).truth.sample(120, random_state=0)
    rng = np.random.default_rng(0)
    seeded = pd.concat([truth[["arch"]].assign(seed=seed) for seed in (0, 1)], ignore_index=True)
    noise = rng.standard_normal((2, len(seeded)))
    known = seeded["arch"].map(truth.set_index("arch")["accuracy"])
    by = {"mine": known + noise[0] / 50, "theirs": noise[1]}
    table = pd.concat([seeded.assign(estimator=name, score=score) for name, score in by.items()])
    table.to_csv(tmp_path / "scores.csv", index=False)
    truth[["arch", "accuracy"]].to_csv(tmp_path / "truth.csv", index=False)
    return tmp_path / "scores.csv"


def run(folder, *words, path=()):
    command = [sys.executable, "-m", "nasgauge.cli", *map(str, words)]
    path = os.pathsep.join([*map(str, path), os.environ.get("PYTHONPATH", ""), str(Path(nasgauge.__path__[0]).parent)])
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=os.environ | {"COLUMNS": "200", "PYTHONPATH": path}
    )


def test_nothing_that_analyses_or_reports_looks_a_space_up_by_name():
    lookups = {"get_space", "SPACES"}
    for room in ("analyses", "report"):
        for path in sorted((Path(nasgauge.__path__[0]) / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
                used = names | ({node.attr} if isinstance(node, ast.Attribute) else set())
                assert not used & lookups, f"{path.name} uses {used & lookups}"


@pytest.mark.long
@pytest.mark.parametrize("against", ["benchmark", pytest.param("truth file", marks=pytest.mark.full)])
def test_an_installed_space_is_judged_and_drawn_from_the_command_line(tmp_path, scores, against):
    about = tmp_path / "site" / "nas_chains-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: nas-chains\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(INSTALLED, encoding="utf-8")
    chosen = ("--benchmark", "chains") if against == "benchmark" else ("--truth", "truth.csv", "--space", "chains")
    words = ("judge", scores.name, *chosen, "--bootstrap", 20, "--html", "page.html")
    done = run(tmp_path, *words, path=(PACKAGE, tmp_path / "site"))
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert re.search(r'<figure data-name="top_cells">.*?<svg.*?mbconv.*?</figure>', page, re.DOTALL)
    assert re.search(r'<figure data-name="operation_bias">.*?<svg', page, re.DOTALL)
    assert '"strokes":[["attention"' in page and "receptive field" in page


@pytest.mark.long
def test_a_space_that_is_not_installed_is_imported_on_request(tmp_path, scores):
    words = ("judge", scores.name, "--truth", "truth.csv", "--space", "chains", "--bootstrap", 20)
    assert "unknown search space 'chains'" in run(tmp_path, *words, path=(PACKAGE,)).stderr
    done = run(tmp_path, *words, "--plugin", "nas_chains", path=(PACKAGE,))
    assert done.returncode == 0 and "mine" in done.stdout, done.stderr


@pytest.mark.long
def test_a_study_of_predictors_runs_and_is_reported(tmp_path, chains):
    (tmp_path / "own.toml").write_text(STUDY, encoding="utf-8")
    done = run(tmp_path, "run", "own.toml", "--out", "out", "--kind", "serial", path=(PACKAGE,))
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert re.search(r'<figure data-name="top_cells">.*?<svg.*?mbconv.*?</figure>', page, re.DOTALL)


@pytest.mark.long
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.full] * (i > 0)) for i, n in enumerate(OF_NETWORKS)]
)
def test_what_needs_a_network_is_refused_before_any_work(tmp_path, chains, name):
    options = f'{STUDY}\n[[estimators]]\nname = "{name}"\n{OF_NETWORKS[name]}\n'
    (tmp_path / "own.toml").write_text(options, encoding="utf-8")
    done = run(tmp_path, "run", "own.toml", "--out", "out", "--kind", "serial", path=(PACKAGE,))
    assert done.returncode == 2 and not (tmp_path / "out").exists()
    assert "search space 'chains' has no network" in done.stderr and "register one in nasgauge.nets.NETS" in done.stderr
    assert "group nasgauge.network" in done.stderr and "Traceback" not in done.stderr


def test_calls_that_need_a_network_say_so_until_one_is_registered(space, monkeypatch):
    torch = pytest.importorskip("torch")
    arch = space.from_str("mbconv>pool>pass>zero")
    for ask in (lambda: build(space, arch, generators=[torch.Generator()]), lambda: complexity(space, arch),
                lambda: check_meaning(space, NetOptions(), "here")):  # fmt: skip
        with pytest.raises(UserError, match=r"search space 'chains' has no network: .* register one in"):
            ask()
    with pytest.raises(UserError, match=r"search space 'chains' has no supernet: .* group nasgauge.supernet"):
        supernet(space, generator=torch.Generator())
    monkeypatch.setitem(NETS, "chains", lambda arch, o: torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(2)))
    check_meaning(space, NetOptions(dropout=0.5), "here")  # a function alone says nothing of its options
    monkeypatch.setitem(NETS, "chains", StandAlone(lambda arch, o: torch.nn.Conv2d(3, o.channels, 1), ("dropout",)))
    assert complexity(space, arch, NetOptions(channels=5)).n_params == 20 and stand_alone(space).meaningless
    with pytest.raises(UserError, match="here: dropout means nothing in networks of chains"):
        check_meaning(space, NetOptions(dropout=0.5), "here")
    with pytest.raises(UserError, match="unknown option of networks 'drop_out'; nearest: dropout"):
        StandAlone(build, ("drop_out",))


@pytest.mark.parametrize("name", [name for name, one in ANALYSES.items() if set(one.needs) <= {"complexity"}])
def test_every_analysis_of_scores_takes_the_space_as_it_is_and_draws_it(name, scores, space):
    analysis, verdict = ANALYSES[name], judge_scores(scores, benchmark="chains", n_bootstrap=0)
    archs = verdict.truth["arch"].unique()
    records = {"complexity": pd.DataFrame({"arch": archs, "n_params": range(len(archs)), "macs": pd.NA})}
    table = analysis(verdict.scores, verdict.truth, space, rng=np.random.default_rng(0), records=records)
    assert len(table) and not analysis.why_absent(table, space)
    for _, rows in analysis.panels(table):
        analysis.draw(rows, Figure().add_subplot(), space)


def test_a_space_that_does_not_describe_an_operation_is_judged_and_its_page_names_the_remedy(
    scores, chains, monkeypatch
):
    known = {name: does for name, does in chains.Chain.operations.items() if name != "attention"}
    monkeypatch.setattr(chains.Chain, "operations", known)
    verdict = judge_scores(scores, benchmark="chains", n_bootstrap=0)
    assert verdict.values["value"].notna().any()
    with pytest.raises(UserError, match=r"space 'chains': its cells contain 'attention', .* add 'attention': Op"):
        render(of_verdict(verdict, title="t"))


def test_a_benchmark_holds_its_space_and_refuses_a_name(space):
    assert isinstance(load("chains").space, type(space)) and get_space(space) is space
    assert load("digits-nb201").space.name == "nb201"
    with pytest.raises(UserError, match="benchmark 'b': its space is 'nb201'; give the space itself"):
        Benchmark("b", "nb201", pd.DataFrame(), None, {}, {})


def test_a_string_of_a_registered_space_is_recognised_where_another_is_expected(tmp_path, chains, monkeypatch):
    class Careless(chains.Chain):
        def from_str(self, text):
            raise ZeroDivisionError if text == "" else IndexError("not ours")

    monkeypatch.setitem(SPACES, "careless", Careless)
    truth, given = tmp_path / "t.csv", tmp_path / "s.csv"
    text = NB201().to_str((3, 0, 0, 1, 0, 0))
    pd.DataFrame({"arch": [text], "accuracy": [0.5]}).to_csv(truth, index=False)
    pd.DataFrame({"arch": ["mbconv>pool>pass>zero"], "s": [1]}).to_csv(given, index=False)
    with pytest.raises(UserError, match=r"; it is an architecture of 'chains'$"):
        judge_scores(given, truth=truth, space="nb201")
    pd.DataFrame({"arch": ["nobody's"], "s": [1]}).to_csv(given, index=False)
    with pytest.raises(UserError, match=r"row 1, column 'arch'") as told:
        judge_scores(given, truth=truth, space="nb201")
    assert "it is an architecture of" not in str(told.value)
