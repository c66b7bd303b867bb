"""Learned estimators: planted rankings, graphs, losses, and what happens at the edges."""

import itertools

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from nasgauge.core.errors import UserError
from nasgauge.criteria import kendall_tau
from nasgauge.estimators.predictors import ENCODERS, LOSSES, Predictor, ScoreFeatures, Training
from nasgauge.estimators.predictors.encodings import Words, graphs_of, vocabulary
from nasgauge.estimators.predictors.model import Examples
from nasgauge.estimators.predictors.networks import GATES, LSTM, MLP
from nasgauge.spaces import NB101, NB201, SPACES, get_space

QUICK = Training(epochs=60)
FEW = ("mlp", "random_forest", "scores_forest")  # a network, a model of scikit-learn, one of scores alone
EVERY = [pytest.param(name, marks=[pytest.mark.full] * (name not in FEW)) for name in ENCODERS]


def planted(space, n, seed=0):
    """Distinct architectures whose accuracy is a sum over operations, the more the later in the space's order."""
    rng = np.random.default_rng(seed)
    archs = sorted({space.to_str(space.sample(rng)) for _ in range(2 * n)})
    archs = [archs[i] for i in rng.permutation(len(archs))[:n]]
    counts = [space.op_counts(space.from_str(a)) for a in archs]
    weight = {name: i for i, name in enumerate(counts[0])}
    accuracy = np.array([sum(weight[k] * v for k, v in c.items()) for c in counts], dtype=float)
    accuracy = 0.5 + 0.4 * (accuracy - accuracy.min()) / np.ptp(accuracy)
    return pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracy})


def beside(table):
    """Two estimators' scores: one that knows the accuracy up to noise, one that is nothing but noise."""
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(2, len(table)))
    parts = [
        pd.DataFrame({"estimator": name, "arch": table["arch"], "seed": 0, "score": score})
        for name, score in (("good", table["accuracy"] + 0.03 * noise[0]), ("noise", np.exp(9 * noise[1])))
    ]
    return ScoreFeatures.of(pd.concat(parts), ["good", "noise"])


def fitted(space, seen, encoder, **options):
    if ENCODERS[encoder].reads == "scores":
        options = {"features": beside(planted(space, 300)), **options}
    return Predictor(space, encoder, **{"training": QUICK, **options}).fit(seen)


def scores_of(predictor, archs):
    found = predictor.estimate([predictor.space.from_str(a) for a in archs])
    return found.scores.set_index("arch")["score"].reindex(archs)


@pytest.mark.parametrize("encoder", EVERY)
def test_each_encoder_learns_a_planted_ranking(encoder):
    table = planted(NB201(), 300)
    seen, unseen = table[:150], table[150:]
    training = Training(epochs=200)
    score = scores_of(fitted(NB201(), seen, encoder, training=training), unseen["arch"])
    assert kendall_tau(score.to_numpy(), unseen["accuracy"].to_numpy()) > 0.6


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("encoder", ENCODERS)
def test_each_encoder_reads_every_space(space, encoder):
    table = planted(get_space(space), 30)
    options = {"training": Training(epochs=2), "features": beside(table)}
    found = fitted(get_space(space), table, encoder, **options).estimate(
        [get_space(space).from_str(a) for a in table["arch"]]
    )
    assert len(found.scores) == len(table) and found.errors.empty and np.isfinite(found.scores["score"]).all()
    assert found.costs["fit_seconds"].item() > 0


@pytest.mark.parametrize("encoder", EVERY)
def test_the_same_seed_gives_the_same_predictor_and_leaves_torchs_generator_alone(encoder):
    table = planted(NB201(), 40)
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, two = (scores_of(fitted(NB201(), table, encoder, seed=3), table["arch"]) for _ in range(2))
    assert one.equals(two) and torch.equal(torch.rand(1), expected)
    if ENCODERS[encoder].trains:
        assert not one.equals(scores_of(fitted(NB201(), table, encoder, seed=4), table["arch"]))


