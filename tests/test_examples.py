"""Every example runs, on little: finished folders of tiny studies, and 150 cells in place of the real benchmarks.

The stand-in has the columns that the tables of NAS-Bench-201 and NAS-Bench-101 have, so no data folder is needed; the
numbers that the examples print of it mean nothing.
"""

import re
import runpy
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasgauge import benchmarks
from nasgauge.benchmarks.benchmark import Benchmark
from nasgauge.benchmarks.building.recipe import Recipe
from nasgauge.core.config import parse, tables_of
from nasgauge.core.store import Store
from nasgauge.core.tables import ERRORS, empty
from nasgauge.core.usage import n_needed
from nasgauge.estimators.cwi import FORMS
from nasgauge.images import CROPS
from nasgauge.spaces import NB201, SPACES
from nasgauge.studies import run as running
from nasgauge.studies.run import Run
from nasgauge.studies.schema import Study

EXAMPLES = Path(__file__).parents[1] / "examples"
TABLE = Path(benchmarks.__file__).parent / "tables" / "digits-nb201.parquet"
STUDY = """
title = "an example's"
benchmark = "digits-nb201"
archs = { n = 12 }
n_bootstrap = 5
criteria = ["kendall_tau"]
published = "ning2021-nb201-zeroshot"
[[estimators]]
name = "zeroshot"
proxies = ["relu_logdet", "jacob_cov", "synflow"]
batch_size = 8
net = { channels = 2, n_cells = 1, n_stages = 1 }
[[estimators]]
name = "oneshot"
epochs = 2
checkpoints = [1]
forgetting_epochs = [1]
gradient_epochs = [1]
n_gradient_archs = 3
score_batch_size = 90
net = { channels = 2, n_cells = 1, n_stages = 1 }
"""
FACTORS = """
title = "two supernets"
benchmark = "digits-nb201"
archs = { n = 12 }
seeds = [0, 1]
n_bootstrap = 5
criteria = ["kendall_tau"]
[[estimators]]
name = "oneshot"
epochs = 1
net = { channels = 2, n_cells = 1, n_stages = 1 }
landscape = { n_paths = 3, n_pairs = 1, n_steps = 3, n_images = 20 }
[[estimators]]
name = "oneshot"
label = "tracked"
epochs = 1
net = { channels = 2, n_cells = 1, n_stages = 1 }
supernet = { bn = "tracked" }
landscape = { n_paths = 3, n_pairs = 1, n_steps = 3, n_images = 20 }
"""
CWI = """
title = "forms"
benchmark = "digits-nb201"
archs = { n = 12 }
n_bootstrap = 5
criteria = ["kendall_tau"]
[[estimators]]
name = "zeroshot"
proxies = [
    "n_live_params", "n_blocks", "jacobian_whiteness", "identity_path", "receptive_field_entropy", "embedding_spectrum",
    "n_params",
]
batch_size = 8
net = { channels = 2, n_cells = 1, n_stages = 1 }
[[estimators]]
name = "cwi"
[[estimators]]
name = "cwi"
form = "rank"
label = "cwi_rank"
"""
TRUTHS = """
title = "a part of a survey"
benchmark = "digits-nb201"
archs = { n = 60, form = "paper", seed = 0 }
n_bootstrap = 5
criteria = ["kendall_tau"]
[[estimators]]
name = "oneshot"
label = "deiso"
epochs = 2
checkpoints = [1]
net = { channels = 2, n_cells = 1, n_stages = 1 }
[[estimators]]
name = "zeroshot"
proxies = ["n_params", "n_convs", "macs"]
net = { channels = 2, n_cells = 1, n_stages = 1 }
"""
OF_NB201 = """
title = "an example's"
benchmark = { name = "nb201", path = "nowhere.parquet" }
[[estimators]]
name = "zeroshot"
"""
# {study}, {factors}: finished studies, {truths}: a folder with one, {nb201}: one of nb201; {table}, {other}: trainings;
# {five}: a ground truth
ARGUMENTS = {
    "any_networks.py": "{five} {out}/page.html",
    "beyond_parameters.py": "{cwi} 10",
    "bibtex_and_tables.py": "{study} {out}/tables",
    "compare_truths.py": "{table} {other}",
    "copy_and_edit.py": "{out}",
    "count_baselines.py": "",
    "crops_baselines.py": "",
    "describe_truth.py": "digits-resnet",
    "draws.py": "2 1",
    "estimator_ablations.py": "{terms} 20",
    "estimator_figure.py": "{nb201} {out}/estimator.png",
    "estimator_judged.py": "{nb201} mine 20",
    "estimator_part.py": "{study} 12 1",
    "estimator_measured.py": "choice {out}/scores.csv 3 --seeds 0 --small --data digits --without gradient_flatness",
    "estimator_survey.py": "{cwi} 10",
    "finding_intervals.py": "{truths} 10",
    "findings.py": "{truths} 10",
    "judge_dataframe.py": "{out}",
    "landscape_differences.py": "{factors} oneshot",
    "layer_profile.py": "{out}/figure.png",
    "markdown_table.py": "{study}",
    "nb101_views.py": "",
    "limit_on_latency.py": "{out}/truth.csv",
    "nb201_rivals.py": "{out}/scores.csv 6 digits",
    "numbering.py": "1 1",
    "oneshot_findings.py": "{study}",
    "values_by_cost.py": "{study}",
    "oneshot_mutations.py": "{study}",
    "only_size.py": "30",
    "other_truths.py": "{nb201}",
    "over_datasets.py": "60",
    "own_features.py": "{out}",
    "own_images.py": "{out}",
    "own_proxy.py": "",
    "own_proxy_survey.py": "{out}/survey 6",
    "own_sampler.py": "{out}/sampler 1",
    "own_space.py": "{out} 6",
    "pairs_and_dropout.py": "2 1",
    "paper.py": "{out}",
    "pilot_truths.py": "{table} {other}",
    "precision.py": "1 nb201",
    "predictor_break_even.py": "{out}/study 60",
    "published_beside_ours.py": "",
    "random_kills.py": "{study}/study.toml 1 0 processes --set archs.n=80",
    "rebuild_truth.py": "digits-resnet 1",
    "regression_scale.py": "1",
    "rival_costs.py": "1",
    "same_cells.py": "{study} {study}",
    "search_curve.py": "{out} 12",
    "scores_from_csv.py": "{out}",
    "subset_supernet.py": "{out}/subset 1 12",
    "supernet_factors.py": "{factors} --figure {out}/figure.png",
    "survey_findings.py": "{truths} 10",
    "synflow_preference.py": "400",
    "truths_table.py": "digits-resnet",
    "vote_by_sorting.py": "{nb201}",
}
SAYS = {  # what stands in what it prints
    "any_networks.py": r"conv 1d +conv 2d +linear +mlp +vit[\s\S]*has no ReLU",
    "compare_truths.py": r"40 architectures\ndigits-nb201: single seeds 0\.\d+, halves 0\.\d+, "
    r"published (?:1\.000|0\.99\d)",
    "beyond_parameters.py": r"\| `\w+` \| -?[01]\.\d+ \[[^]]+\] \| (--|-?[01]\.\d+ \[[^]]+\]) \| [01]\.\d\d \|",
    "bibtex_and_tables.py": r"\d\d tables, \d\d references, \d+ scores",
    "copy_and_edit.py": r"synflow +-?0\.\d+ +-?\d\.\d+ +-?\d\.\d+ +20",
    "count_baselines.py": r"parameters, live edges +0\.\d+",
    "crops_baselines.py": r"linear 0\.\d+, moments 0\.\d+",
    "describe_truth.py": r"n_params +-?0\.\d+[\s\S]*depth of stage 1",
    "draws.py": r"gates: -?0\.\d+ ± 0\.\d+",
    "estimator_ablations.py": r"\| whole \| -?0\.\d+ \|[\s\S]*without P \| -?0\.\d+ \| [+-]0[\s\S]*\| 20 candidates",
    "estimator_figure.py": r"mine +1\.0",
    "estimator_judged.py": r"cifar100, all classes[\s\S]*`mine` \| 1\.000 \[1\.000, 1\.000\] \| +\|",
    "estimator_part.py": r"^\d+ of \d+ tasks of the study are done$",
    "estimator_measured.py": r"cwi, effective +KD -?[01]\.\d+ +P@5% [01]\.\d+ +n 3\n",
    "estimator_survey.py": r"`cwi` \| difference \| `cwi_rank` [\s\S]*\| cwi \| 12 \| `\w+` -?0\.\d+ \[",
    "finding_intervals.py": r"tau, last minus first epoch \| [+-]0\.\d+ \[[+-]0[\s\S]*\| P@bottom 5% minus P@top 5% ",
    "findings.py": r"loss instead of accuracy \| [+-]0\.\d+ \[[\s\S]*\| deiso, epoch 1 \| -?0\.\d+, [+-]0\.\d+, [+-]",
    "judge_dataframe.py": r"noise ceiling +\.\d+ [\s\S]*n_params +\.\d+",
    "landscape_differences.py": r"\| oneshot \| tracked( \| -?\d+\.\d+ \[-?[\d.]+, -?[\d.]+\]){3} \|",
    "layer_profile.py": r"with skip: snip [\d.e+-]+ in the last convolution",
    "limit_on_latency.py": r"latency_ms < 1\.5 +10 +0\.9\d+ [\s\S]* 224 +300",
    "markdown_table.py": r"\| noise_ceiling \| [\s\S]*\| synflow \| -?\.\d+ \[-?\.\d+, -?\.\d+\] \(\.\d+\*?\)",
    "nb101_views.py": r"nb101: 150 architectures, 77 cells: KD 0\.\d+, rho 0\.\d+",
    "nb201_rivals.py": r"\| `az_nas` \| -?\d\.\d+ \[-?\d\.\d+, -?\d\.\d+\] \| -?\d\.\d+ \|  \| 6 \|",
    "numbering.py": r"random forest, draw 1: 0\.\d+, alphabetical 0\.\d+",
    "oneshot_findings.py": r"\*\*Kendall's tau by epoch[\s\S]*\| oneshot \| 1 \| ",
    "values_by_cost.py": r"\| oneshot_loss, 1 epochs \| \d+ \| 0 \| -?0\.\d{3} \| \d\.\d{3} \|",
    "oneshot_mutations.py": r"\| oneshot \| 1 \| accuracy \| -?0\.\d{3} \|",
    "only_size.py": r"relu_logdet +kendall_tau +-?0\.\d+ [\s\S]*synflow +partial_spearman_rho +-?0\.\d+",
    "other_truths.py": r"cifar10 +cifar100 +imagenet16-120\n[\s\S]*kendall_tau +mine +1\.0+ +1\.0+ +1\.0+\n",
    "over_datasets.py": r"cifar100 [\s\S]*mean +-?0\.\d+ [\s\S]*"
    r"'p_sign': 0\.25, 'p_wilcoxon': 0\.25, 'p_attainable': 0\.25",
    "own_features.py": r"encoding +0\.\d+[\s\S]*both +0\.\d+[\s\S]*features +0\.\d+",
    "own_images.py": r"noise ceiling +−?\.\d+ \[[^\n]*\] +8\s[\s\S]*naswot",
    "own_proxy.py": r"grad_max +-?0\.\d+",
    "own_proxy_survey.py": r"nb101 +logit_spread +-?0\.\d+[\s\S]*resnet +logit_spread +-?0\.\d+",
    "own_sampler.py": r"convolutions +−?\.\d+ \[",
    "own_space.py": r"n_params +−?\d?\.\d+ .* 6\s",
    "pairs_and_dropout.py": r"gates, random pairs, dropout: -?0\.\d+, difference [+-]0\.\d+ ± 0\.\d+",
    "paper.py": r"\nestimator & Kendall \$\\tau\$ \$\\uparrow\$ & P@top 5\\%[\s\S]*noise ceiling & \.\d+ ",
    "pilot_truths.py": r"40 cells, 4 seeds[\s\S]*digits-nb201 over other: 0\.000 \[0\.000, 0\.000\]",
    "precision.py": r"\| snip \| [\d.e+-]+ \|[\s\S]*layouts, float64: nb201 ",
    "predictor_break_even.py": r"random_forest \+n_params +relu_logdet +(?:\d+\.\d+|beyond)",
    "published_beside_ours.py": r"ours: 0\.\d+ \[0\.\d+, 0\.\d+\], 150 cells; Ning et al\. 2021, Tab\. A9: 0\.\d+",
    "random_kills.py": r"two processes \| driver \| 1 \| \d of \d+ \| equal[\s\S]*worker \| 1 \| \d of \d+ \| equal",
    "rebuild_truth.py": r"digits-resnet: [01] of 1 equal to the bit; largest difference 0\.\d+ of an accuracy, 0\.\d+",
    "regression_scale.py": r"gates, standardised: -?0\.\d+, -?0\.\d+, -?0\.\d+",
    "rival_costs.py": r"\| `gradients` \| one forward and backward pass \| 1\.0 \|\n\| `cells` \|.* \| \d+\.\d \|",
    "same_cells.py": r"synflow +-?0\.\d+ +-?\d\.\d+ +-?\d\.\d+ +12",
    "search_curve.py": r"evolution, macs +12 +0\.\d+ +0\.\d+ +0\.\d+ +0\.\d+ +10",
    "scores_from_csv.py": r"epoch +\n1 +0\.\d+ [\s\S]*10 +0\.\d+ [\s\S]*report\.html",
    "subset_supernet.py": r"draw 3, all: whole -?0\.\d+ ± 0\.\d+, subset-2 -?0\.\d+ ± 0\.\d+",
    "supernet_factors.py": r"main +found_accuracy +bn: batch -> tracked +[+-]\d+\.\d+ \[[+-][\d.]+, [+-][\d.]+\]  \w+",
    "survey_findings.py": r"epoch 1 \| -?0\.\d+[\s\S]*\| multiply-accumulates over parameters \| [+-]0\.\d+",
    "synflow_preference.py": r"all \d+ pairs: the truth rises in [\d.]+%, synflow in [\d.]+%",
    "truths_table.py": r"`digits-resnet` \| 500 x 4 [\s\S]* 0\.797 \| \| \| 0\.258 \| 0\.126 \|",
    "vote_by_sorting.py": r"sorted by majority: -?0\.\d+ to -?0\.\d+ over 20 orders",
}


