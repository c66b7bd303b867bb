"""The arrow: a study runs, resumes after kills with the same result, and tells what failed."""

import tomllib
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch

from nasgauge.core.errors import UserError
from nasgauge.core.store import Store
from nasgauge.spaces import get_space
from nasgauge.studies import run as running
from nasgauge.studies.plan import truth_of
from nasgauge.studies.schema import Study

FORMS = ("paper", "functional", None)
ANY = [{"name": "zeroshot", "proxies": ["n_params"]}]

STUDY = """
title = "small"
benchmark = "digits-nb201"
archs = { n = 24, seed = 3 }
seeds = [0, 1, 2, 3]
n_bootstrap = 20
criteria = ["kendall_tau", { name = "precision_at_top", fraction = 0.25 }]
[[estimators]]
name = "zeroshot"
proxies = ["snip", "synflow", "n_params", "relu_logdet"]
batch_size = 16
net = { channels = 4, n_cells = 1, n_stages = 1 }
[[estimators]]
name = "vote"
experts = ["snip", "synflow"]
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "whole"
    made = running.run_text(STUDY, out, where="small.toml", workers="serial")
    made.report()
    return out, made.bundle()


def run_quietly(text, out):
    running.run_text(text, out, where="small.toml", workers="serial").bundle()


THREE, TEN = ((1, 2, 5), [0, 0, 1]), ((1, 4, 5, 6, 8, 10, 1, 2, 5, 6), [0, 0, 1, 2, 3, 4, 4, 4, 5, 6])


@pytest.mark.long
@pytest.mark.parametrize(
    ("kills", "parts"), [THREE, pytest.param(*TEN, marks=pytest.mark.full)], ids=["three kills", "ten kills"]
)
def test_kills_while_files_are_written_leave_the_result_as_it_would_have_been(
    tmp_path, undisturbed, killed, without_a_page, kills, parts
):
    """A task ends with its fifth file; parts that exist are never written again, unnamed ones never read."""
    _, expected = undisturbed
    whole_parts = list((undisturbed[0] / "parts" / "scores").glob("*.parquet"))
    out, written, seen = tmp_path / "killed", {}, []
    for i, n in enumerate(kills):
        killed(partial(run_quietly, STUDY, out), out, n, renamed=i % 2 == 0)
        now = {p: p.stat().st_mtime_ns for p in out.glob("parts/scores/[!.]*")}
        assert all(now[p] == then for p, then in written.items())
        assert len(list(out.rglob(".*.tmp"))) == (i + 1) // 2
        written = now
        seen.append(len(written))
    assert seen == parts and len(whole_parts) == 8
    after = running.run_text(STUDY, out, where="small.toml", workers="serial").bundle()
    for name in ("scores", "values", "ceiling", "errors"):
        pd.testing.assert_frame_equal(getattr(after, name), getattr(expected, name))
    assert all(p.stat().st_mtime_ns == then for p, then in written.items())
    assert {p.stem for p in out.glob("parts/scores/[!.]*")} == {p.stem for p in whole_parts}


@pytest.mark.long
def test_processes_give_what_one_process_gives(tmp_path, undisturbed, without_a_page):
    _, expected = undisturbed
    parallel = running.run_text(STUDY, tmp_path / "p", where="small.toml", n_workers=2).bundle()
    pd.testing.assert_frame_equal(parallel.scores, expected.scores)


def test_the_canonical_form_of_a_study_makes_its_classes():
    """Of the 1,000 cells of the benchmark, each of a class of its own in the paper's form, some compute the same."""
    studies = {form: Study(title="t", benchmark="digits-nb201", archs={"form": form}, estimators=ANY) for form in FORMS}
    truths = {form: truth_of(study) for form, study in studies.items()}
    space = get_space("nb201")
    assert truths["paper"].archs == truths[None].archs and len(truths["paper"].archs) == 1_000
    archs = [space.from_str(text) for text in truths["functional"].archs]
    everything = {space.canonical(space.from_str(text), "functional") for text in truths[None].archs}
    assert len(archs) == len(everything) < 1_000
    assert {space.canonical(arch, "functional") for arch in archs} == everything
    assert set(truths["functional"].truth["iso_class"]) == {space.to_str(a) for a in everything}


def test_nothing_depends_on_global_seeds(tmp_path, undisturbed, without_a_page):
    _, expected = undisturbed
    np.random.seed(99)
    torch.manual_seed(99)
    again = running.run_text(STUDY, tmp_path / "again", where="small.toml", workers="serial").bundle()
    pd.testing.assert_frame_equal(again.values, expected.values)


