"""A class in a restricted space is judged by a member that lies in it, whichever member stands for it elsewhere."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn.functional import cross_entropy

from nasgauge.core.errors import UserError
from nasgauge.core.recorded import RECORDS
from nasgauge.core.tables import check
from nasgauge.estimators.oneshot import SAMPLERS, OneShot, Protocol
from nasgauge.estimators.oneshot.class_members import StandIns, scoring_request
from nasgauge.images import ImageData, Split
from nasgauge.nets import NetOptions
from nasgauge.nets.program import served
from nasgauge.spaces import NB201, SPACES

WHOLE = NB201()
NO_SKIP = WHOLE.restrict([op for op in WHOLE.options if op != "skip_connect"])


class Weights:
    """Stands for a supernet of a restricted space."""

    def __init__(self, space):
        self.space = space

    def used(self, arch):
        return served(self.space, arch, 1)


def restrictions(space):
    """The space without one of its options, each in turn, where that leaves a space."""
    for lost in space.options:
        try:
            yield space.restrict([name for name in space.options if name != lost])
        except UserError:
            continue


@pytest.mark.parametrize("name", SPACES)
def test_every_member_of_a_class_that_lies_in_a_restricted_space_is_judged_there(name):
    whole, rng = SPACES[name](), np.random.default_rng(0)
    for small in restrictions(whole):
        for arch in [small.sample(rng) for _ in range(15)]:
            twins = [whole.canonical(arch), *whole.members(arch)[:10]]
            found, reasons = scoring_request(Weights(small), small, twins, with_classes=False, form=None)
            assert not reasons and set(found.archs) == set(twins)
            for twin, path in zip(found.archs, found.scored, strict=True):
                assert set(small.uses(path)) <= set(small.options)
                assert whole.canonical(path) == whole.canonical(twin)
                assert path == twin or twin in found.stand_ins


@pytest.mark.parametrize(
    ("lost", "n"),
    [
        (["skip_connect"], 2_248),  # 2,026 by their representatives; Ning et al. 2021, Table A5: 2,155
        (["none"], 3_131),  # Table A5: 3,131
        (["nor_conv_1x1"], 1_236),  # 1,219
        (["nor_conv_3x3"], 1_236),  # 1,215
        (["avg_pool_3x3"], 1_236),  # 1,219
        (["avg_pool_3x3", "skip_connect"], 321),  # 114
    ],
)
def test_the_classes_of_nas_bench_201_without_an_operation(lost, n):
    small = WHOLE.restrict([op for op in WHOLE.options if op not in lost])
    inside = {WHOLE.canonical(arch) for arch in small.enumerate()}
    everything = sorted({WHOLE.canonical(arch) for arch in WHOLE.enumerate()})
    found, reasons = scoring_request(Weights(small), small, everything, with_classes=False, form=None)
    assert set(found.archs) == inside and len(found.archs) == n == len(everything) - len(reasons)


def with_skip():
    """A representative with a skip of whose class some members have none, and these members."""
    for arch in WHOLE.enumerate():
        inside = [m for m in WHOLE.members(arch) if "skip_connect" not in WHOLE.uses(m)]
        if WHOLE.canonical(arch) == arch and len(inside) > 1 and arch not in inside:
            return arch, inside
    raise AssertionError


def test_no_member_stands_for_a_class_of_which_one_is_asked_for_itself():
    arch, inside = with_skip()
    choose = StandIns(Weights(NO_SKIP), NO_SKIP, None)
    assert choose(arch) == inside[0] and choose(inside[1]) == inside[1]
    for judged in inside:
        text = WHOLE.to_str(judged)
        choose = StandIns(Weights(NO_SKIP), NO_SKIP, None, lambda text=text: {text})
        with pytest.raises(UserError, match=r"skip_connect, which has no weights here.*which is requested as well"):
            choose(arch)
        assert choose(judged) == judged


def estimator(space=NO_SKIP, **changes):
    generator = torch.Generator().manual_seed(3)
    images = ImageData("made up", torch.randn(60, 1, 8, 8, generator=generator), torch.arange(60) % 4, 4)
    rows = torch.arange(60)
    net = NetOptions(channels=3, n_cells=1, n_stages=1, in_channels=1, n_classes=4, bn_affine=False)
    return OneShot(
        space, images, Split(rows[:30], rows[30:], rows[60:]), SAMPLERS["uniform"],
        Protocol(epochs=2, batch_size=10), net=net, checkpoint_epochs=(1,), averages=(2,), score_batch_size=10,
        **changes,
    )  # fmt: skip


def test_the_score_is_the_members_and_bears_the_name_of_what_was_asked():
    arch, inside = with_skip()
    lost = next(a for a in WHOLE.enumerate() if all("skip_connect" in WHOLE.uses(m) for m in WHOLE.members(a)))
    one = estimator(post_deiso=True)
    one.train()
    got = one.estimate([arch, lost])
    text, member = WHOLE.to_str(arch), WHOLE.to_str(inside[0])
    names = ["oneshot", "oneshot_loss", "oneshot_avg2", "oneshot_avg2_loss"]
    means = ["oneshot_post_deiso", "oneshot_post_deiso_loss"]
    assert set(got.scores["arch"]) == {text} and sorted(got.scores["estimator"]) == sorted(names + means)
    assert set(got.errors["arch"]) == {WHOLE.to_str(lost)} and len(got.errors) == 6
    net = one.trained(2).standalone(inside[0]).eval()
    with torch.no_grad():
        loss = cross_entropy(net(one.data.images[30:40]).double(), one.data.labels[30:40])
    first = got.records["batch_scores"].query("epoch == 2 and batch == 0")
    assert list(first["arch"]) == [text] and first["loss"].iloc[0] == pytest.approx(float(loss), abs=1e-6)
    told = check(got.records["stand_ins"], RECORDS["stand_ins"])
    expected = pd.DataFrame({"estimator": names, "arch": text, "member": member})
    pd.testing.assert_frame_equal(told, expected.astype("str"), check_dtype=False)
    assert set(got.records["class_scores"]["arch"]) == {WHOLE.to_str(m) for m in inside}
    alone = one.estimate([inside[0]]).scores.set_index("estimator")["score"]
    scores = got.scores.set_index("estimator")["score"]
    assert (scores[names] == alone[names]).all() and "stand_ins" not in one.estimate([inside[0]]).records


def test_the_supernet_of_all_operations_scores_the_members_that_one_without_some_would_score():
    arch, inside = with_skip()
    own = next(a for a in NO_SKIP.enumerate() if WHOLE.canonical(a) == a)
    lost = next(a for a in WHOLE.enumerate() if all("skip_connect" in WHOLE.uses(m) for m in WHOLE.members(a)))
    no_pool = WHOLE.restrict([op for op in WHOLE.options if op != "avg_pool_3x3"])
    asked = [arch, own, lost]
    one = estimator(WHOLE, smaller=(NO_SKIP, no_pool))
    one.train()
    got = one.estimate(asked)
    assert set(got.scores["arch"]) == set(map(WHOLE.to_str, asked)) and "stand_ins" not in got.records
    table = check(got.records["member_scores"], RECORDS["member_scores"])
    there = {(m.arch, m.member) for m in table.itertuples()}
    expected = StandIns(Weights(NO_SKIP), NO_SKIP).chosen(asked).items()
    expected |= StandIns(Weights(no_pool), no_pool).chosen(asked).items()
    assert there == expected >= {(WHOLE.to_str(arch), WHOLE.to_str(inside[0]))}
    names = {"oneshot", "oneshot_loss", "oneshot_avg2", "oneshot_avg2_loss"}
    assert set(table["estimator"]) == names and set(table["epoch"]) == {1, 2}
    alone = one.estimate([WHOLE.from_str(member) for _, member in sorted(there)]).records["checkpoint_scores"]
    both = table.merge(alone, left_on=["estimator", "member", "epoch"], right_on=["estimator", "arch", "epoch"])
    assert len(both) == len(table) and both["score_x"].tolist() == pytest.approx(both["score_y"].tolist(), abs=1e-6)
    plain = estimator(WHOLE)
    plain.train()
    without = plain.estimate(asked)
    pd.testing.assert_frame_equal(without.scores, got.scores)
    assert "member_scores" not in without.records


def test_a_member_that_is_asked_for_itself_is_not_scored_again():
    arch, inside = with_skip()
    one = estimator(WHOLE, smaller=(NO_SKIP,), judged=lambda: {WHOLE.to_str(inside[0])})
    one.train()
    assert "member_scores" not in one.estimate([arch, inside[0]]).records
