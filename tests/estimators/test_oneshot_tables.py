"""From scores to tables, on numbers typed by hand: losses that are not finite, class means, who pays for what."""

import numpy as np
import pytest

from nasgauge.core.errors import UserError
from nasgauge.estimators.oneshot import BatchScores, names
from nasgauge.estimators.oneshot.class_members import ScoringRequest, scoring_request
from nasgauge.estimators.oneshot.tables import Scored, estimates
from nasgauge.spaces import NB201

SPACE = NB201()
A, B, C, D = ((1, 0, 0, 0, 0, i) for i in range(4))
a, b, c, d = (SPACE.to_str(arch) for arch in (A, B, C, D))
NAN, INF = np.nan, np.inf
LOSS = np.array([[1.0, 2.0], [3.0, 3.0], [0.5, 1.5], [2.0, 4.0]])  # of A, B, C, D on batches of 30 and 10 images
ACCURACY = np.array([[0.5, 0.1], [0.2, 0.2], [0.8, 0.4], [0.3, 0.7]])
CLASSES = {A: (A, C), B: (B, D, C)}
WHOLE = ScoringRequest(SPACE, (A, B), CLASSES, {a: a, c: a, b: b, d: b})
REASON = "the loss is not finite after epoch 4"


def scored(loss=LOSS, whole=WHOLE, stem="s", epoch=4, keeps_batches=True):
    n = len(whole.paths)
    scores = BatchScores(ACCURACY[:n], np.array(loss)[:n], np.array([30, 10]))
    return Scored(whole, stem, 7, epoch, scores, 12.0, keeps_batches)


def found(*parts, last=4):
    return estimates(parts, (), [row for part in parts if part.epoch == last for row in part.costs(5.0)], last=last)


def with_loss(**changed):
    """LOSS with batch 0 of the named architectures replaced."""
    loss = LOSS.copy()
    for name, value in changed.items():
        loss["abcd".index(name), 0] = value
    return loss


def at(table, **where):
    for name, value in where.items():
        table = table[table[name] == value]
    return dict(zip(table["arch"], table["score"], strict=True))


def test_the_paths_are_the_architectures_and_then_the_other_members():
    assert WHOLE.paths == [A, B, C, D] and WHOLE.texts == [a, b, c, d] and WHOLE.groups == [[0, 2], [1, 3, 2]]
    assert WHOLE.alone().paths == [A, B] and WHOLE.alone().groups == []


def test_means_over_images_and_classes():
    got = found(scored())
    assert at(got.scores, estimator="s") == {a: 0.4, b: 0.2}
    assert at(got.scores, estimator="s_loss") == {a: -1.25, b: -3.0}
    assert at(got.scores, estimator="s_post_deiso") == {a: pytest.approx(0.55), b: pytest.approx(1.3 / 3)}
    assert at(got.scores, estimator="s_post_deiso_loss") == {a: -1.0, b: pytest.approx(-6.25 / 3)}
    assert at(got.records["class_scores"], estimator="s_loss") == {a: -1.25, b: -3.0, c: -0.75, d: -2.5}
    assert len(got.records["batch_scores"]) == 4 and got.errors.empty and (got.scores["seed"] == 7).all()


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_an_architecture_whose_loss_is_not_finite_has_errors_instead_of_scores(bad):
    got = found(scored(with_loss(a=bad)))
    for name in names("s", post_deiso=True):
        assert set(at(got.scores, estimator=name)) == {b}
    assert list(got.errors[["estimator", "arch", "error"]].itertuples(index=False, name=None)) == [
        ("s", a, REASON),
        ("s_loss", a, REASON),
        ("s_post_deiso", a, f"{REASON}, that of {a}, a member of its class"),
        ("s_post_deiso_loss", a, f"{REASON}, that of {a}, a member of its class"),
    ]
    assert (got.errors["seed"] == 7).all()
    batches = got.records["batch_scores"]
    assert list(zip(batches["arch"], batches["batch"], strict=True)) == [(a, 1), (b, 0), (b, 1)]
    assert set(at(got.records["class_scores"], estimator="s")) == {b, c, d}


