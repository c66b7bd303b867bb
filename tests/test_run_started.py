"""Supernets that start from others, and samplers that take what others rank best: levels, weights, resuming, costs."""

import shutil
from dataclasses import replace

import pandas as pd
import pytest
import torch

from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.estimators import RunContext, estimator_config
from nasgauge.estimators.oneshot.origins import TopConfig, best_of
from nasgauge.spaces import get_space
from nasgauge.studies import run as running
from nasgauge.studies.checks import checked
from nasgauge.studies.plan import Plan
from nasgauge.studies.schema import Study

NET = "net = { channels = 2, n_cells = 1, n_stages = 1, bn_affine = false }\nscore_batch_size = 180"
STUDY = f"""
title = "pruned"
benchmark = "digits-nb201"
archs = {{ n = 12, seed = 3 }}
seeds = [0, 1]
n_bootstrap = 10
criteria = ["kendall_tau"]
[[estimators]]
name = "oneshot"
label = "full"
epochs = 2
checkpoints = [1]
{NET}
[[estimators]]
name = "oneshot"
label = "top"
sampler = "subset"
start = {{ of = "full", epoch = 1 }}
top = {{ of = "full_loss", epoch = 1, share = 0.25 }}
epochs = 1
checkpoints = [0]
{NET}
[[estimators]]
name = "ensemble"
of = "full"
[[estimators]]
name = "oneshot"
label = "on"
sampler = "mixture"
start = {{ of = "top" }}
top = {{ of = "full_ensemble", share = 0.5 }}
epochs = 1
checkpoints = [0]
{NET}
[[estimators]]
name = "oneshot"
label = "control"
start = {{ of = "full" }}
epochs = 1
{NET}
"""


def weights(folder, label, seed, epoch):
    path = folder / "checkpoints" / f"{label}-seed{seed}" / f"epoch-{epoch:06d}.pt"
    return torch.load(path, weights_only=True)["weights"]


@pytest.fixture(scope="module")
def done(tmp_path_factory, module_without_ink):
    out = tmp_path_factory.mktemp("runs") / "whole"
    return out, running.run_text(STUDY, out, where="pruned.toml", workers="serial")


def test_a_training_waits_for_the_weights_and_the_scores_that_it_needs():
    tasks = Plan.of(parse(STUDY, Study, "s")).tasks
    levels = {(task.estimator, bool(task.archs)): task.level for task in tasks}
    assert levels == {
        (0, False): 0, (0, True): 1, (1, False): 2, (1, True): 3, (3, False): 3, (3, True): 4,
        (4, False): 1, (4, True): 2,
    }  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1])
def test_training_starts_from_the_checkpoint_to_the_bit_seed_by_seed(done, seed):
    out, _ = done
    for child, parent, epoch in (("top", "full", 1), ("on", "top", 1)):
        first, there = weights(out, child, seed, 0), weights(out, parent, seed, epoch)
        assert first.keys() == there.keys() and all(torch.equal(first[name], there[name]) for name in first)
    assert not torch.equal(*(weights(out, "top", s, 0)["parts.stem.0.weight"] for s in (0, 1)))


def test_the_sampler_draws_exactly_the_best_of_the_same_seed(done):
    _, made = done
    given = made.records["training_archs"].groupby(["estimator", "seed"])["arch"].agg(set)
    at_one = made.records["checkpoint_scores"].query("estimator == 'full_loss' and epoch == 1")
    for seed in (0, 1):
        assert given["top", seed] == set(best_of(at_one[at_one["seed"] == seed], 0.25)) and len(given["top", seed]) == 3
    assert set(given.index) == {("top", seed) for seed in (0, 1)}  # a mixture draws others too
    ensemble = made.scores[made.scores["estimator"] == "full_ensemble"]  # which has one seed
    context = RunContext(made.plan.space, scores=made.scores, seeds=made.plan.seeds)
    for seed in (0, 1):
        chosen = made.study.estimators[3].top.archs(context.with_seed(seed), "here")
        assert chosen == best_of(ensemble, 0.5) and len(chosen) == 6


def test_the_seeds_of_a_plan_are_those_of_the_scores(done):
    _, made = done
    of_scores = made.scores.groupby("estimator")["seed"].agg(lambda seeds: tuple(sorted(set(seeds)))).to_dict()
    assert of_scores == {name: tuple(made.plan.seeds[name]) for name in of_scores} and len(of_scores) == 9
    assert made.plan.seeds["full_ensemble"] == (0,) and made.plan.seeds["full"] == (0, 1)


