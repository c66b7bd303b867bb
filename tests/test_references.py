"""References to one's own files: in every registry, from TOML with all kinds of workers, and never with old code."""

import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasgauge.analyses import ANALYSES
from nasgauge.benchmarks import BENCHMARKS, Benchmark, load
from nasgauge.core import references
from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.core.places import paths_from
from nasgauge.core.registry import Registry
from nasgauge.core.store import Store
from nasgauge.criteria import CRITERIA, Criterion, resolve
from nasgauge.estimators import ESTIMATORS
from nasgauge.estimators.oneshot import SAMPLERS, Sampler
from nasgauge.estimators.predictors import ENCODERS, LOSSES, Encoder
from nasgauge.estimators.zeroshot import PROXIES, Proxy
from nasgauge.images import DATASETS, load_images
from nasgauge.nets import NETS, SUPERNETS
from nasgauge.report import labels
from nasgauge.search import SEARCHES, Search
from nasgauge.spaces import SPACES, Space, get_space
from nasgauge.studies import run as running
from nasgauge.studies.run import Run
from nasgauge.studies.schema import Study

ALL = (ANALYSES, BENCHMARKS, CRITERIA, SAMPLERS, ENCODERS, LOSSES, PROXIES, ESTIMATORS, DATASETS, NETS, SUPERNETS,
       SEARCHES, SPACES)  # fmt: skip
