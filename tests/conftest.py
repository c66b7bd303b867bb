"""For all tests: one thread, the spaces that `make test` keeps, a kill halfway, folders, pages without ink.

One thread: tensors as small as theirs only lose by more, badly so on a busy machine.
"""

import io
import itertools
import json
import multiprocessing
import os
import select
import signal
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure

from nasgauge.analyses import ANALYSES
from nasgauge.benchmarks import BENCHMARKS
from nasgauge.core.store import Store
from nasgauge.criteria import CRITERIA
from nasgauge.estimators import ESTIMATORS
from nasgauge.estimators.oneshot import SAMPLERS
from nasgauge.estimators.predictors import ENCODERS, LOSSES
from nasgauge.estimators.zeroshot import PROXIES
from nasgauge.images import DATASETS
from nasgauge.nets import NETS, SUPERNETS
from nasgauge.search import SEARCHES
from nasgauge.spaces import SPACES
from nasgauge.studies import run as running

collect_ignore = ["plugin_package"]  # it registers what it brings when it is imported

# A test over every space runs over these by default, over the others too with `make test-all`; why these:
REPRESENTATIVES = {
    "nb201": "operations on the edges of one graph that is always the same, where `none` makes others dead",
    "nb101": "operations on the vertices of any graph, some of them absent, decisions that depend on each other",
    "nb101-1shot1-3": "operations on vertices whose numbers of parents are fixed; the largest of four, with loose ends",
    "darts": "two different cells, nodes with two inputs each; darts-nds adds `none`, and is alike otherwise",
    "nds-resnext-a": "no cells but depths, widths, bottleneck ratios and groups; nds-resnet has no ratios and groups",
}
# These go first: they wait for programs of their own or share one study; at the end one of two processes would idle.
LONG = ("tests/test_ray.py", "tests/test_plugins.py", "tests/test_accelerator.py", "tests/test_run")
REGISTRIES = (
    *(ANALYSES, BENCHMARKS, CRITERIA, SAMPLERS, ENCODERS, LOSSES, PROXIES, ESTIMATORS, DATASETS, NETS, SUPERNETS),
    *(SEARCHES, SPACES),
)
# Cases that took longer than this alone, one a line; `pytest --note-long` over all tests writes the file.
LONG_CASES, LONG_SECONDS = Path(__file__).with_name("long.txt"), 0.3
LEFT = pytest.StashKey[dict[str, list[bool]]]()


def space_of(item):
    """The space that a case is about: a parameter that names one, or the first entry of one that is a tuple."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    first = (value[0] if isinstance(value, tuple) and value else value for value in parameters)
    return next((value for value in first if isinstance(value, str) and value in SPACES), None)


@pytest.hookimpl(tryfirst=True)  # before cases are chosen by their marks
def pytest_collection_modifyitems(config, items):
    """Mark as `full` the cases of other spaces than the representatives, of tests that run over every space.

    And as `long` those of LONG_CASES.
    """
    functions, long = {}, set(LONG_CASES.read_text(encoding="utf-8").splitlines())
    for item in items:
        if item.nodeid in long:
            item.add_marker(pytest.mark.long)
        functions.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for cases in functions.values():
        spaces = {case: space_of(case) for case in cases}
        if set(SPACES) <= set(spaces.values()):
            for case in cases:
                if spaces[case] not in REPRESENTATIVES:
                    case.add_marker(pytest.mark.full)
    left = {name: [case.get_closest_marker("full") is not None for case in cases] for name, cases in functions.items()}
    config.stash[LEFT] = left
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))  # the rest keeps its order


def pytest_addoption(parser):
    parser.addoption("--note-long", action="store_true", help=f"write {LONG_CASES.name} anew from what this run takes")


def pytest_terminal_summary(terminalreporter, config):
    """With `--note-long`: the cases that took long, without what they share with others and without marked ones."""
    if not config.getoption("--note-long"):
        return
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, []) if r.when == "call"]
    found = sorted(r.nodeid for r in reports if r.duration >= LONG_SECONDS)
    LONG_CASES.write_text("".join(f"{nodeid}\n" for nodeid in found), encoding="utf-8")


@pytest.fixture
def long_cases():
    return LONG_CASES.read_text(encoding="utf-8").splitlines()


@pytest.fixture
def left_for_later(pytestconfig):
    """Of every test function that was collected, whether each of its cases is `full`."""
    return pytestconfig.stash[LEFT]


@pytest.fixture
def representatives():
    return REPRESENTATIVES


@pytest.fixture(autouse=True)
def registries_stay():
    """A test leaves every registry as it found it, the order too, by which pages and tables are arranged."""
    before = {registry.kind: list(registry) for registry in REGISTRIES}
    yield
    after = {registry.kind: list(registry) for registry in REGISTRIES}
    changed = [kind for kind in before if before[kind] != after[kind]]
    assert not changed, f"the registries of {changed} are not as before; replace `_entries` instead of single names"


@pytest.fixture(autouse=True)
def no_figure_stays():
    """Figures that pyplot keeps are closed after each test, so that none is there for another."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def blank_figures():
    """Pages whose figures are drawn but not put into SVG, which takes most of the time of a page; files have them."""
    put = Figure.savefig

    def blank(figure, out, **options):
        if isinstance(out, io.StringIO):
            out.write('<svg viewBox="0 0 72 72"></svg>')
        else:
            put(figure, out, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", blank)
        yield


without_ink = pytest.fixture(blank_figures, name="without_ink")
module_without_ink = pytest.fixture(blank_figures, name="module_without_ink", scope="module")


@pytest.fixture
def without_a_page(monkeypatch):
    """Studies that leave no page, for those who compare their tables."""
    monkeypatch.setattr(running, "write", lambda bundle, path, progress: None)


@pytest.fixture(scope="session")
def killed():
    return kill


def kill(work, folder, n, *, renamed):
    """Do `work` in a child process that is killed while it puts its n-th file into a room of `folder`.

    The child stops there by itself, once the file is written under its temporary name (or has been renamed), and says
    so: what is on the disk does not hang on how fast either process is. A child that ends before is an error.
    """
    reader, writer = os.pipe()
    child = multiprocessing.get_context("fork").Process(target=_stopped, args=(work, folder, n, renamed, writer))
    child.start()
    os.close(writer)
    heard = os.read(reader, 1) if select.select([reader], [], [], 300)[0] else b""
    os.close(reader)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert heard == b"." and child.exitcode == -signal.SIGKILL, "it ended, or did nothing, before it could be killed"


def _stopped(work, folder, n, renamed, writer):
    put, counted = os.replace, itertools.count(1)

    def replace(source, target):
        now = folder in Path(target).parent.parents and next(counted) == n
        if renamed or not now:
            put(source, target)
        if now:
            os.write(writer, b".")
            signal.pause()

    os.replace = replace
    work()


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