def test_gates_has_one_score_for_isomorphic_graphs_and_for_one_or_many():
    space = NB101()
    table = planted(space, 40)
    predictor = fitted(space, table, "gates")
    original = space.from_str("conv1x1-bn-relu~0|conv3x3-bn-relu~0|maxpool3x3~1+2|output~3")
    swapped = space.from_str("conv3x3-bn-relu~0|conv1x1-bn-relu~0|maxpool3x3~1+2|output~3")
    assert original != swapped
    one, other = predictor.model.score([original]), predictor.model.score([swapped])
    assert one == pytest.approx(other, abs=1e-5)
    archs = [space.from_str(a) for a in table["arch"]]
    together = predictor.model.score(archs)
    alone = np.concatenate([predictor.model.score([arch]) for arch in archs])
    assert together == pytest.approx(alone, abs=1e-5) and together.std() > 0


def test_gates_is_the_formula_written_out_edge_by_edge():
    space = NB201()
    arch = space.from_str("|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2|")
    known = vocabulary(space, [arch])
    torch.manual_seed(0)
    net = GATES(len(known), 1, 2, n_embedding=6, n_start=7, width=8, n_layers=3)
    [graph] = space.graphs(arch).values()
    x = [net.start[0], *[net.start[1]] * 3]
    for i, (gate, pass_on) in enumerate(zip(net.gate, net.pass_on, strict=True)):
        sent = [pass_on(torch.relu(value) if i else value) for value in x]
        x = list(sent)
        for source, target, name in graph.edges:
            if name != "none":
                operation = net.operation.weight[known[name]]
                x[target] = x[target] + torch.sigmoid(gate(operation)) * sent[source]
    beside = torch.tensor([[0.3, -0.7]])
    expected = net.head(torch.cat([x[3], beside[0]]))
    assert net(graphs_of(space, [arch], known), beside).item() == pytest.approx(expected.item(), abs=1e-6)


def test_hinge_is_the_mean_over_pairs_and_its_gradient_the_finite_difference():
    generator = torch.Generator().manual_seed(0)
    score = torch.randn(7, generator=generator, dtype=torch.float64).mul(0.1).requires_grad_()
    accuracy = torch.tensor([0.9, 0.8, 0.8, 0.7, 0.95, 0.6, 0.65], dtype=torch.float64)
    terms = [
        max(0.0, 0.1 - float(score.detach()[i] - score.detach()[j]))
        for i, j in itertools.permutations(range(7), 2)
        if accuracy[i] > accuracy[j]
    ]
    assert LOSSES["hinge"](score, accuracy).item() == pytest.approx(np.mean(terms))
    for name in LOSSES:
        assert torch.autograd.gradcheck(lambda s, f=LOSSES[name]: f(s, accuracy), [score], eps=1e-7, atol=1e-5)


def test_listmle_is_the_plackett_luce_likelihood():
    score, accuracy = torch.tensor([0.3, -0.2, 0.5]), torch.tensor([0.7, 0.9, 0.8])
    order = [1, 2, 0]
    terms = [torch.log(torch.exp(score[order[i:]]).sum()) - score[order[i]] for i in range(3)]
    assert LOSSES["listmle"](score, accuracy).item() == pytest.approx(float(sum(terms)) / 3, rel=1e-5)


def test_unseen_architectures_and_their_twins_can_be_left_out():
    space = NB201()
    twins = ["|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|",
             "|skip_connect~0|+|none~0|none~1|+|none~0|nor_conv_3x3~1|none~2|"]  # fmt: skip
    assert len({space.canonical(space.from_str(a)) for a in twins}) == 1
    other = "|nor_conv_1x1~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|none~0|skip_connect~1|nor_conv_3x3~2|"
    extra = pd.DataFrame({"arch": [twins[0]], "iso_class": twins[0], "seed": 0, "accuracy": [0.7]})
    seen = pd.concat([planted(space, 20), extra])
    scored = {}
    for judged in ("all", "unseen", "unseen_classes"):
        predictor = fitted(space, seen, "gates", judged=judged)
        found = predictor.estimate([space.from_str(a) for a in (*twins, other)])
        scored[judged] = set(found.scores["arch"])
        assert found.errors.empty
    assert scored["all"] == {*twins, other} and scored["unseen"] == {twins[1], other}
    assert scored["unseen_classes"] == {other}


def test_an_unknown_operation_is_an_error_of_that_architecture_alone():
    space = NB201()
    table = planted(space, 60)
    few = table[~table["arch"].str.contains("avg_pool")][:12]
    pooled = "|avg_pool_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|"
    for encoder in ("gates", "lstm", "random_forest"):
        found = fitted(space, few, encoder).estimate([space.from_str(a) for a in (few["arch"].iloc[0], pooled)])
        assert found.scores["arch"].tolist() == [few["arch"].iloc[0]]
        assert "avg_pool_3x3" in found.errors["error"].item() and "training" in found.errors["error"].item()


