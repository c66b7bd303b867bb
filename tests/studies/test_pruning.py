"""Operation pruning from a file to its table, on a small study, a folder of an earlier version, and real data."""

import os
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from nasgauge.analyses import ANALYSES
from nasgauge.spaces import NB201
from nasgauge.studies import run as running
from nasgauge.studies.texts import study_text

SUPERNET = """
[[estimators]]
name = "oneshot"
epochs = 2
checkpoints = [1]
net = { channels = 2, n_cells = 1, n_stages = 1, bn_affine = false, skip_dead = true }
split_seed = 0
score_batch_size = 180
"""
STUDY = f"""
title = "with and without skips"
benchmark = "digits-nb201"
archs = {{ n = 40, seed = 3 }}
seeds = [0, 1]
n_bootstrap = 10
criteria = ["kendall_tau"]
{SUPERNET}
label = "full"
also_without = [["skip_connect"], ["none"]]
{SUPERNET}
label = "no_skip"
without = ["skip_connect"]
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory, module_without_ink):
    out = tmp_path_factory.mktemp("runs") / "pruning"
    made = running.run_text(STUDY, out, where="pruning.toml", workers="serial")
    made.report()
    return out, made.bundle()


def pruned(bundle):
    return ANALYSES["pruning"](None, bundle.truth, bundle.space, rng=np.random.default_rng(0), records=bundle.records)


@pytest.mark.long
def test_no_class_with_a_member_inside_drops_out_and_both_score_that_member(done):
    out, bundle = done
    space = NB201()
    members = {a: space.members(space.from_str(a)) for a in bundle.truth["arch"]}
    inside = {a for a, of in members.items() if any("skip_connect" not in space.uses(m) for m in of)}
    by_member = {a for a in inside if "skip_connect" in space.uses(space.from_str(a))}
    table = pruned(bundle)
    assert by_member and set(table["epoch"]) == {1, 2} and set(table["kind"]) == {"accuracy", "loss"}
    assert set(table["without"]) == {"skip_connect"} and len(table) == 2 * 2 * 4
    counts = table[["n_full", "n", "n_by_member", "n_left_out", "n_seeds"]].drop_duplicates().values.tolist()
    assert counts == [[40, len(inside), len(by_member), 0, 2]]
    stood = bundle.records["stand_ins"].query("estimator == 'no_skip'").set_index("arch")["member"]
    assert set(stood.index) == by_member
    full = bundle.records["checkpoint_scores"].query("estimator == 'full' and epoch == 2")
    others = bundle.records["member_scores"].query("estimator == 'full' and epoch == 2")
    own = full[full["arch"].isin(inside - by_member)]["score"].tolist()
    own += others[others["member"] == others["arch"].map(stood)]["score"].tolist()
    row = table.query("kind == 'accuracy' and epoch == 2 and criterion == 'mean_score'").iloc[0]
    assert len(own) == 2 * len(inside) and row["full_sub"] == pytest.approx(sum(own) / len(own))
    page = "".join(path.read_text() for path in out.rglob("*.html"))
    assert ANALYSES["pruning"].question in page


@pytest.mark.long
def test_a_folder_of_an_earlier_version_without_these_tables_still_opens(done, tmp_path, without_a_page):
    out, _ = done
    old = shutil.copytree(out, tmp_path / "old")
    lost = [path for name in ("choices", "member_scores") for path in old.rglob(name) if path.is_dir()]
    assert len(lost) == 2
    for path in (*lost, old / "digests"):
        shutil.rmtree(path)
    again = running.run_text(STUDY, old, where="pruning.toml", workers="serial")
    again.report()
    records = again.bundle().records
    assert "settings" in records and not {"choices", "member_scores"} & set(records)
    pd.testing.assert_frame_equal(records["settings"], done[1].records["settings"])


@pytest.mark.long
@pytest.mark.skipif(not os.environ.get("NASGAUGE_DATA"), reason="NASGAUGE_DATA is not set: NAS-Bench-201, CIFAR-10")
def test_the_study_at_the_papers_scale_starts_on_a_small_slice(tmp_path, without_a_page):
    head, *nets = study_text("paper/pruning").split("[[estimators]]")
    few = [net for net in nets if any(f'label = "{label}"' in net for label in ("full", "no_none"))]
    assert (len(nets), len(few)) == (7, 2)
    text = "[[estimators]]".join([head, *few]).replace('device = "cuda"', "epochs = 1")
    text = re.sub(r"^checkpoints = .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^seeds = .*$", "seeds = [20]\narchs = { n = 12 }", text, flags=re.MULTILINE)
    text = text.replace("net = { ", "net = { channels = 2, n_cells = 1, n_stages = 1, ").replace("= 500", "= 5")
    small = 'protocol = "ning2021"\ntraining = { train_share = 0.2 }\nn_score_batches = 1'
    text = text.replace('protocol = "ning2021"', small)
    bundle = running.run_text(text, tmp_path, where="slice.toml", workers="serial").bundle()
    table = pruned(bundle)
    assert set(table["without"]) == {"none"} and (table["n_left_out"] == 0).all() and (table["n_full"] == 12).all()
