"""One entry is all that a report needs: it knows no analysis by name, and shows what the entry says."""

import ast
import dataclasses
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasgauge import report
from nasgauge.analyses import ANALYSES, SECTIONS, Analysis, Bias
from nasgauge.analyses.toolkit.cells import Stroke
from nasgauge.judging import judge
from nasgauge.report import Bundle, render, write_figures
from nasgauge.spaces import NB201

NAMES = set(ANALYSES)
ROOM = Path(report.__file__).parent


def compute(scores, truth, space=None, *, complexity=None, rng):
    found = scores[scores["arch"].isin(truth["arch"])].groupby("estimator")["arch"].nunique().rename("n")
    return found.reset_index().assign(drawn=int(rng.integers(9)), sized=complexity is not None)


NEW = Analysis(
    name="brand_new",
    question="Is it new?",
    figure="Fig. 1",
    paper_finding="Someone (2021) found that it is.",
    section="cells",
    always=True,
    compute=compute,
    random=True,
    takes=("complexity",),
    counts="things",
    limit=10,
    draw=lambda table, ax, space=None: ax.text(0.5, 0.5, f"drawn of {len(table)}"),
    panel_by="estimator",
    size=(2.0, 1.0),
    caption="A caption of its own.",
    note=lambda table: f"A note on {len(table)} rows.",
    panel_note=lambda rows: f"Below {rows['estimator'].iloc[0]}.",
    legend=lambda table, space: {"dots": Stroke("#123456", "dotted"), "line": Stroke("#abcdef")},
    absence=lambda table, space: "" if space is not None else "A reason of its own.",
    biases=lambda table: {"x": (Bias("novelty", True, 0.5),)},
)


@pytest.fixture(scope="module")
def bundle():
    space, rng = NB201(), np.random.default_rng(0)
    archs = sorted({space.to_str(space.sample(rng)) for _ in range(30)})
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": rng.random(len(archs))})
    scores = [pd.DataFrame({"estimator": e, "arch": archs, "seed": 0, "score": rng.random(len(archs))}) for e in "xy"]
    scores = pd.concat(scores, ignore_index=True)
    values = judge(scores, truth, ["kendall_tau"], n_bootstrap=0, rng=rng)
    return Bundle(title="t", values=values, truth=truth, scores=scores, space=space)


@pytest.fixture
def alone(monkeypatch):
    """A registry of one analysis: a report that needed another one by name would fail."""

    return lambda entry: monkeypatch.setattr(ANALYSES, "_entries", {entry.name: entry})


def figure(page, name="brand_new"):
    """The element of one figure; "" where the page has none."""
    found = re.findall(rf'<figure data-name="{name}">.*?</figure>', page, re.DOTALL)
    assert len(found) <= 1
    return found[0] if found else ""


@pytest.mark.parametrize("section", SECTIONS)
def test_one_entry_is_shown_in_its_section_with_all_that_it_says(bundle, alone, section):
    alone(dataclasses.replace(NEW, section=section))
    page = render(bundle)
    n = bundle.truth["arch"].nunique()
    part = re.search(rf'<section id="{section}">.*?</section>', page, re.DOTALL)[0]
    assert SECTIONS[section].heading in part and f'<a href="#{section}">' in page
    shown = figure(part)
    notes = f"Computed on a random sample of 10 of {n} architectures. A caption of its own. A note on 2 rows."
    for text in (notes, "Is it new?", "n = 10 things.", "Someone (2021) found that it is.", "brand_new.csv"):
        assert text in shown
    assert re.findall(r"<h4>(.*?)</h4>", shown) == list(bundle.values.sort_values("value")["estimator"])[::-1]
    assert "Below x." in shown and "Below y." in shown and shown.count("drawn of 1") == 2 and "--column:148px" in shown
    swatch = '<li><span style="border-top-style:{};border-color:{}"></span>{}</li>'
    assert swatch.format("dotted", "#123456", "dots") in shown and swatch.format("solid", "#abcdef", "line") in shown
    assert "A reason of its own." not in page and page.count('class="text biases"') == 2
    assert page.count(">novelty ↑</span>") == 1 and page.count(">not known</span>") == 1  # x, and y


def test_a_reason_takes_the_place_of_panels_and_legend_or_the_figure_is_left_out(bundle, alone):
    unknown = dataclasses.replace(bundle, space=None)
    alone(NEW)
    shown = figure(render(unknown))
    assert "<p>A reason of its own.</p>" in shown and "A caption of its own." in shown
    assert "<svg" not in shown and "border-top-style" not in shown
    alone(dataclasses.replace(NEW, always=False))
    assert not figure(render(unknown)) and figure(render(bundle))
    alone(dataclasses.replace(NEW, needs=("lessons",)))
    assert not figure(render(bundle))


def test_an_entry_without_a_row_says_so_and_one_of_bare_necessities_is_shown(bundle, alone):
    nothing = {"compute": lambda *tables, **options: compute(*tables, **options)[:0]}
    alone(dataclasses.replace(NEW, **nothing, note=lambda table: pytest.fail("a note on no rows")))
    assert "Not shown" in figure(render(bundle))
    kept = ("name", "question", "paper_finding", "section", "draw", "size")
    steady = np.random.default_rng(0)
    alone(Analysis(**{name: getattr(NEW, name) for name in kept}, compute=lambda *tables: compute(*tables, rng=steady)))
    shown = figure(render(bundle))
    assert "drawn of 2" in shown and '<div class="single">' in shown
    assert f"n = {bundle.truth['arch'].nunique()} architectures" in shown and "border-top-style" not in shown


def test_a_table_may_decide_the_size_and_a_wide_panel_scrolls(bundle, alone):
    alone(dataclasses.replace(NEW, panel_by="", wide=True, size_of=lambda table: (3.0 * len(table), 1.0)))
    shown = figure(render(bundle))
    assert '<div class="single wide"' in shown and 'viewBox="0 0 432 72"' in shown
    assert "min-width:432px" in shown  # three quarters of 576


def test_it_becomes_a_file_beside_the_others_and_changes_none(bundle, alone, monkeypatch, tmp_path):
    other = ANALYSES["rank_scatter"]
    alone(other)
    [values, before] = [file.read_bytes() for file in write_figures(bundle, tmp_path / "before", kind="svg")]
    monkeypatch.setitem(ANALYSES, NEW.name, NEW)
    files = write_figures(bundle, tmp_path / "after", kind="svg")
    assert [file.stem for file in files] == ["values", other.name, NEW.name]
    assert [file.read_bytes() for file in files[:2]] == [values, before] and "drawn of 1" in files[2].read_text()


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.name)
def test_no_file_of_a_report_names_an_analysis(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert not texts & NAMES
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not imported & {f"nasgauge.analyses.{name}" for name in NAMES}


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.j2")), ids=lambda path: path.name)
def test_no_template_names_an_analysis(path):
    text = path.read_text(encoding="utf-8")
    code = " ".join(re.findall(r"{[{%].*?[%}]}", text, re.DOTALL))
    assert code and not NAMES & set(re.findall(r"\w+", code))
    assert not NAMES & set(re.findall(r'data-name="(\w+)"', text))