def test_words_are_numbered_in_the_order_of_the_space_and_not_of_the_alphabet():
    space = NB201()
    words = Words.of(space, [(i,) * 6 for i in (4, 2, 0)])
    assert words.codes(space, (0, 2, 4, 2, 0, 4)) == [0, 1, 2, 1, 0, 2]


@pytest.mark.parametrize("encoder", EVERY)
def test_scores_beside_an_architecture_are_read_and_help(encoder):
    """With the accuracy itself beside, up to a monotone map, unseen architectures are ranked better than without."""
    table = planted(NB201(), 300)
    rng = np.random.default_rng(0)
    table = table.assign(accuracy=0.5 + 0.1 * rng.random(len(table)))  # nothing about the architecture tells it
    told = pd.DataFrame({"estimator": "e", "arch": table["arch"], "seed": 0, "score": np.exp(99 * table["accuracy"])})
    seen, unseen = table[:150], table[150:]
    tau = {}
    for name, beside_it in {"with": ScoreFeatures.of(told, ["e"]), "noise": ScoreFeatures.of(
        told.assign(score=rng.permutation(told["score"])), ["e"])}.items():  # fmt: skip
        predictor = fitted(NB201(), seen, encoder, training=Training(), features=beside_it)
        tau[name] = kendall_tau(scores_of(predictor, unseen["arch"]).to_numpy(), unseen["accuracy"].to_numpy())
    assert tau["with"] > 0.5 and abs(tau["noise"]) < 0.2


def test_what_a_score_beside_it_lacks_is_not_learned_from_and_not_scored():
    space, table = NB201(), planted(NB201(), 40)
    some = beside(table[:30])
    predictor = fitted(space, table[20:], "gates", features=some)
    found = predictor.estimate([space.from_str(a) for a in table["arch"]])
    assert set(found.scores["arch"]) == set(table["arch"][:30])
    assert set(predictor.lessons["arch"]) == set(table["arch"][20:30]) and predictor.n_trained == 20
    assert set(found.errors["arch"]) == set(table["arch"][30:]) and "no score of good" in found.errors["error"].iloc[0]
    with pytest.raises(UserError, match="there are 0 architectures"):
        fitted(space, table[30:], "gates", features=some)
    with pytest.raises(UserError, match="no scores of 'nobody'"):
        ScoreFeatures.of(pd.DataFrame(columns=["estimator", "arch", "seed", "score"]), ["nobody"])
    with pytest.raises(UserError, match="reads scores of other estimators"):
        Predictor(space, "scores_mlp")


def test_scores_beside_are_normal_scores_of_ranks_over_means_of_seeds():
    rows = pd.DataFrame({"estimator": "e", "arch": list("abcabc"), "seed": [0] * 3 + [1] * 3,
                         "score": [1e60, 2.0, 5.0, 0.0, 4.0, 1.0]})  # fmt: skip
    values = ScoreFeatures.of(rows, ["e"]).values  # means: a 5e59, b 3, c 3
    expected = {"a": stats.norm.ppf(5 / 6), "b": stats.norm.ppf(1 / 3), "c": stats.norm.ppf(1 / 3)}
    assert {k: v[0] for k, v in values.items()} == pytest.approx(expected)
    assert (ScoreFeatures.of(rows.assign(score=1.0), ["e"]).values["a"] == 0).all()
    three = pd.DataFrame({"estimator": "e", "arch": list("abc") * 3, "seed": [0] * 3 + [1] * 3 + [2] * 3,
                          "score": [0.846, 0.176, 0.5, 0.176, 0.09, 0.5, 0.09, 0.846, 0.5]})  # fmt: skip
    values = ScoreFeatures.of(three, ["e"]).values
    assert values["a"] == values["b"] < values["c"]