LOAD = benchmarks.load


def stand_in():
    """One row an architecture, as in the tables of real benchmarks: 150 cells of digits-nb201, mean accuracies."""
    trained = LOAD("digits-nb201")
    whole = [arch for arch in trained.archs if "none" not in arch]  # so that every operation is in a draw of 78
    small = trained.only(whole[:150])
    truth = small.truth.groupby(["arch", "iso_class"], as_index=False)["accuracy"].mean().assign(seed=pd.NA)
    complexity = small.complexity.set_index("arch").loc[truth["arch"]].reset_index()
    named = {"name": "nb201", "space": NB201(), "provenance": {}, "facts": {"n_classes": 77}}
    return Benchmark(**named, truth=truth, replicates=None, complexity=complexity)


def loaded(name, **options):
    """Of real benchmarks the stand-in, whatever view or data set is asked for; others as they are."""
    real = (name if isinstance(name, str) else name.get("name")) in ("nb201", "nb101")
    return stand_in() if real else LOAD(name, **options)


def of_nb201(folder, scores):
    """A study of nb201 whose first task left these scores."""
    store = Store.open(folder, tables_of(OF_NB201, folder.name), OF_NB201)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benchmarks, "load", loaded)
        key = Run.load(folder).plan.tasks[0].key
    store.write("errors", key, empty(ERRORS))
    store.write("scores", key, scores)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """What examples read: a finished study, one of nb201 as far as it is read, and tables of trainings."""
    place = tmp_path_factory.mktemp("examples")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "write", lambda *_, **options: None)
        running.run_text(STUDY, place / "study", where="s.toml", workers="serial").bundle()
        running.run_text(FACTORS, place / "factors", where="f.toml", workers="serial").bundle()
        running.run_text(CWI, place / "cwi", where="c.toml", workers="serial").bundle()
        running.run_text(TRUTHS, place / "truths" / "digits", where="t.toml", workers="serial").bundle()
    archs = stand_in().truth
    noise = np.random.default_rng(0).random((3, len(archs)))
    guesses = {"mine": archs["accuracy"], **dict(zip(("relu_logdet", "jacob_cov", "synflow"), noise, strict=True))}
    scores = pd.concat(archs[["arch"]].assign(estimator=name, seed=0, score=guess) for name, guess in guesses.items())
    of_nb201(place / "nb201", scores)
    terms = FORMS["spread"].proxies
    drawn = np.random.default_rng(1).random((len(terms), len(archs)))
    parts = [archs[["arch"]].assign(estimator=name, seed=0, score=x) for name, x in zip(terms, drawn, strict=True)]
    of_nb201(place / "terms", pd.concat(parts))
    rows = pd.read_parquet(TABLE)
    rows = rows[rows["arch"].isin(archs["arch"].head(40))]
    for name in ("digits-nb201", "other"):
        rows.to_parquet(place / f"{name}.parquet")
        (place / f"{name}.json").write_text(TABLE.with_suffix(".json").read_text(encoding="utf-8"), encoding="utf-8")
    names = ("linear", "mlp", "conv 1d", "conv 2d", "vit")
    pd.DataFrame({"arch": names, "accuracy": [0.9, 0.95, 0.93, 0.97, 0.85]}).to_csv(place / "five.csv", index=False)
    return {
        "study": place / "study",
        "factors": place / "factors",
        "cwi": place / "cwi",
        "truths": place / "truths",
        "nb201": place / "nb201",
        "terms": place / "terms",
        "table": place / "digits-nb201.parquet",
        "other": place / "other.parquet",
        "five": place / "five.csv",
    }


