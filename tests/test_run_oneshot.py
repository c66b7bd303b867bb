"""Studies whose estimators are trained first: phases, records, resuming, combinations, the report's sections."""

import shutil
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from nasgauge.analyses import ANALYSES
from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.core.store import Store
from nasgauge.spaces import NB201
from nasgauge.studies import records
from nasgauge.studies import run as running
from nasgauge.studies.schema import Study

SKIP = 1

STUDY = """
title = "small supernets"
benchmark = "digits-nb201"
archs = { n = 8, seed = 3 }
seeds = [0, 1]
n_bootstrap = 10
criteria = ["kendall_tau"]
[[estimators]]
name = "oneshot"
label = "net"
sampler = "deiso"
epochs = 6
checkpoints = [0, 2, 4]
averages = [2]
post_deiso = true
net = { channels = 2, n_cells = 1, n_stages = 1, bn_affine = false, skip_dead = true }
split_seed = 0
score_batch_size = 180
forgetting_epochs = [1]
gradient_epochs = [0, 6]
n_gradient_archs = 4
[[estimators]]
name = "oneshot"
label = "small"
without = ["none"]
epochs = 1
gradient_epochs = [1]
n_gradient_archs = 3
net = { channels = 2, n_cells = 1, n_stages = 1, bn_affine = false }
score_batch_size = 180
[[estimators]]
name = "inherited"
of = "small"
proxies = ["snip", "n_params"]
batch_size = 16
[[estimators]]
name = "ensemble"
of = "net"
[[estimators]]
name = "ensemble"
of = "net_avg2"
[[estimators]]
name = "inherited"
of = "net"
epochs = [0]
proxies = ["snip", "n_params"]
batch_size = 16
seeds = [1]
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory, module_without_ink):
    out = tmp_path_factory.mktemp("runs") / "whole"
    made = running.run_text(STUDY, out, where="small.toml", workers="serial")
    made.report()
    return out, made.bundle()


@pytest.mark.long
def test_every_estimator_is_judged_and_every_record_kept(done):
    _, bundle = done
    nets = {f"net{a}{b}" for a in ("", "_avg2", "_post_deiso") for b in ("", "_loss")}
    smalls = {"small", "small_loss", "small_snip", "small_n_params"}
    assert set(bundle.values["estimator"]) == nets | smalls | {
        "net_ensemble",
        "net_avg2_ensemble",
        "net_snip",
        "net_n_params",
    }
    assert set(bundle.records) == {
        *("checkpoint_scores", "batch_scores", "class_scores", "training_log", "forgetting", "gradients", "settings"),
        *("windows", "choices"),
        *("complexity", "expenses"),  # the benchmark's own, and what everything cost
    }
    settings = bundle.records["settings"].set_index(["estimator", "setting"])["value"]
    assert settings["net", "epochs"] == 6 and settings["small_loss", "epochs"] == 1 and settings["net", "channels"] == 2
    spent = bundle.records["expenses"].set_index("estimator")
    assert set(spent.index) == {*bundle.values["estimator"], "truth"} and (spent["total_seconds"] > 0).all()
    assert spent["fit_seconds"]["net"] == spent["fit_seconds"]["net_loss"] > spent["fit_seconds"]["net_snip"] == 0
    fit, ensemble = spent["fit_seconds"]["net"], spent.loc["net_ensemble"]
    assert ensemble["other_seconds"] == pytest.approx(2 * spent["total_seconds"]["net"])  # two seeds, all of both
    assert spent["other_seconds"]["small_snip"] == spent["fit_seconds"]["small"] and fit > 0


@pytest.mark.long
def test_an_ensemble_is_the_mean_over_seeds_at_every_checkpoint(done):
    _, bundle = done
    table = bundle.records["checkpoint_scores"]
    of = {name: table[table["estimator"] == name] for name in ("net", "net_ensemble")}
    expected = of["net"].groupby(["epoch", "arch"])["score"].mean()
    got = of["net_ensemble"].set_index(["epoch", "arch"])["score"]
    pd.testing.assert_series_equal(got.sort_index(), expected.sort_index(), check_exact=False, atol=1e-11)
    assert set(of["net_ensemble"]["epoch"]) == {0, 2, 4, 6}


@pytest.mark.long
def test_averages_and_what_is_made_of_them_are_compared_with_those_that_share_no_checkpoint(done):
    _, bundle = done
    table = bundle.records["windows"].set_index(["estimator", "epoch"])["oldest"]
    for name in ("net_avg2", "net_avg2_loss", "net_avg2_ensemble"):
        assert table[name].to_dict() == {2: 0, 4: 2, 6: 4}
    assert set(table.index.get_level_values("estimator")) == {"net_avg2", "net_avg2_loss", "net_avg2_ensemble"}
    stable = ANALYSES["stability"](
        bundle.scores, bundle.truth, bundle.space, rng=np.random.default_rng(0), records=bundle.records
    )
    pairs = stable.groupby("estimator")[["epoch", "next_epoch"]].agg(lambda column: sorted(set(column)))
    assert pairs.loc["net"].tolist() == [[0, 2, 4], [2, 4, 6]]
    assert pairs.loc["net_avg2"].tolist() == pairs.loc["net_avg2_ensemble"].tolist() == [[2], [6]]


RESTRICTED = """
title = "a supernet without skips"
benchmark = "digits-nb201"
archs = { n = 60, seed = 3 }
n_bootstrap = 10
criteria = ["kendall_tau"]
[[estimators]]
name = "oneshot"
label = "no_skip"
without = ["skip_connect"]
epochs = 1
net = { channels = 2, n_cells = 1, n_stages = 1, bn_affine = false }
score_batch_size = 180
[[estimators]]
name = "inherited"
of = "no_skip"
proxies = ["snip"]
batch_size = 16
"""


def test_classes_of_a_restricted_space_are_judged_whichever_member_the_study_names(tmp_path, without_a_page):
    bundle = running.run_text(RESTRICTED, tmp_path, where="restricted.toml", workers="serial").bundle()
    space = NB201()
    lacks = {a: [m for m in space.members(space.from_str(a)) if SKIP not in m] for a in set(bundle.truth["arch"])}
    inside = {a for a, members in lacks.items() if members}
    outside = {a for a in inside if SKIP in space.from_str(a)}
    told = bundle.records["stand_ins"]
    assert outside and len(inside) < 60
    for name in ("no_skip", "no_skip_loss", "no_skip_snip"):
        assert set(bundle.measured[bundle.measured["estimator"] == name]["arch"]) == inside
        member = told[told["estimator"] == name].set_index("arch")["member"]
        assert set(member.index) == outside
        assert all(space.from_str(m) in lacks[a] for a, m in member.items())
    assert bundle.values.set_index("estimator")["n"]["no_skip"] == len(inside)


@pytest.mark.long
def test_inherited_proxies_have_their_own_seeds_and_epochs(done):
    _, bundle = done
    table = bundle.records["checkpoint_scores"]
    own = table[table["estimator"] == "net_snip"]
    assert set(own["seed"]) == {1} and set(own["epoch"]) == {0, 6}
    by_epoch = own.pivot(index="arch", columns="epoch", values="score")
    assert not (by_epoch[0] == by_epoch[6]).all()
    counts = table[table["estimator"] == "net_n_params"].pivot(index="arch", columns="epoch", values="score")
    assert (counts[0] == counts[6]).all()  # what does not depend on weights does not change


@pytest.mark.long
def test_proxies_on_a_restricted_supernet_fail_where_the_supernet_does(done):
    _, bundle = done
    for table in (bundle.errors, bundle.scores):
        rows = {name: set(zip(t["arch"], t["seed"], strict=True)) for name, t in table.groupby("estimator")}
        assert rows["small_snip"] == rows["small_n_params"] == rows["small"]
    reasons = bundle.errors.set_index("estimator")["error"]
    assert set(reasons["small_snip"]) == set(reasons["small"])


@pytest.mark.long
def test_masked_architectures_fail_with_the_reason_and_the_report_shows_the_sections(done):
    out, bundle = done
    failed = bundle.errors[bundle.errors["estimator"] == "small"]
    assert len(failed) and failed["error"].str.contains("none, which has no weights here").all()
    assert failed["arch"].str.contains("none").all()
    page = (out / "report.html").read_text()
    assert not bundle.records["gradients"].query("estimator == 'small'")["arch_a"].str.contains("none").any()
    for heading in ("Supernet training", "Stability", "Search"):
        assert f"<h2>{heading}</h2>" in page
    assert running.Run.load(out).status().n_done == running.Run.load(out).status().n_tasks


@pytest.mark.long
def test_kills_in_training_and_scoring_leave_the_result_as_it_would_have_been(tmp_path, done, without_a_page, killed):
    """The first two children are killed among their checkpoints; those that exist are never written again."""
    _, expected = done
    out, times, seen = tmp_path / "killed", {}, []
    for i, n in enumerate((2, 3, 9, 8, 24, 24)):
        killed(partial(run_quietly, out), out, n, renamed=i % 2 == 1)
        now = {p: p.stat().st_mtime_ns for p in out.glob("checkpoints/*/epoch-*.pt")}
        assert all(now[p] == t for p, t in times.items())
        times = now
        seen.append((len(times), len(list(out.glob("parts/scores/[!.]*")))))
    all_scores = len(list(done[0].glob("parts/scores/*.parquet")))
    assert seen[:2] == [(1, 0), (4, 0)] and seen[-1][0] == 10 and 0 < seen[-1][1] < all_scores
    bundle = running.run_text(STUDY, out, where="small.toml", workers="serial").bundle()
    pd.testing.assert_frame_equal(bundle.scores, expected.scores)
    pd.testing.assert_frame_equal(bundle.values, expected.values)
    for name in ("checkpoint_scores", "batch_scores", "class_scores", "forgetting", "gradients"):
        pd.testing.assert_frame_equal(bundle.records[name], expected.records[name])


def run_quietly(out):
    running.run_text(STUDY, out, where="small.toml", workers="serial").bundle()


HEAD, *ENTRIES = STUDY.split("[[estimators]]")
ONE_SUPERNET = "[[estimators]]".join([HEAD, *ENTRIES[1:3]])  # and what is inherited from it


@pytest.mark.long
@pytest.mark.parametrize("text", [ONE_SUPERNET, pytest.param(STUDY, marks=pytest.mark.full)], ids=["one", "all"])
def test_two_processes_give_what_one_gives(tmp_path, done, without_a_page, text):
    bundle = running.run_text(text, tmp_path / "two", where="small.toml", workers="processes", n_workers=2).bundle()
    expected = done[1].scores[done[1].scores["estimator"].isin(bundle.scores["estimator"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(bundle.scores, expected)
    assert {"small", "small_snip"} <= set(expected["estimator"])


@pytest.mark.long
def test_a_damaged_checkpoint_is_named_and_nothing_else_is_touched(tmp_path, done, without_a_page):
    out = tmp_path / "damaged"
    shutil.copytree(done[0], out)
    path = out / "checkpoints" / "net-seed0" / "epoch-000004.pt"
    path.write_bytes(path.read_bytes()[:500])
    for part in (out / "parts" / "scores").glob("*.parquet"):
        part.unlink()
    with pytest.raises(UserError, match=r"epoch-000004\.pt"):
        running.run_text(STUDY, out, where="small.toml", workers="serial").bundle()
    path.unlink()
    pd.testing.assert_frame_equal(
        running.run_text(STUDY, out, where="small.toml", workers="serial").scores, done[1].scores
    )  # trained again from the checkpoint before


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('sampler = "deiso"', 'sampler = "deisso"', "unknown sampler 'deisso'; nearest: deiso"),
        ("epochs = 6", 'epochs = 6\nprotocol = "ning"', "unknown protocol 'ning'"),
        ("epochs = 6", "epochs = 6\ntraining = { clipp = 1 }", "unknown key 'clipp'; nearest: clip"),
        ("epochs = 6", "epochs = 6\ntraining = { lr = -1.0 }", "key 'lr' must be more than 0.0, got -1.0"),
        ("epochs = 6", "epochs = 6\nsampler_options = { n_sample = 2 }", "unknown option 'n_sample'"),
        ("epochs = 6", 'epochs = 6\nsupernet = { bn = "batches" }', "unknown bn 'batches'; nearest: batch"),
        ('without = ["none"]', 'without = ["nones"]', "unknown operation 'nones'; nearest: none"),
        (
            'without = ["none"]',
            'without = ["skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]',
            "no path leads from input to output",
        ),
        ('of = "net"\nepochs', 'of = "nett"\nepochs', "unknown estimator 'nett'"),
        ("epochs = [0]", "epochs = [17]", "keeps no checkpoint of epoch 17"),
        ("seeds = [1]", "seeds = [1, 7]", "estimator 'inherited': seed 7 is wanted, 'net' is trained with 0, 1"),
        ('label = "small"', 'label = "small"\nseeds = [3, 1]', "seed 0 is wanted, 'small' is trained with 3, 1;"),
        ("averages = [2]", "averages = [20]", "average over 20 checkpoints"),
        ('label = "small"', 'label = "net"', "'net' stands twice"),
        ("score_batch_size = 180\nforgetting", "score_batch_size = 1800\nforgetting", "1800 validation images"),
        ("split_seed = 0", 'form = "functionl"', "unknown canonical form of nb201 'functionl'; nearest: functional"),
        ("split_seed = 0", "valid_share = 1.5", "key 'valid_share' must be less than 1.0, got 1.5"),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(tmp_path, old, new, says):
    assert old in STUDY
    with pytest.raises(UserError, match=says):
        running.run_text(STUDY.replace(old, new, 1), tmp_path / "out", where="small.toml", workers="serial").bundle()
    assert not (tmp_path / "out").exists()


def test_the_kind_of_each_score_of_a_supernet_is_that_of_the_configuration(tmp_path):
    """Also in folders of earlier versions, whose parts do not say it."""
    head = 'title = "t"\nbenchmark = "digits-nb201"\n'
    nets = {"supernet": "", "supernet_120": "averages = [2]\npost_deiso = true\n", "supernet_120_x": ""}
    text = head + "".join(f'[[estimators]]\nname = "oneshot"\nlabel = "{n}"\nepochs = 3\n{o}' for n, o in nets.items())
    study = parse(text, Study, "x.toml")
    names = [name for config in study.estimators for name in config.names()]
    store = Store.open(tmp_path, {"title": "t"})
    settings = pd.DataFrame({"estimator": [*names, "other"], "setting": "epochs", "value": 3.0})
    store.write_task("k", {"settings": settings})
    found = records._written(SimpleNamespace(study=study, tasks=[SimpleNamespace(key="k")]), store)["settings"]
    kinds = found.set_index("estimator")["kind"].to_dict()
    assert kinds == {
        **{name: "main" for name in nets},
        **{f"{name}_loss": "loss" for name in nets},
        "supernet_120_avg2": "avg2",
        "supernet_120_avg2_loss": "avg2_loss",
        "supernet_120_post_deiso": "post_deiso",
        "supernet_120_post_deiso_loss": "post_deiso_loss",
        "other": "",
    }