def test_a_member_that_is_not_finite_takes_the_class_means_alone():
    got = found(scored(with_loss(c=NAN)))
    assert set(at(got.scores, estimator="s")) == {a, b} and set(got.scores["estimator"]) == {"s", "s_loss"}
    assert set(got.errors["estimator"]) == {"s_post_deiso", "s_post_deiso_loss"} and set(got.errors["arch"]) == {a, b}
    assert (got.errors["error"] == f"{REASON}, that of {c}, a member of its class").all()
    got = found(scored(with_loss(d=NAN)))
    assert set(at(got.scores, estimator="s_post_deiso")) == {a} and set(got.errors["arch"]) == {b}


def test_an_earlier_epoch_has_absent_rows_and_no_errors():
    got = found(scored(with_loss(a=NAN), epoch=2), scored())
    assert got.errors.empty and len(got.scores) == 8
    records = got.records["checkpoint_scores"]
    assert set(at(records, estimator="s", epoch=2)) == set(at(records, estimator="s_post_deiso", epoch=2)) == {b}


def test_averaged_weights_fail_for_themselves():
    average = scored(with_loss(b=INF), WHOLE.alone(), "s_avg2", keeps_batches=False)
    got = found(scored(), average)
    assert set(got.errors["estimator"]) == {"s_avg2", "s_avg2_loss"} and set(got.errors["arch"]) == {b}
    assert len(got.records["batch_scores"]) == 4 and at(got.scores, estimator="s_avg2") == {a: 0.4}


def test_nothing_finite_leaves_empty_tables_of_the_declared_columns():
    got = found(scored(np.full((4, 2), NAN)))
    assert got.scores.empty and len(got.errors) == 8 and len(got.costs) == 4
    assert all(table.empty for table in got.records.values()) and len(got.records) == 3
    assert found(scored(), scored(np.full((4, 2), NAN), epoch=2)).records["class_scores"]["score"].notna().all()


def test_an_architecture_pays_for_one_path_and_its_class_mean_for_all_members():
    costs = found(scored()).costs.set_index("estimator")
    assert dict(costs["arch_seconds"]) == {"s": 3.0, "s_loss": 3.0, "s_post_deiso": 7.5, "s_post_deiso_loss": 7.5}
    assert set(costs["n"]) == {2} and set(costs["fit_seconds"]) == {5.0}
    assert dict(found(scored(whole=WHOLE.alone())).costs.set_index("estimator")["arch_seconds"]) == {
        "s": 6.0,
        "s_loss": 6.0,
    }


class Without:
    """Stands for a supernet that lacks some architectures."""

    def __init__(self, *absent):
        self.absent = absent

    def used(self, arch):
        if arch in self.absent:
            raise UserError(f"{arch} is absent")
        return ()


def test_what_is_asked_holds_only_what_the_supernet_has_weights_for():
    arch = (1, 0, 0, 0, 0, 0)
    members = SPACE.members(arch)
    absent = (members[0] if members[0] != arch else members[1], *SPACE.members(B))
    whole, reasons = scoring_request(Without(*absent), SPACE, [arch, B, arch], with_classes=True, form=None)
    assert whole.archs == (arch,) and reasons == {B: f"{B} is absent"}
    assert set(whole.classes[arch]) == set(members) - set(absent) and set(whole.paths) == set(whole.classes[arch])
    assert set(whole.owners.values()) == {SPACE.to_str(SPACE.canonical(arch))}
    assert set(whole.owners) == {SPACE.to_str(member) for member in whole.classes[arch]}
    plain, _ = scoring_request(Without(), SPACE, [arch], with_classes=False, form=None)
    assert plain.paths == [arch] and not plain.classes


@pytest.mark.parametrize("n_batches", [8, 16, 18, 40])
def test_equal_losses_are_equal_scores_wherever_they_stand(n_batches):
    """The last bit of a sum depends on the row of a matrix, and on how many there are."""
    loss = np.random.default_rng(n_batches).random(n_batches) + 1
    sizes = np.full(n_batches, 30)
    many = BatchScores(np.zeros((250, n_batches)), np.tile(loss, (250, 1)), sizes).mean_loss()
    one = BatchScores(np.zeros((1, n_batches)), loss[None], sizes).mean_loss()
    assert set(many.tolist()) == set(one.tolist()) and one[0] == pytest.approx(loss.mean(), abs=1e-12)