def test_a_seed_whose_scores_all_failed_is_not_served_by_another():
    """Where an estimator is measured with several seeds and one alone has scores, these are not those of every seed."""
    scores = pd.DataFrame({"estimator": "e", "arch": list("abc"), "seed": 0, "score": [1.0, 3.0, 2.0]})
    top = TopConfig(of="e", share=0.5)
    context = RunContext(get_space("nb201"), scores=scores, seed=1)
    assert top.archs(replace(context, seeds={"e": (0,)}), "here") == ["b"]
    with pytest.raises(UserError, match="here, top: 'e' has no score for seed 1; give seeds that it has"):
        top.archs(replace(context, seeds={"e": (0, 1)}), "here")


VOTE = """[[estimators]]
name = "vote"
experts = ["full", "full_loss"]
"""


@pytest.mark.parametrize(
    ("of_first", "of_second", "common"), [((3, 5), (5, 3), (3, 5)), ((3, 5), (5,), (5,)), ((1, 2, 4), (4, 1), (1, 4))]
)
def test_the_seeds_of_a_combination_are_those_that_it_has_scores_for(of_first, of_second, common):
    """Of every kind, from scores of two estimators of which each has its own seeds."""
    seeds = {"a": of_first, "b": of_second}
    keys = [(name, arch, seed) for name, own in seeds.items() for arch in "xyz" for seed in own]
    scores = pd.DataFrame(keys, columns=["estimator", "arch", "seed"]).assign(score=range(len(keys)))
    for words in (
        {"name": "vote"}, {"name": "aggregate"}, {"name": "aggregate", "over_seeds": "mean"}, {"name": "ensemble"},
    ):  # fmt: skip
        of = {"of": "a"} if words["name"] == "ensemble" else {"experts": ["a", "b"]}
        config = estimator_config(words | of)
        found = tuple(sorted(set(config.combine(scores)["seed"])))
        assert (
            found == tuple(config.seeds_of(seeds)) == (common if "over_seeds" not in words and "of" not in of else (0,))
        )


def test_estimators_without_a_common_seed_are_not_combined():
    text = (
        STUDY.replace('label = "control"', 'label = "control"\nseeds = [1]').replace(
            'label = "on"', 'label = "on"\nseeds = [0]'
        )
        + '[[estimators]]\nname = "vote"\nexperts = ["on", "control"]\n'
    )
    with pytest.raises(UserError, match=r"no seed in common \('on' 0, 'control' 1\); give them") as told:
        checked(parse(text, Study, "s"))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("of", ["vote", "full"])
def test_a_combination_has_the_seeds_of_what_it_combines(of):
    """A vote is combined seed by seed, so that what takes its best has no other seeds."""
    child = f'{VOTE}[[estimators]]\nname = "oneshot"\nlabel = "late"\nsampler = "subset"\nseeds = SEEDS\n'
    text = f'{STUDY}{child}top = {{ of = "{of}", share = 0.5 }}\nepochs = 1\n{NET}'
    assert checked(parse(text.replace("SEEDS", "[1]"), Study, "s")).seeds["vote"] == (0, 1)
    with pytest.raises(UserError, match=f"'late': seed 5 is wanted, '{of}' is measured with 0, 1"):
        checked(parse(text.replace("SEEDS", "[5]"), Study, "s"))


def test_what_was_inherited_is_charged_up_to_its_epoch_and_once(done):
    _, made = done
    spent = made.records["expenses"].set_index("estimator")
    log = made.records["training_log"].query("estimator == 'full'")
    until = log.query("epoch == 1")["train_seconds"].sum() / 2  # two seeds
    other = spent["other_seconds"]
    assert other["top"] == pytest.approx(until + spent.loc["full_loss", "score_seconds"])
    assert other["control"] == pytest.approx(spent.loc["full", "fit_seconds"])
    both = 2 * (spent.loc["full", "score_seconds"] + spent.loc["full", "fit_seconds"])  # the ensemble of two
    nested = spent.loc["top", "fit_seconds"] + spent.loc["full_loss", "score_seconds"]
    assert other["on"] == pytest.approx(both + nested)