@pytest.mark.long
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_an_example_runs_and_prints_numbers(path, folders, tmp_path, monkeypatch, capsys, without_ink):
    assert {other.name for other in EXAMPLES.glob("*.py")} == set(ARGUMENTS) == set(SAYS)
    if path.name == "crops_baselines.py":
        pytest.importorskip("skimage", reason="the extra crops is not installed")
    for name, options in CROPS.items():
        monkeypatch.setitem(CROPS, name, replace(options, n_train=20, n_valid=4, n_test=8))
    arguments = ARGUMENTS[path.name].format(out=tmp_path, **folders).split()
    monkeypatch.setattr(benchmarks, "load", loaded)
    monkeypatch.setattr(SPACES, "_entries", dict(SPACES._entries))  # some add one of their own
    monkeypatch.setattr(running, "run", partial(running.run, workers="serial"))
    monkeypatch.setattr(running, "write", lambda *_, **options: None)
    monkeypatch.syspath_prepend(str(EXAMPLES))  # as where a script is run
    monkeypatch.setattr(sys, "argv", [str(path), *arguments])
    runpy.run_path(str(path), run_name="__main__")
    out = capsys.readouterr().out
    assert re.search(SAYS[path.name], out), out
    assert not re.search(r"\bnan\b", out.lower()), out
    assert [tmp_path / "figure.png"] == list(tmp_path.glob("*.png")) or path.name != "layer_profile.py"