def test_what_was_paid_and_learned_is_told():
    space, table = NB201(), planted(NB201(), 20)
    seeds = pd.concat([table.assign(seed=seed, train_seconds=2.0) for seed in (0, 1)])
    costs = {}
    for name, seen, signal in (("told", seeds, ""), ("not told", table, ""), ("signal", table, "oneshot")):
        predictor = fitted(space, seen, "random_forest", signal=signal, kind="forest", draw=3)
        found = predictor.estimate([space.from_str(a) for a in table["arch"]])
        costs[name] = found.costs.iloc[0]
        lessons = found.records["lessons"]
        assert set(lessons["arch"]) == set(table["arch"]) and set(lessons["kind"]) == {"forest"}
        assert set(lessons["draw"]) == {3} and set(lessons["stage"]) == {0}
    assert (costs["told"]["n_trained"], costs["told"]["truth_seconds"]) == (20, 80.0)
    assert costs["not told"]["n_trained"] == 20 and np.isnan(costs["not told"]["truth_seconds"])
    assert (costs["signal"]["n_trained"], costs["signal"]["truth_seconds"]) == (0, 0.0)
    assert {c["n_learned"] for c in costs.values()} == {20}


@pytest.mark.parametrize("label", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("encoder", ["mlp", "random_forest"])
def test_nothing_is_learned_from_an_accuracy_that_is_no_number(encoder, label):
    table = planted(NB201(), 20)
    table.loc[3, "accuracy"] = label
    with pytest.raises(UserError, match="its training set: row 4, column 'accuracy' is"):
        Predictor(NB201(), encoder, QUICK).fit(table)


def test_too_little_to_learn_from_is_told():
    space, table = NB201(), planted(NB201(), 20)
    with pytest.raises(UserError, match="there are 1 architectures to learn from"):
        fitted(space, table[:1], "gates")
    with pytest.raises(UserError, match="accuracies that are all equal"):
        fitted(space, table.assign(accuracy=0.5), "gates")
    with pytest.raises(UserError, match="learned from nothing yet"):
        Predictor(space, "gates").estimate([])
    with pytest.raises(UserError, match="unknown encoder"):
        Predictor(space, "gate")
    with pytest.raises(UserError, match="unknown loss"):
        Predictor(space, "gates", Training(loss="hing"))
    assert np.isfinite(scores_of(fitted(space, table[:3], "gates"), table["arch"][:3])).all()  # fewer than a batch


NETWORKS = [name for name, encoder in ENCODERS.items() if encoder.trains]


@pytest.mark.parametrize("encoder", NETWORKS)
@pytest.mark.parametrize("batch_size", [512, 7])
def test_a_network_and_all_that_it_is_given_live_on_the_device(encoder, batch_size):
    """On the meta device, where tensors of the CPU cannot be mixed in and nothing is computed."""
    table = planted(NB201(), 300)
    archs = [NB201().from_str(text) for text in table["arch"][:20]]
    lesson = Examples(NB201(), beside(table), archs, table["accuracy"].to_numpy()[:20])
    model = ENCODERS[encoder].make()
    model.fit(lesson, Training("mse", epochs=2, batch_size=batch_size, device="meta"), 0)
    assert {p.device.type for p in model.network.parameters()} == {"meta"}
    with torch.no_grad():
        assert model.network(*model._whole(archs)).device.type == "meta"


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_device_is_told_before_anything_is_learned(encoder, monkeypatch):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    given = {"features": beside(planted(NB201(), 300))}
    with pytest.raises(UserError, match="predictor 'mine': device 'cuda' is not available here, only cpu"):
        Predictor(NB201(), encoder, Training(device="cuda"), label="mine", **given)
    if encoder in NETWORKS:
        Predictor(NB201(), encoder, Training(device="auto"), **given)
    else:
        with pytest.raises(UserError, match="device = 'auto' has no effect, as its encoder is not a network"):
            Predictor(NB201(), encoder, Training(device="auto"), **given)


@pytest.mark.parametrize("encoder", NETWORKS)
def test_networks_learn_and_score_without_tf32(encoder, monkeypatch):
    seen = []
    for network in (GATES, LSTM, MLP):
        forward = network.forward
        monkeypatch.setattr(
            network, "forward",
            lambda self, *x, forward=forward: (seen.append(torch.backends.cudnn.allow_tf32), forward(self, *x))[1],
        )  # fmt: skip
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    table = planted(NB201(), 40)
    scores_of(fitted(NB201(), table[:20], encoder, training=Training(epochs=3)), table["arch"])
    assert seen == [False] * 4 and torch.backends.cudnn.allow_tf32
