"""A proxy, a sampler, a criterion and an analysis of somebody else: importing this module registers them."""

from nasgauge.analyses import ANALYSES, Analysis
from nasgauge.criteria import CRITERIA, Criterion
from nasgauge.estimators.oneshot import SAMPLERS, Sampler
from nasgauge.estimators.zeroshot import PROXIES, Proxy


def widest_layer(record):
    """The parameters of the largest layer."""
    return float(max(layer.weight.numel() for layer in record.layers))


def always_three(space, *, rng):
    """The same three architectures in every step."""
    drawn = [space.sample(rng) for _ in range(3)]
    while True:
        yield drawn


def share_of_best(score, truth):
    """The true accuracy of the architecture with the best score, of the best there is."""
    return float(truth[score.argmax()] / truth.max())


def score_range(scores, truth, space=None):
    """The least and the greatest score of each estimator."""
    return scores.groupby("estimator")["score"].agg(["min", "max"]).reset_index().assign(n=truth["arch"].nunique())


def draw_range(table, ax, space=None):
    """A line from the least to the greatest score of each estimator."""
    ax.hlines(range(len(table)), table["min"], table["max"])
    ax.set_yticks(range(len(table)), table["estimator"])


PROXIES.register(
    "widest_layer", Proxy("widest_layer", widest_layer, frozenset({"layers"}), "ning2021evaluating", "largest layer")
)
SAMPLERS.register("always_three", Sampler(always_three, "ning2021evaluating"))
ANALYSES.register(
    "score_range",
    Analysis(
        name="score_range",
        question="How far apart are the scores?",
        paper_finding="Not asked there.",
        section="agreement",
        compute=score_range,
        draw=draw_range,
        size=(4.0, 2.0),
    ),
)
CRITERIA.register(
    "share_of_best",
    Criterion(
        function=share_of_best,
        of_draws=None,
        better="higher",
        takes_k=False,
        title="Accuracy of the first choice, of the best",
        symbol="Share",
        reference="ning2021evaluating",
        range=(0.0, 1.0),
    ),
)