def needed(path):
    """How many arguments its docstring names, 0 where it has none or parses them itself."""
    text = path.read_text(encoding="utf-8")
    usage = re.search(r"python \S+\.py[^\n`]*", text)
    return n_needed(usage[0]) if "sys.argv" in text and usage else 0


NEEDING = [path for path in sorted(EXAMPLES.glob("*.py")) if needed(path)]


@pytest.mark.parametrize("path", NEEDING, ids=lambda path: path.name)
def test_an_example_without_its_arguments_ends_with_its_usage(path, monkeypatch, capsys):
    assert len(ARGUMENTS[path.name].split()) >= needed(path)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.setattr(sys, "argv", [str(path), *["x"] * (needed(path) - 1)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(path), run_name="__main__")
    out, error = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert error.startswith(f"usage: python examples/{path.name} ") and error.count("\n") == 1


def test_the_examples_that_need_arguments_are_these():
    first = r"main\(sys.argv\[1\]|Path\(sys.argv\[1\]\)"
    fixed = [path for path in EXAMPLES.glob("*.py") if re.search(first, path.read_text(encoding="utf-8"))]
    assert len(fixed) > 10 and set(fixed) <= set(NEEDING)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_an_examples_study_or_recipe_is_one(path):
    text = path.read_text(encoding="utf-8")
    kind = Study if "[[estimators]]" in text else Recipe
    assert parse(text, kind, path.name).title