def test_the_bundle_holds_every_estimator_seed_and_architecture(undisturbed):
    _, bundle = undisturbed
    counts = bundle.scores.groupby("estimator").size()  # failed measurements are rows without a score
    failed = bundle.scores[bundle.scores["score"].isna() & (bundle.scores["estimator"] != "vote")]
    assert len(failed) == len(bundle.errors)
    assert set(counts.index) == {"snip", "synflow", "n_params", "relu_logdet", "vote"}
    assert (counts.drop("vote") == 24 * 4).all()
    assert set(bundle.values["estimator"]) == set(counts.index)
    assert set(bundle.ceiling["estimator"]) == set(counts.index) and len(bundle.ceiling) == 2 * len(counts)


def test_report_and_status_of_a_finished_study(undisturbed):
    out, bundle = undisturbed
    page = (out / "report.html").read_text()
    assert set(running.report(out)) == {""} and (out / "report.html").read_text() == page
    now = running.Run.load(out).status()
    assert (now.n_done, now.n_tasks) == (8, 8)
    assert len(now.errors) == len(bundle.errors)


def test_an_unfinished_study_has_a_status_but_no_report(tmp_path):
    Store.open(tmp_path / "s", tomllib.loads(STUDY), STUDY)
    now = running.Run.load(tmp_path / "s").status()
    assert (now.n_done, now.n_tasks) == (0, 8)
    with pytest.raises(UserError, match="8 of 8 tasks remain"):
        running.report(tmp_path / "s")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"zeroshot"', '"zeroshots"', "unknown estimator 'zeroshots'; nearest: zeroshot"),
        ('"snip", "synflow", "n', '"sinp", "synflow", "n', "unknown proxy 'sinp'; nearest: snip"),
        ("batch_size", "batchsize", "unknown key 'batchsize'; nearest: batch_size"),
        ("channels", "chanels", "unknown key 'chanels'; nearest: channels"),
        ("batch_size = 16", 'data = "digit"', "unknown data set 'digit'; nearest: digits"),
        ("batch_size = 16", 'init = "kaiming"', "unknown initialisation 'kaiming'; nearest: kaiming_normal"),
        ("batch_size = 16", "batch_size = 99999", "99999 images are requested, it has 1797"),
        ("digits-nb201", "digits-nb20", "unknown benchmark 'digits-nb20'; nearest: digits-nb201"),
        ("n = 24", "n = 99999", "classes; 99,999 are requested"),
        (
            "n = 24",
            'n = 24, form = "isomorphism"',
            "unknown canonical form of nb201 'isomorphism'; known: functional, paper",
        ),
        ("n = 24", 'n = 24, form = "functionl"', "unknown canonical form of nb201 'functionl'; nearest: functional"),
        ("n = 24, ", "", "seed = 3 draws nothing without n"),
        ('name = "vote"', 'name = "vote"\nseeds = [1]', "'vote': it has no seeds but those of what it combines"),
        ("seeds = [0, 1, 2, 3]", "seeds = []", "key 'seeds' must have 1 or more entries"),
        ("batch_size = 16", 'data_path = "x"', "digits: the data set is shipped; leave out the path x"),
        ("channels = 4", "channels = 4, in_channels = 3", "in_channels = 3, but the images have 1"),
        (
            "channels = 4",
            "channels = 4, auxiliary = true",
            "auxiliary means nothing in networks of nb201; leave it out",
        ),
        ("kendall_tau", "kendal_tau", "unknown criterion 'kendal_tau'; nearest: kendall_tau"),
        ('experts = ["snip"', 'experts = ["snap"', "unknown estimator 'snap'"),
    ],
)
def test_mistakes_in_a_study_are_told_before_any_work_begins(tmp_path, old, new, says):
    assert old in STUDY
    with pytest.raises(UserError, match=says):
        running.run_text(STUDY.replace(old, new, 1), tmp_path / "s", where="small.toml", workers="serial").bundle()
    assert not (tmp_path / "s").exists()


def test_a_study_that_is_corrected_in_the_same_process_is_measured_with_its_new_keys(tmp_path, without_a_page):
    text = """
title = "t"
benchmark = "digits-nb201"
archs = { n = 3 }
criteria = ["kendall_tau"]
[[estimators]]
name = "zeroshot"
proxies = ["n_params"]
"""
    out = tmp_path / "out"
    running.run_text(text, out, where="t", workers="serial")
    again = running.run_text(text.replace("n_params", "macs"), out, where="t", workers="serial")
    alone = running.run_text(text.replace("n_params", "macs"), tmp_path / "alone", where="t", workers="serial")
    assert set(again.scores["estimator"]) == {"macs"}
    pd.testing.assert_frame_equal(again.scores, alone.scores)
