"""The one-shot estimator: scores from checkpoints, against a plain way of computing each of them."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn.functional import cross_entropy

from nasgauge.core.errors import UserError
from nasgauge.core.tables import TRUTH, empty
from nasgauge.estimators import RunContext, estimator_config
from nasgauge.estimators.oneshot import (
    SAMPLERS,
    ForgettingProbe,
    GradientProbe,
    OneShot,
    Protocol,
    names,
    path_string,
    per_cell,
    score,
    validation_batches,
)
from nasgauge.images import ImageData, Split
from nasgauge.nets import NetOptions, SupernetOptions
from nasgauge.spaces import NB201

SPACE = NB201()
NET = NetOptions(
    channels=3, n_cells=2, n_stages=1, in_channels=1, n_classes=4, bn_affine=False, dropout=0.3, skip_dead=True
)
RNG = np.random.default_rng(0)
ARCHS = list(dict.fromkeys(SPACE.canonical(SPACE.sample(RNG)) for _ in range(14)))
NOTHING = empty(TRUTH)


def images(n=70):
    generator = torch.Generator().manual_seed(3)
    labels = torch.randint(4, (n,), generator=generator)
    pixels = torch.randn(n, 1, 8, 8, generator=generator) + labels[:, None, None, None]
    return ImageData("made up", pixels, labels, 4)


def estimator(**changes):
    rows = torch.arange(70)
    settings = {
        "space": SPACE, "data": images(), "split": Split(rows[:40], rows[40:], rows[70:]),
        "sampler": SAMPLERS["uniform"],
        "protocol": Protocol(epochs=4, batch_size=16), "net": NET, "checkpoint_epochs": (0, 1, 2, 4),
        "score_batch_size": 16,
    }  # fmt: skip
    return OneShot(**(settings | changes))


def fitted(**changes):
    made = estimator(**changes)
    made.train()
    return made


@pytest.fixture(scope="module")
def plain():
    return fitted(averages=(2, 3), post_deiso=True)


@pytest.fixture(scope="module")
def found(plain):
    return plain.estimate(ARCHS)


def column(table, estimator, **where):
    part = table[table["estimator"] == estimator]
    for name, value in where.items():
        part = part[part[name] == value]
    return part.set_index("arch")["score"]


def by_hand(net, arch, data, rows):
    """Accuracy and loss over all rows, batches of 16, with the stand-alone network that carries the weights."""
    alone = net.standalone(arch).eval()
    hits, losses = 0.0, 0.0
    with torch.no_grad():
        for part in rows.split(16):
            logits = alone(data.images[part])
            hits += (logits.argmax(1) == data.labels[part]).sum().item()
            losses += cross_entropy(logits.double(), data.labels[part], reduction="sum").item()
    return hits / len(rows), losses / len(rows)


def test_scores_are_those_of_the_stand_alone_networks_with_the_trained_weights(plain, found):
    for epoch in (0, 2, 4):
        net = plain.trained(epoch)
        for arch in ARCHS[:5]:
            accuracy, loss = by_hand(net, arch, plain.data, plain.split.valid)
            name = SPACE.to_str(arch)
            records = found.records["checkpoint_scores"]
            assert column(records, "oneshot", epoch=epoch)[name] == pytest.approx(accuracy, abs=1e-12)
            assert column(records, "oneshot_loss", epoch=epoch)[name] == pytest.approx(-loss, abs=1e-6)


def test_every_name_is_scored_and_the_last_epoch_is_the_score(plain, found):
    assert set(found.scores["estimator"]) == set(names("oneshot", (2, 3), True))
    records = found.records["checkpoint_scores"]
    for name in found.scores["estimator"].unique():
        pd.testing.assert_series_equal(column(found.scores, name), column(records, name, epoch=4))
    assert len(found.errors) == 0 and set(found.costs["estimator"]) == set(found.scores["estimator"])


def test_an_average_of_checkpoints_is_the_mean_of_their_weights(plain, found):
    states = [plain.checkpoints[e]["weights"] for e in (1, 2, 4)]
    net = plain.fresh()
    net.load_state_dict({name: sum(s[name].double() for s in states).div(3).float() for name in states[0]})
    for arch in ARCHS[:5]:
        accuracy, loss = by_hand(net, arch, plain.data, plain.split.valid)
        assert column(found.scores, "oneshot_avg3")[SPACE.to_str(arch)] == pytest.approx(accuracy, abs=1e-12)
        assert column(found.scores, "oneshot_avg3_loss")[SPACE.to_str(arch)] == pytest.approx(-loss, abs=1e-5)
    windows = found.records["windows"].set_index(["estimator", "epoch"])["oldest"].to_dict()
    assert windows == {
        (f"oneshot_avg{n}{score}", epoch): oldest
        for score in ("", "_loss")
        for n, epoch, oldest in ((2, 1, 0), (2, 2, 1), (2, 4, 2), (3, 2, 0), (3, 4, 1))
    }
    epochs = found.records["checkpoint_scores"].groupby("estimator")["epoch"].agg(set)
    assert (
        epochs["oneshot_avg3"] == {2, 4} and epochs["oneshot_avg2"] == {1, 2, 4} and epochs["oneshot"] == {0, 1, 2, 4}
    )


def test_post_deiso_is_the_mean_over_the_class(plain, found):
    members = SPACE.members(ARCHS[0])
    mean = np.mean([by_hand(plain.trained(4), m, plain.data, plain.split.valid)[0] for m in members])
    assert len(members) > 1
    assert column(found.scores, "oneshot_post_deiso")[SPACE.to_str(ARCHS[0])] == pytest.approx(mean, abs=1e-9)
    table = found.records["class_scores"]
    own = table[
        (table["iso_class"] == SPACE.to_str(ARCHS[0])) & (table["epoch"] == 4) & (table["estimator"] == "oneshot")
    ]
    assert set(own["arch"]) == {SPACE.to_str(m) for m in members}


def test_batches_are_kept_and_add_up(found):
    table = found.records["batch_scores"]
    last = table[table["epoch"] == 4]
    assert sorted(last["batch"].unique()) == [0, 1] and sorted(last["n_images"].unique()) == [14, 16]
    hits = (last["accuracy"] * last["n_images"]).groupby(last["arch"]).sum() / 30
    np.testing.assert_allclose(hits[column(found.scores, "oneshot").index], column(found.scores, "oneshot"), atol=1e-12)


@pytest.mark.parametrize("bn", ["batch", "tracked", "recalibrated"])
def test_order_and_grouping_of_the_architectures_change_nothing(bn):
    net = replace(NET, bn_affine=True, skip_dead=False)
    one = fitted(supernet=SupernetOptions(bn=bn), checkpoint_epochs=(), net=net)
    whole = one.estimate(ARCHS).scores
    turned = one.estimate(ARCHS[::-1]).scores
    halves = pd.concat([one.estimate(part).scores for part in (ARCHS[::2], ARCHS[1::2])])
    for other in (turned, halves):
        for name in names("oneshot"):
            expected = column(whole, name)
            assert (column(other, name)[expected.index] == expected).all()
    assert column(whole, "oneshot_loss").nunique() > 5


def test_the_same_seed_gives_the_same_scores_and_another_seed_others():
    first, again, other = (fitted(seed=seed, checkpoint_epochs=()).estimate(ARCHS).scores for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not (first["score"] == other["score"]).all()


def test_recalibration_uses_the_training_images_only():
    one = fitted(supernet=SupernetOptions(bn="recalibrated"), checkpoint_epochs=())
    net = one.trained(4)
    score(net, ARCHS[:1], one._validation(), calibration=one._calibration())
    norm = net.parts["stem"][1]
    conv = net.parts["stem"][0]
    with torch.no_grad():
        batches = [conv(one.data.images[part]) for part in one.split.train[:32].split(16)]
        expected = torch.stack([b.mean((0, 2, 3)) for b in batches]).mean(0)
    torch.testing.assert_close(norm.running_mean, expected)


def test_architectures_without_weights_are_errors_not_scores():
    small = fitted(space=SPACE.restrict(["skip_connect", "nor_conv_3x3", "nor_conv_1x1"]), checkpoint_epochs=())
    archs = [(1, 3, 2, 3, 1, 1), (0, 3, 3, 3, 3, 3)]
    got = small.estimate(archs)
    assert set(got.scores["arch"]) == {SPACE.to_str(archs[0])}
    assert set(got.errors["estimator"]) == {"oneshot", "oneshot_loss"} and "none" in got.errors["error"].iloc[0]
    assert small.estimate(archs[1:]).scores.empty


@pytest.fixture
def overflowing():
    """A supernet of finite weights of which one convolution overflows after epochs 2 and 4, and so their average."""
    one = fitted(averages=(2,), post_deiso=True)
    for epoch in (2, 4):
        one.checkpoints[epoch]["weights"]["parts.cell0/0to1/nor_conv_1x1.1.weight"].fill_(1.5e38)
    return one


def test_losses_that_are_not_finite_are_errors_and_touch_no_other_architecture(overflowing, found):
    def is_finite(arch, epoch):
        return np.isfinite(by_hand(overflowing.trained(epoch), arch, overflowing.data, overflowing.split.valid)[1])

    archs = ARCHS[1:6]
    got = overflowing.estimate(archs)
    kept = [a for a in archs if is_finite(a, 4)]
    whole = [a for a in archs if all(is_finite(m, 4) for m in SPACE.members(a))]
    assert 0 < len(whole) < len(kept) < len(archs)
    expected = {"oneshot": kept, "oneshot_avg2": kept, "oneshot_post_deiso": whole}
    for stem, scored in expected.items():
        for name in (stem, f"{stem}_loss"):
            assert set(column(got.scores, name).index) == {SPACE.to_str(a) for a in scored}
            lost = got.errors[got.errors["estimator"] == name]
            assert set(lost["arch"]) == {SPACE.to_str(a) for a in archs if a not in scored}
            assert lost["error"].str.startswith("the loss is not finite after epoch 4").all()
    before, now = (column(e.records["checkpoint_scores"], "oneshot_loss", epoch=2) for e in (found, got))
    assert len(now) == len(kept) and (now == before[now.index]).all()
    for table in got.records.values():
        assert np.isfinite(table.select_dtypes("float")).all(axis=None)
    assert set(got.costs["n"]) == {len(archs)}


def test_a_class_is_listed_once_an_estimate_however_many_checkpoints(plain, monkeypatch):
    asked = []
    listed = NB201.members
    monkeypatch.setattr(NB201, "members", lambda self, arch, form=None: asked.append(arch) or listed(self, arch, form))
    plain.estimate(ARCHS[:5])
    assert sorted(asked) == sorted(ARCHS[:5])


def test_unshared_topology_trains_paths_of_different_cells():
    seen = []

    def sampler(space, *, rng):
        for item in per_cell([SAMPLERS["uniform"](space, rng=child) for child in rng.spawn(2)]):
            seen.extend(item)
            yield item

    one = fitted(sampler=sampler, checkpoint_epochs=())
    assert any(a != b for a, b in seen) and len(one.estimate(ARCHS).scores) == 2 * len(ARCHS)
    assert path_string(SPACE, seen[0]) == f"{SPACE.to_str(seen[0][0])} / {SPACE.to_str(seen[0][1])}"


def test_history_holds_what_the_probes_and_the_loop_recorded():
    data = images()
    text = partial(path_string, SPACE)
    probes = (
        ForgettingProbe((2,), data.images[40:], data.labels[40:], max_archs=2, to_str=text),
        GradientProbe((0, 4), ARCHS[:3], data.images[:20], data.labels[:20], text),
    )
    tables = fitted(probes=probes, label="net", seed=5).history()
    assert set(tables) == {"training_log", "forgetting", "gradients"}
    assert all((t["estimator"] == "net").all() and (t["seed"] == 5).all() for t in tables.values())
    assert list(tables["training_log"]["epoch"]) == [1, 2, 3, 4]
    assert set(tables["forgetting"]["epoch"]) == {2} and set(tables["gradients"]["epoch"]) == {0, 4}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"checkpoint_epochs": (9,)}, "epochs 4 to 9 .* of 4 epochs"),
        ({"averages": (9,)}, "average over 9 checkpoints"),
        ({"score_batch_size": 31}, "31 validation images are wanted .* there are 30"),
        ({"n_score_batches": 3}, "48 validation images"),
        ({"score_shift": 8}, "score_shift = 8 moves images of 8x8 out of sight"),
        ({"split": Split(torch.arange(10), torch.arange(40, 70), torch.arange(0))}, "10 training"),
    ],
)
def test_mistakes_are_told(changes, message):
    with pytest.raises(UserError, match=message):
        fitted(**changes)


def test_an_untrained_supernet_cannot_estimate():
    with pytest.raises(UserError, match="no checkpoint of epoch 0; train it first"):
        estimator().estimate(ARCHS)


def test_validation_batches_keep_the_order_and_the_rest():
    data = images()
    batches = validation_batches(data, torch.arange(40, 70), batch_size=16)
    assert [len(y) for _, y in batches] == [16, 14]
    assert torch.equal(torch.cat([y for _, y in batches]), data.labels[40:])
    assert len(validation_batches(data, torch.arange(40, 70), batch_size=10, n_batches=2)) == 2


def test_with_a_shift_every_validation_image_is_scored_in_nine_positions():
    data, rows = images(), torch.arange(40, 70)
    batches = validation_batches(data, rows, batch_size=16, shift=2)
    x, y = (torch.cat(parts) for parts in zip(*batches, strict=True))
    assert torch.equal(y, data.labels[rows].repeat(9)) and len({len(part) for _, part in batches[:-1]}) == 1
    wide = torch.nn.functional.pad(data.images[rows], (2, 2, 2, 2))
    expected = [wide[..., top : top + 8, left : left + 8] for top in (0, 2, 4) for left in (0, 2, 4)]
    for i, views in enumerate(zip(*expected, strict=True)):
        seen = {part.numpy().tobytes() for part in x[i::30].contiguous()}
        assert seen == {part.contiguous().numpy().tobytes() for part in views} and len(seen) == 9
    assert torch.equal(validation_batches(data, rows, batch_size=16, n_batches=2, shift=2)[1][0], batches[1][0])


def test_scores_in_bfloat16_are_those_of_float32_but_for_rounding(plain):
    net, batches = plain.trained(plain.epochs[-1]), plain._validation()
    whole, half = (score(net, ARCHS[:3], batches, precision=p) for p in ("float32", "bfloat16"))
    assert not np.array_equal(whole.loss, half.loss)
    np.testing.assert_allclose(half.loss, whole.loss, rtol=0.05)
    assert next(net.parameters()).dtype == torch.float32 and not torch.is_autocast_enabled("cpu")


@pytest.mark.parametrize(
    ("sampler", "n"), [("subset", 3), ("mixture", 0), ("uniform", 0)]
)  # a mixture draws others too
def test_architectures_that_are_sampled_alone_are_recorded_however_they_were_listed(sampler, n):
    space = NB201()
    archs = [(3, 1, 2, 1, 0, 2), space.to_str((2, 3, 1, 3, 3, 1)), [3, 4, 2, 0, 1, 2], (3, 1, 2, 1, 0, 2)]
    options = {} if sampler == "uniform" else {"archs": archs}
    words = {"net": {"channels": 2, "n_cells": 1, "n_stages": 1}, "epochs": 1, "sampler_options": options}
    made = estimator_config({"name": "oneshot", "sampler": sampler, **words}).build(RunContext(space))
    wanted = {space.to_str(a) for a in ((3, 1, 2, 1, 0, 2), (2, 3, 1, 3, 3, 1), (3, 4, 2, 0, 1, 2))}
    assert set(made.given) == (wanted if n else set()) and len(made.given) == n


def test_too_few_images_for_recalibration_are_noticed_before_training():
    rows = torch.arange(70)
    with pytest.raises(UserError, match=r"20 training images are wanted .*, there are 18; .* or lower valid_share"):
        estimator(
            split=Split(rows[:18], rows[18:], rows[70:]), supernet=SupernetOptions(bn="recalibrated"),
            score_batch_size=20, protocol=Protocol(epochs=4, batch_size=16),
        )  # fmt: skip