PLUGIN = Path(__file__).parent / "plugin_package"
OWN = f"""
import sys
import numpy as np, torch
sys.path.append({str(PLUGIN)!r})
from nas_chains import Chain, load as chains
from nas_plugin import NameLengthConfig, draw_range, score_range
from nasgauge.analyses import Analysis
from nasgauge.benchmarks import load
from nasgauge.criteria import Criterion
from nasgauge.estimators.oneshot import Sampler
from nasgauge.estimators.zeroshot import as_proxy

NUMBER = 3

def proxy(network, batch):
    "Number of modules. And more."
    return len(list(network.modules()))

@as_proxy(needs={{"gradients"}})
def steep(record):
    return max(float(g.abs().max()) for g in record.gradients.weights)

def sampler(space, *, rng, n=1):
    while True:
        yield [space.sample(rng) for _ in range(n)]

def criterion(score, truth, *, power=1):
    "Mean product."
    return float(np.mean((score * truth) ** power))

lower = Criterion(criterion, better="lower", title="Mean product")

def search(space, objective, candidates, *, budget, rng):
    "A few candidates."

def encoder(seed):
    from sklearn.tree import DecisionTreeRegressor
    return DecisionTreeRegressor(random_state=seed)

def loss(score, accuracy):
    return ((score - accuracy) ** 2).mean()

def images():
    return np.zeros((6, 1, 8, 8), dtype="float32"), np.arange(6) % 3

def images_of(path):
    return torch.zeros(4, 1, 8, 8), torch.arange(4) % 2

def network(arch, options):
    return torch.nn.Linear(1, 1)

def blueprint(space, net, supernet):
    return None

def benchmark(*, trainings: int = 2):
    return chains(trainings=trainings)

space = Chain()
truth = chains()
analysis = Analysis(name="mine", question="?", section="agreement", compute=score_range, draw=draw_range, size=(4, 2))
"""
GOOD = {
    "proxy": ("proxy", "steep"), "sampler": ("sampler",), "criterion": ("criterion", "lower"), "search": ("search",),
    "encoder": ("encoder",), "loss": ("loss",), "data set": ("images", "images_of"), "network": ("network",),
    "supernet": ("blueprint",), "benchmark": ("benchmark", "truth"), "search space": ("space", "Chain"),
    "analysis": ("analysis",), "estimator": ("NameLengthConfig",),
}  # fmt: skip
BAD = {kind: "NUMBER" for kind in GOOD} | {"sampler": "loss", "proxy": "sampler_of_three", "loss": "encoder"}
TYPES = {"proxy": Proxy, "sampler": Sampler, "criterion": Criterion, "search": Search, "encoder": Encoder}


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for registry in (SPACES, BENCHMARKS, CRITERIA, PROXIES, SAMPLERS, ESTIMATORS, ANALYSES):
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))  # the plugin's modules register theirs
    for name in ("nas_chains", "nas_plugin"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield tmp_path
    for name in ("nas_chains", "nas_plugin"):
        sys.modules.pop(name, None)


CASES = [(registry, name) for registry in ALL for name in GOOD[registry.kind]]


@pytest.mark.parametrize(("registry", "name"), CASES, ids=lambda part: getattr(part, "kind", part))
def test_every_registry_finds_what_a_file_defines(registry, name, own):
    text = f"own.py:{name}"
    assert text in registry and text not in set(registry)
    entry = registry.find(text)
    assert entry is registry[text] is registry[str(own / text)] and registry.in_tables(name) is entry
    assert isinstance(entry, TYPES.get(registry.kind, object)) and (callable(entry) or registry.kind in TYPES or
                                                                    registry is ANALYSES)  # fmt: skip
    assert len(registry) == len(list(registry)), "a reference is not registered"


@pytest.mark.parametrize("registry", ALL, ids=lambda one: one.kind)
def test_every_registry_says_in_one_line_what_is_wrong(registry, own):
    (own / "fails.py").write_text("1 / 0", encoding="utf-8")
    with (own / "own.py").open("a", encoding="utf-8") as file:
        file.write("def sampler_of_three(one, two, three): ...\n")
    name = GOOD[registry.kind][0]
    cases = {
        f"absent.py:{name}": "absent.py: no such file; write a reference as my_file.py:name",
        f"own.py:{name}x": f"own.py: unknown name '{name}x'; nearest: {name}",
        f"fails.py:{name}": "fails.py: importing it failed (ZeroDivisionError: division by zero); fix the file",
        f"no_such_module:{name}": "'no_such_module' cannot be imported",
        f"own.py:{BAD[registry.kind]}": f"{registry.kind} ",
        ":": "':' is not a reference; write my_file.py:name or package.module:name",
    }
    for text, says in cases.items():
        with pytest.raises(UserError) as error:
            registry.find(text)
        assert says in str(error.value) and "\n" not in str(error.value)
    with pytest.raises(UserError, match="a name with a colon is a reference; choose another name"):
        registry.register("a:b", None)


def test_a_module_is_referred_to_by_its_name(own):
    (own / "pack").mkdir()
    (own / "pack" / "__init__.py").touch()
    (own / "pack" / "inner.py").write_text("def mine(score, truth):\n    return 0.5\n", encoding="utf-8")
    assert resolve("pack.inner:mine")([1, 2], [1, 2]) == 0.5


def test_what_a_reference_yields_is_of_use(own):
    criterion = resolve({"name": "own.py:criterion", "power": 2})
    assert criterion.name == "criterion(power=2)" and criterion(np.array([2.0]), np.array([3.0])) == 36.0
    assert labels.heading("criterion(power=2)", None).title == "Mean product"
    resolve("own.py:lower")
    assert labels.heading("lower", None).better == "lower" and labels.heading("lower", None).reference is None
    assert isinstance(get_space("own.py:space"), Space) and get_space("own.py:Chain").name == "chains"
    truth = load({"name": "own.py:benchmark", "trainings": 3})
    assert isinstance(truth, Benchmark) and truth.truth["seed"].nunique() == 3
    with pytest.raises(UserError, match=r"unknown option 'training'; did you mean 'trainings'?"):
        load({"name": "own.py:benchmark", "training": 3})
    data = load_images("own.py:images", n=4, rng=np.random.default_rng(0))
    assert data.images.shape == (4, 1, 8, 8) and data.n_classes == 3 and data.name == "images"
    with pytest.raises(UserError, match="'kendall_tau' is the name of a registered criterion"):
        (own / "same.py").write_text("def kendall_tau(score, truth): ...", encoding="utf-8")
        resolve("same.py:kendall_tau")


@pytest.mark.parametrize(
    ("draws", "says"),
    [
        ("yield space.sample(rng)", "a step; give a list of architectures"),
        ("yield [space.sample(rng)]", "ended; a sampler draws for ever"),
        ("return [space.sample(rng)]", "gives an object of type list; write it as a generator"),
    ],
)
def test_what_a_sampler_of_ones_own_draws_is_checked(draws, says, own):
    (own / "draws.py").write_text(f"def mine(space, *, rng):\n    {draws}\n", encoding="utf-8")
    with pytest.raises(UserError, match=f"sampler 'mine': .*{says}"):
        list(SAMPLERS.find("draws.py:mine")(get_space("nb201"), rng=np.random.default_rng(0)))


def test_a_registry_without_adapt_takes_its_type(own):
    shapes = Registry("shape", {}, group="nasgauge.shape", of=int)
    assert shapes.find("own.py:NUMBER") == 3
    with pytest.raises(UserError, match=r"shape '.*own.py:proxy' is of type function; give one of type int"):
        shapes.find("own.py:proxy")


# How a study uses them

STUDY = """
title = "Of one's own"
benchmark = "digits-nb201"
archs = { n = 6 }
criteria = ["kendall_tau", "own.py:criterion"]
n_bootstrap = 5
[[estimators]]
name = "zeroshot"
proxies = ["n_params", "own.py:proxy", "own.py:steep"]
net = { channels = 2, n_cells = 1, n_stages = 1 }
batch_size = 8
"""
CODE = """
import torch
from helper import FACTOR

def proxy(network, batch):
    return FACTOR * len(list(network.modules()))

def steep(record):
    return max(float(g.abs().max()) for g in record.gradients.weights)

def criterion(score, truth):
    return float((score * truth).mean())

def sampler(space, *, rng):
    while True:
        yield [space.sample(rng)]
"""


@pytest.fixture
def folder(tmp_path, without_a_page, monkeypatch):
    """A study and the files that it refers to, away from the current folder."""
    (tmp_path / "here").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "here" / "own.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "here" / "helper.py").write_text("FACTOR = 2\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(sys, "path", [*sys.path])
    forget(monkeypatch)
    yield tmp_path / "here"
    forget(monkeypatch)


def forget(monkeypatch):
    """As in a new process."""
    monkeypatch.setattr(references, "_files", {})
    monkeypatch.setattr(references, "_imported", {})
    sys.modules.pop("helper", None)


def run(folder, text=STUDY, out="out", workers="serial"):
    return running.run_text(text, folder / out, where="own", folder=folder, workers=workers, n_workers=2)


def parts(folder, table="scores", out="out"):
    return Store.existing(folder / out).keys(table)


@pytest.mark.long
@pytest.mark.parametrize("workers", ["serial", "processes", pytest.param("ray", marks=pytest.mark.full)])
def test_a_study_names_functions_of_a_file_in_its_folder(folder, workers):
    if workers == "ray":
        pytest.importorskip("ray", reason="Ray is not installed")
    made = run(folder, workers=workers)
    values = made.values
    assert {*values["estimator"]} == {"n_params", "proxy", "steep"}
    assert {*values["criterion"]} == {"kendall_tau", "criterion"} and made.bundle().errors.empty
    assert "own.py" in (folder / "out" / "study.toml").read_text(encoding="utf-8")
    assert str(folder) not in (folder / "out" / "study.toml").read_text(encoding="utf-8")
    assert str(folder) not in str(made.bundle().study) and "own.py:proxy" in str(made.bundle().study)
    again = Run.load(folder / "out")  # from another folder
    pd.testing.assert_frame_equal(again.values, values)


def test_scores_of_edited_code_are_computed_and_those_of_the_same_code_kept(folder, monkeypatch):
    first = run(folder).scores.set_index(["estimator", "arch"])["score"]
    before = parts(folder)
    run(folder)
    assert parts(folder) == before
    moved = folder.parent / "moved"
    moved.mkdir()
    for name in ("own.py", "helper.py"):
        (moved / name).write_text((folder / name).read_text(encoding="utf-8"), encoding="utf-8")
    forget(monkeypatch)
    running.run_text(STUDY, folder / "out", where="own", folder=moved, workers="serial")
    assert parts(folder) == before, "the content decides, not the path"
    (folder / "own.py").write_text(CODE.replace("FACTOR *", "10 * FACTOR *"), encoding="utf-8")
    forget(monkeypatch)
    second = run(folder).scores.set_index(["estimator", "arch"])["score"]
    assert (second["proxy"] == 10 * first["proxy"]).all() and len(parts(folder)) == 2 * len(before)


def test_edited_code_is_seen_without_a_new_process(folder):
    first = run(folder).scores.set_index(["estimator", "arch"])["score"]
    (folder / "own.py").write_text(CODE.replace("FACTOR *", "10 * FACTOR *"), encoding="utf-8")
    second = run(folder).scores.set_index(["estimator", "arch"])["score"]
    assert (second["proxy"] == 10 * first["proxy"]).all() and (second["steep"] == first["steep"]).all()


def test_an_edited_module_that_the_file_imports_counts_too(folder, monkeypatch):
    first = run(folder).scores.set_index(["estimator", "arch"])["score"]
    (folder / "helper.py").write_text("FACTOR = 6\n", encoding="utf-8")
    os.utime(folder / "helper.py", (2e9, 2e9))  # compiled files are known by the second of the source, and its size
    with pytest.raises(UserError, match=r"helper.py: has changed since this process imported it; restart Python"):
        run(folder)
    forget(monkeypatch)
    second = run(folder).scores.set_index(["estimator", "arch"])["score"]
    assert (second["proxy"] == 3 * first["proxy"]).all()


DEPENDENT = """
title = "Learned from one's own"
benchmark = "digits-nb201"
archs = { n = 30 }
criteria = ["kendall_tau"]
n_bootstrap = 5
[[estimators]]
name = "zeroshot"
proxies = ["own.py:proxy"]
net = { channels = 2, n_cells = 1, n_stages = 1 }
batch_size = 8
[[estimators]]
name = "predictor"
encoder = "scores_forest"
features = ["proxy"]
n_fit = 20
[[estimators]]
name = "predictor"
encoder = "random_forest"
n_fit = 20
[[estimators]]
name = "oneshot"
sampler = "own.py:sampler"
epochs = 1
net = { channels = 2, n_cells = 1, n_stages = 1 }
[[estimators]]
name = "inherited"
proxies = ["n_params"]
"""


def keys(folder):
    plan = run(folder, DEPENDENT).plan
    found = {}
    for task in plan.tasks:
        found.setdefault(task.estimator, set()).add(task.key)
    return found


@pytest.mark.long
def test_what_rests_on_edited_code_is_computed_again_and_nothing_else(folder):
    """Also the supernet, whose checkpoints lie under its label; the forest that reads architectures is kept."""
    before = keys(folder)
    assert len(list((folder / "out" / "checkpoints").iterdir())) == 1
    (folder / "own.py").write_text(CODE + "\n# edited\n", encoding="utf-8")
    after = keys(folder)
    assert {i for i in before if before[i] != after[i]} == {0, 1, 3, 4} and before[2] == after[2]
    assert len(list((folder / "out" / "checkpoints").iterdir())) == 2


def test_code_that_is_edited_during_a_run_gives_no_scores(folder, monkeypatch):
    study = parse(STUDY, Study, "own", folder)
    made = Run(study, Store.open(folder / "out", study.model_dump(exclude_unset=True)))
    assert made.plan.tasks
    (folder / "own.py").write_text(CODE + "\n# edited\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"own.py:proxy, own.py:steep: the code was edited during the run"):
        made.execute(workers="serial")
    assert not parts(folder)


def test_studies_without_references_keep_their_keys():
    text = STUDY.replace(', "own.py:proxy", "own.py:steep"', "").replace(', "own.py:criterion"', "")
    study = parse(text, Study, "plain")
    from nasgauge.core.store import key_of
    from nasgauge.studies.plan import Plan

    plan = Plan.of(study)
    config = study.estimators[0]
    part = tuple(plan.benchmark.archs)
    assert [t.key for t in plan.tasks] == [key_of(["zeroshot", config.options, 0, part])] and not config.code


def test_two_estimators_of_one_name_are_refused(folder):
    (folder / "other.py").write_text("def proxy(network, batch):\n    return 1.0\n", encoding="utf-8")
    second = '[[estimators]]\nname = "zeroshot"\nproxies = ["other.py:proxy"]\n'
    with pytest.raises(UserError, match="'proxy' stands twice in the study; give it another label"):
        run(folder, STUDY + second)
    (folder / "own.py").write_text(CODE.replace("def proxy", "def synflow"), encoding="utf-8")
    with pytest.raises(UserError, match="'synflow' is the name of a registered proxy; choose another name for it"):
        run(folder, STUDY.replace("own.py:proxy", "own.py:synflow"))


def test_an_estimator_of_ones_own_is_named_by_its_class(own):
    text = (
        'title = "t"\nbenchmark = "digits-nb201"\narchs = { n = 5 }\n[[estimators]]\nname = "own.py:NameLengthConfig"\n'
    )
    study = parse(text + "power = 2.0\n", Study, "own")
    config = study.estimators[0]
    assert config.names() == ("name_length",) and config.power == 2.0 and config.code
    assert study.model_dump(exclude_unset=True)["estimators"][0]["name"] == str(own / "own.py:NameLengthConfig")
    restored = pickle.loads(pickle.dumps(study)).estimators[0]
    assert restored == config and restored.code == config.code
    with pytest.raises(UserError, match="unknown key 'powr'"):
        parse(text + "powr = 2.0\n", Study, "own")


WHOLE = """
title = "All of one's own"
benchmark = { name = "own.py:benchmark", trainings = 2 }
archs = { n = 12 }
criteria = ["own.py:criterion", "own.py:lower"]
n_bootstrap = 2
[[estimators]]
name = "own.py:NameLengthConfig"
"""


def test_a_report_without_any_citation_key(own, without_ink):
    with (own / "own.py").open("a", encoding="utf-8") as file:
        file.write("del Chain.reference\n")
    made = run(own, WHOLE)
    assert made.plan.space.reference is None
    page = made.report().read_text(encoding="utf-8")
    assert "name_length" in page and "Mean product" in page and "None," not in page and str(own) not in page


def test_a_neighbour_is_not_mistaken_for_that_of_another_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    forget(monkeypatch)
    for name, value in (("one", 1), ("two", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "helper.py").write_text(f"FACTOR = {value}\n", encoding="utf-8")
        (tmp_path / name / "own.py").write_text("from helper import FACTOR\n", encoding="utf-8")
    assert references.load(f"{tmp_path}/one/own.py:FACTOR") == 1
    with pytest.raises(UserError, match=r"imports 'helper', which is .*one.helper.py in this process"):
        references.load(f"{tmp_path}/two/own.py:FACTOR")
    forget(monkeypatch)


def test_texts_that_are_no_references_stay_as_they_are():
    tables = {"title": "own.py:x", "device": "cuda:0", "label": "a.py:b", "n": 3, "names": ["a", "b.py:c"]}
    with paths_from(Path("/there")):
        assert references.anchored(tables) == tables | {"names": ["a", f"{os.sep}there{os.sep}b.py:c"]}
    assert references.digest_of(tables | {"names": []}) == ""