def test_after_a_kill_everything_is_done_again_with_equal_bits(done, tmp_path):
    out, made = done
    again = tmp_path / "again"
    shutil.copytree(out, again)
    for label in ("top", "on"):
        for path in (again / "checkpoints").glob(f"{label}-seed1/epoch-000001.pt"):
            path.unlink()
    plan = made.plan
    for task in plan.tasks:
        if task.estimator in (1, 3) and task.seed == 1:
            (again / "parts" / task.part / f"{task.key}.parquet").unlink()
    twice = running.Run.load(again).execute(workers="serial")
    keys = ["estimator", "arch", "seed"]
    one, other = (run.plan.scores(run._store).sort_values(keys, ignore_index=True) for run in (made, twice))
    pd.testing.assert_frame_equal(one, other)
    for label in ("top", "on"):
        first, second = (weights(folder, label, 1, 1) for folder in (out, again))
        assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_best_are_a_share_rounded_down_at_least_one_with_ties_by_name():
    rows = pd.DataFrame({"arch": list("edcba"), "score": [1.0, 3.0, 3.0, float("nan"), float("-inf")]})
    assert best_of(rows, 0.5) == ["c", "d"] and best_of(rows, 0.01) == ["c"]
    assert best_of(rows, 1.0) == ["c", "d", "e", "a"]
    hundred = pd.DataFrame({"arch": [f"{i:03}" for i in range(100)], "score": range(100)})
    assert len(best_of(hundred, 0.29)) == 29  # .29 * 100 is 28.999... in floating point


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('of = "full", epoch = 1', 'of = "ful"', "unknown estimator 'ful'; nearest: full"),
        (
            'name = "oneshot"\nlabel = "full"', 'name = "fewshot"\nparts = 2\nbudget = "each"\nlabel = "full"',
            "estimator 'top', start: 'full' is not one supernet; name a 'oneshot' above",
        ),
        (
            'top = { of = "full_ensemble"', 'without = ["none"]\ntop = { of = "full_ensemble"',
            "top chooses among all architectures, also those with operations of without; remove one",
        ),
        ('of = "full", epoch = 1', 'of = "full_loss"', "unknown supernet .* 'full_loss'"),
        ('of = "full", epoch = 1', 'of = "full", epoch = 3', "'full' has no checkpoint of epoch 3, only of 1, 2; add"),
        ("epoch = 1, share", "epoch = 7, share", "top: 'full_loss' has no checkpoint of epoch 7, only of 1, 2"),
        ('"full_ensemble", share', '"full_ensemble", epoch = 1, share', "'full_ensemble' is not a supernet; leave"),
        ("share = 0.25", "share = 0.0", "'top.share' must be more than 0"),
        ('"subset"', '"deiso"', "sampler 'deiso' takes no archs from top; choose 'subset' or 'mixture'"),
        ('"subset"', '"subset"\nsampler_options = { archs = ["x"] }', "stand in sampler_options too; remove one"),
        (
            'label = "top"', 'label = "top"\nseeds = [5]',
            "estimator 'top': seed 5 is wanted, 'full_loss' is measured with 0, 1",
        ),
        (
            'sampler = "mixture"', 'sampler = "mixture"\nsupernet = { bn = "tracked" }',
            "start: .* is absent in 'top'; give both the same net",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_one_line_before_work_starts(old, new, message, tmp_path):
    assert old in STUDY
    text = STUDY.replace(old, new, 1)
    with pytest.raises(UserError, match=message) as told:
        running.run_text(text, tmp_path / "out", where="pruned.toml", workers="serial")
    assert "\n" not in str(told.value) and not (tmp_path / "out").exists()


def test_the_epoch_of_top_is_one_that_a_few_shot_estimator_has(tmp_path):
    """Whose parts share the epochs of one supernet, so that it is scored after fewer."""
    text = (
        STUDY.partition("[[estimators]]")[0]
        + f"""
[[estimators]]
name = "fewshot"
label = "full"
parts = 2
epochs = 4
checkpoints = [1]
{NET}
[[estimators]]
name = "oneshot"
label = "top"
sampler = "subset"
top = {{ of = "full", epoch = EPOCH, share = 0.25 }}
epochs = 1
{NET}
"""
    )
    assert checked(parse(text.replace("EPOCH", "2"), Study, "s")).tasks
    with pytest.raises(UserError, match="top: 'full' has no checkpoint of epoch 4, only of 1, 2"):
        checked(parse(text.replace("EPOCH", "4"), Study, "s"))


def test_nothing_above_is_said_so(tmp_path):
    first = STUDY.partition("[[estimators]]")[0]
    text = f'{first}[[estimators]]\nname = "oneshot"\nlabel = "top"\nstart = {{ of = "full" }}\nepochs = 1\n{NET}'
    with pytest.raises(UserError, match="estimator 'top': estimator 'full' must stand above; there is none above"):
        checked(parse(text, Study, "s"))


def test_a_supernet_without_some_operations_starts_from_one_that_has_them_all(tmp_path):
    text = STUDY.replace('label = "control"', 'label = "control"\nwithout = ["none"]')
    plan = checked(parse(text, Study, "s"))
    assert plan.first_levels[4] == 1
    swapped = STUDY.replace('label = "full"\n', 'label = "full"\nwithout = ["nor_conv_3x3"]\n')
    with pytest.raises(UserError, match=r"start: parts.* is absent in 'full'"):
        checked(parse(swapped, Study, "s"))
