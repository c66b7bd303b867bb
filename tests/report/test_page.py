"""The page: self-contained, escaped, the same every time, and whole in every corner case."""

import base64
import dataclasses
import gzip
import io
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from nasgauge.analyses import ANALYSES
from nasgauge.analyses.toolkit.analysis import LIMIT_BIAS
from nasgauge.core.errors import UserError
from nasgauge.core.tables import CEILING, ERRORS, VALUES, empty
from nasgauge.report import render, write
from nasgauge.report.gallery import exhibits

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Reader(HTMLParser):
    """Collects tags with attributes and visible text, and checks that elements nest."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.stack, self.text, self.ids = [], [], [], []
        self.feed(page)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [v for k, v in attrs if k == "id"]
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [v for k, v in attrs if k == "id"]

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if self.stack and self.stack[-1] not in ("script", "style"):
            self.text.append(data)

    def links(self):
        return [attrs[k] for _, attrs in self.tags for k in ("href", "src", "xlink:href", "data") if k in attrs]


@pytest.fixture(scope="module")
def page(bundle):
    return render(bundle)


@pytest.fixture(scope="module")
def reader(page):
    return Reader(page)


def words(reader):
    return " ".join(" ".join(reader.text).split())


def row_of(page, name):
    return next(row for row in criteria(page).split("<tr")[1:] if f">{name}</th>" in row)


def criteria(page):
    section = page[page.index('<section id="criteria">') :]
    return section[: section.index("</table>")]


def downloads(reader):
    found = {}
    for tag, attrs in reader.tags:
        if tag == "a" and "download" in attrs:
            content = base64.b64decode(attrs["href"].split("base64,")[1])
            content = gzip.decompress(content) if attrs["download"].endswith(".gz") else content
            found[attrs["download"].split(".")[0]] = pd.read_csv(io.BytesIO(content))
    return found


@pytest.mark.long
def test_nothing_is_requested_from_outside(reader, page):
    assert all(link.startswith(("#", "data:")) for link in reader.links())
    assert not re.search(r"url\((?!#)|@import|<link|<iframe", page)
    policy = next(a["content"] for t, a in reader.tags if t == "meta" and "http-equiv" in a)
    assert policy.startswith("default-src 'none'")


@pytest.mark.long
def test_a_hostile_name_is_shown_and_not_run(reader, page):
    kinds = [attrs.get("type") for tag, attrs in reader.tags if tag == "script"]
    assert sorted(kinds, key=str) == [None, "application/json"]  # the page's own, and data that is not run
    assert "<script>alert" not in page and '<script>alert("x")</script>$\\frac$ & \' 模' in words(reader)
    assert "<b>no</b> path" in words(reader)


def test_the_only_script_is_the_one_the_policy_names(page):
    import hashlib

    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page


def test_ids_are_unique_and_every_fragment_has_a_target(reader):
    assert len(reader.ids) == len(set(reader.ids))
    assert {link[1:] for link in reader.links() if link.startswith("#")} <= set(reader.ids)


@pytest.mark.long
def test_the_same_bundle_gives_the_same_bytes(bundle, page):
    assert render(bundle) == page


@pytest.mark.long
def test_drawing_leaves_nothing_global_changed(bundle):
    import matplotlib
    from matplotlib import _pylab_helpers

    before = dict(matplotlib.rcParams)
    render(dataclasses.replace(bundle, scores=bundle.scores.query("estimator == 'synflow'")))
    assert dict(matplotlib.rcParams) == before and not _pylab_helpers.Gcf.figs


def test_values_stand_with_interval_published_value_and_cost(page):
    row = row_of(page, "synflow")
    assert ">.550<" in row and "[.500, .600]" in row and "pub. .573<" in row and ">0.12<" in row and ">.0002<" in row
    assert "excluded" not in row


def test_what_was_trained_to_learn_from_has_a_column_where_there_is_any(page, bundle, without_ink):
    assert "training set<span" not in criteria(page)
    spent = bundle.records["expenses"].assign(
        n_trained=[7, 20], truth_seconds=[14.0, 3600.0], total_seconds=[16.0, 3600]
    )
    told = criteria(render(dataclasses.replace(bundle, records={"expenses": spent})))
    assert "training set<span" in told and '<td data-sort="7">7</td>' in told and '<td data-sort="1.0">1</td>' in told


def test_a_published_value_outside_the_interval_is_marked(page, reader):
    row = row_of(page, "n_params")
    assert 'class="published excluded"' in row and "pub. .700 †" in row
    assert "outside our interval" in words(reader)


def test_undefined_is_a_dash_with_its_reason_and_never_nan(page, reader):
    row = row_of(page, "flat")
    assert row.count('title="undefined: all scores are equal"') == 2 and row.count(">–<") + row.count(">–\n") >= 2
    assert not re.search(r"\bnan\b", words(reader), re.IGNORECASE)
    assert not any(v == "nan" for _, attrs in reader.tags for v in attrs.values())


def test_the_ceiling_stands_on_top_and_the_rest_follow_by_value(page):
    names = re.findall(r'<th scope="row"[^>]*>([^<]*)</th>', criteria(page))
    assert [n[:8] for n in names] == ["noise ce", "n_params", "synflow", "&lt;scri", "flat"]


def test_downloads_hold_the_tables(reader, bundle):
    tables = downloads(reader)
    # the others have nothing to say here
    everywhere = {"values", "reliability", "agreement", "rank_scatter", "score_histogram", "top_cells", "operation_use"}
    bias = {"bias_profile", "place_bias", "enrichment", "misjudged"}
    assert set(tables) == everywhere | bias | {
        "best_of_truth",
        "top_members",
        "search_quality",
        "search_regret",
        "cost_quality",
    }
    assert len(tables["values"]) == len(bundle.values) + 1  # and the ceiling that all share
    assert len(tables["agreement"]) == 4 * 5 // 2
    assert tables["reliability"]["n_seeds_per_half"].tolist() == [1, 2]


def test_settings_provenance_and_references_are_told(reader):
    text = words(reader)
    for fact in ("data set digits", "estimators.1.batch_size 64", "packages.numpy 2.4", "abdelfattah2021zerocost"):
        assert fact in text
    assert "kendall1945" in text and "dong2020nasbench201" in text


def test_failures_are_counted_by_reason(reader):
    assert "3 measurements failed" in words(reader)


def test_a_single_training_an_unknown_space_and_nothing_else(bundle):
    one = bundle.truth[bundle.truth["seed"] == 0]
    bare = dataclasses.replace(
        bundle,
        truth=one,
        space=None,
        ceiling=empty(CEILING),
        errors=empty(ERRORS),
        published=None,
        records={},
        provenance={},
        study={},
        environment={},
        values=bundle.values[bundle.values["estimator"] == "synflow"],
        scores=bundle.scores[bundle.scores["estimator"] == "synflow"],
    )
    text = words(Reader(render(bare)))
    assert (
        "one training per architecture" in text
        and "Cells cannot be drawn" in text
        and "No measurement is recorded" in text
    )
    assert (
        "ground truth of unknown origin, " in text
        and "noise ceiling" not in text.lower().split("criteria values with")[1]
    )


def test_constant_scores_alone(bundle):
    flat = dataclasses.replace(
        bundle,
        values=bundle.values[bundle.values["estimator"] == "flat"],
        scores=bundle.scores[bundle.scores["estimator"] == "flat"],
    )
    assert "is undefined for every estimator" in words(Reader(render(flat)))


def test_a_bundle_without_columns_or_values_is_refused(bundle):
    with pytest.raises(UserError, match="'values' has no rows"):
        dataclasses.replace(bundle, values=empty(VALUES))
    with pytest.raises(UserError, match="'source'"):
        dataclasses.replace(bundle, published=bundle.published.drop(columns="source"))
    with pytest.raises(UserError, match="'accuracy' is missing"):
        dataclasses.replace(bundle, truth=bundle.truth.drop(columns="accuracy"))


def test_writing_is_whole_or_not_at_all(bundle, page, tmp_path, monkeypatch):
    small = dataclasses.replace(bundle, title="new")
    monkeypatch.setattr("nasgauge.report.page.render", lambda bundle, progress: f"page of {bundle.title}")
    target = tmp_path / "deep" / "report.html"
    write(small, target)
    assert target.read_text() == "page of new" and [p.name for p in target.parent.iterdir()] == ["report.html"]

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(UserError, match="No space left"):
        write(dataclasses.replace(bundle, title="newer"), target)
    assert target.read_text() == "page of new" and [p.name for p in target.parent.iterdir()] == ["report.html"]


def test_a_file_in_the_place_of_the_folder_is_told(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr("nasgauge.report.page.render", lambda bundle, progress: "")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="cannot be written"):
        write(bundle, tmp_path / "file" / "report.html")
    assert (tmp_path / "file").read_text() == "mine"


def test_too_many_architectures_are_thinned_and_the_caption_says_so(bundle, monkeypatch, without_ink):
    for name in ("agreement", "rank_scatter"):
        monkeypatch.setitem(ANALYSES, name, dataclasses.replace(ANALYSES[name], limit=12))
    only = dataclasses.replace(bundle, scores=bundle.scores.query("estimator == 'synflow'"))
    reader = Reader(render(only))
    n_archs = bundle.truth["arch"].nunique()
    assert words(reader).count(f"Computed on a random sample of 12 of {n_archs} architectures.") == 2
    tables = downloads(reader)
    assert len(tables["rank_scatter"]) == 12 and set(tables["score_histogram"]["n"]) == {n_archs}
    assert set(tables["top_cells"]["n_truth"]) == {n_archs}


@pytest.mark.long
def test_what_cannot_be_asked_of_biases_is_said(bundle, without_ink):
    text = words(Reader(render(bundle)))
    assert "sizes of these architectures are unknown" in text and "one mutation" in text
    bare = words(Reader(render(dataclasses.replace(bundle, space=None))))
    assert "the search space is unknown" in bare and "over-ranks" in bare and "not known" in bare


@pytest.mark.long
@pytest.mark.parametrize("n", [1, *(pytest.param(n, marks=pytest.mark.full) for n in (2, 19))])
def test_few_architectures_constant_scores_and_empty_sizes_make_a_page(bundle, n):
    few = bundle.truth["arch"].unique()[:n]
    kept = {
        "truth": bundle.truth[bundle.truth["arch"].isin(few)],
        "scores": bundle.scores[bundle.scores["arch"].isin(few)],
    }
    for sizes in ([None] * n, [7] * n, range(n)):
        complexity = pd.DataFrame({"arch": few, "n_params": pd.array(list(sizes), dtype="Int64"), "macs": None})
        page = render(dataclasses.replace(bundle, **kept, records={"complexity": complexity}))
        text = words(Reader(page))
        assert "require 20 architectures" in text and not re.search(r"\bnan\b", text, re.IGNORECASE)


@pytest.mark.long
def test_the_first_table_says_who_how_sure_and_biased_to_what(bundle, without_ink):
    from nasgauge.judging import contest, judge

    names = ["synflow", "n_params"]
    scores = bundle.scores[bundle.scores["estimator"].isin(names)]
    options = {"n_bootstrap": 50, "rng": np.random.default_rng(0)}
    values = judge(scores, bundle.truth, ["kendall_tau"], **options)
    whole = dataclasses.replace(bundle, values=values, scores=scores, contest=contest(scores, bundle.truth, **options),
                                connected=values.assign(value=0.123, n=37))  # fmt: skip
    page = render(whole)
    table = page[page.index('<section id="answer"') : page.index("</table>")]
    best = values.sort_values("value")["estimator"].iloc[-1]
    assert f"<b>{values['value'].max():.3f}</b>".replace("<b>0", "<b>").replace("<b>-0", "<b>−") in table
    assert table.index(f">{best}</th>") < min(table.index(f">{n}</th>") for n in names if n != best)
    assert table.count(">.123</td>") == 2 and "n = 37" in table and "P(best)" in table
    assert "probability of being the best" in words(Reader(page)).split("Criteria Values with")[0]


@pytest.mark.long
def test_the_ceiling_is_drawn_where_the_axis_is_its_criterion(bundle):
    rows = [("synflow", a, 0, e, float(i % 7 + e)) for e in (1, 2) for i, a in enumerate(bundle.truth["arch"].unique())]
    log = pd.DataFrame(rows, columns=["estimator", "arch", "seed", "epoch", "score"])
    whole = dataclasses.replace(bundle, records={"checkpoint_scores": log})
    drawn = exhibits(whole, rng=np.random.default_rng(0))["trend"]
    assert "noise ceiling" in " ".join(drawn.notes) and ANALYSES["trend"].upwards == "criterion"
    bare = exhibits(dataclasses.replace(whole, ceiling=empty(CEILING)), rng=np.random.default_rng(0))["trend"]
    tau, other = ([p.svg for p in shown.panels if "Kendall" in p.label] for shown in (drawn, bare))
    assert tau != other and "noise ceiling" not in " ".join(bare.notes)


def test_biases_rest_on_fewer_where_there_are_too_many(bundle, monkeypatch, without_ink):
    for name, analysis in ANALYSES.items():
        assert (analysis.limit == LIMIT_BIAS) == (analysis.section == "bias")
        if analysis.section == "bias":
            monkeypatch.setitem(ANALYSES, name, dataclasses.replace(analysis, limit=25))
    shown = exhibits(bundle, rng=np.random.default_rng(0))
    for name in ("bias_profile", "enrichment", "misjudged"):
        assert shown[name].table["n"].max() <= 25 and "Computed on a random sample of 25 of 40" in shown[name].notes[0]
    assert shown["rank_scatter"].table.groupby("estimator").size().max() == 40
