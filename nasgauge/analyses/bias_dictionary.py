"""The analyses of bias: what each asks, and what the literature found on the same question."""

from nasgauge.analyses import (
    bias_profile,
    complexity_bias,
    complexity_bias_in_training,
    enrichment,
    misjudged,
    operation_bias,
    operation_bias_by_size,
    operation_changes,
    pareto,
    pareto_levels,
    place_bias,
)
from nasgauge.analyses.analysis import Analysis

BIAS: dict[str, Analysis] = {
    "bias_profile": Analysis(
        bias_profile.compute,
        bias_profile.draw,
        "Biased to what: which properties do overestimated architectures have?",
        "",
        "Ning et al. (2021, Sec. 5.2 and App. B.2) find synflow preferring large architectures, and jacob_cov and "
        "relu_logdet those with small receptive fields, 1×1 instead of 3×3 convolutions or little depth.",
        (2.9, 2.2),
        "estimator",
        random=True,
        takes=("complexity",),
        caption="How far above (+) equally good architectures the estimator puts one with one standard deviation more "
        "of the property, in shares of all; bars hold for all properties at once. Red, numbered: the properties that "
        "explain the bias, one after the other; none is numbered where no bias is found.",
        section="bias",
    ),
    "complexity_bias": Analysis(
        complexity_bias.compute,
        complexity_bias.draw,
        "Are small or large architectures overestimated, and how well are equals in size ranked?",
        "Fig. 5",
        "Ning et al. (2021, Sec. 5.1) find that supernets underestimate large architectures early in training and less "
        "so later, and rank large ones worse among themselves than small ones; synflow prefers large ones (Sec. 5.2).",
        (2.3, 2.3),
        "estimator",
        margins=(0.2, 0.2, 0.97, 0.97),
        random=True,
        needs=("complexity",),
        caption="Groups 1 (smallest) to 5 by number of parameters, below them Kendall's tau-b within the group. Bars: "
        "mean difference of true and estimated rank, in shares of all architectures. Points: how far above (+) or "
        "below equally good architectures the estimator puts the group; red where the interval excludes 0.",
        section="bias",
    ),
    "complexity_bias_in_training": Analysis(
        complexity_bias_in_training.compute,
        complexity_bias_in_training.draw,
        "Does training alleviate the bias against large architectures?",
        "Fig. 5",
        "Ning et al. (2021, Sec. 5.1 and Fig. 5) see the mean rank difference fall with size early in training, "
        "because large models converge more slowly, and the differences shrink later.",
        (3.3, 2.9),
        "estimator",
        random=True,
        needs=("checkpoint_scores", "complexity"),
        caption="Mean difference of true and estimated rank, in shares of all architectures, of five groups by number "
        "of parameters; above 0: overestimated.",
        section="bias",
    ),
    "operation_bias": Analysis(
        operation_bias.compute,
        operation_bias.draw,
        "Which operation is overestimated when it takes the place of another?",
        "Fig. A11",
        "Ning et al. (2021, Sec. 5.1 and Fig. A11 to A13) find supernets overestimating dilated convolutions and "
        "underestimating skips on NAS-Bench-301 (from a skip to dil_conv_5x5 the truth rises in 39.0% of 2,336 pairs, "
        "the score in 94.9%), and slightly overestimating pooling and underestimating 3×3 on NAS-Bench-201.",
        (2.9, 2.9),
        "estimator",
        random=True,
        counts="pairs of architectures one step apart",
        caption="Pairs that differ at one place: orange, the column's word is overestimated against the row's, purple, "
        "underestimated, both in shares of all ranks and against equally good architectures; a dot where the interval "
        "excludes 0. The table also holds how often truth and score rise.",
        section="bias",
    ),
    "operation_bias_by_size": Analysis(
        operation_bias_by_size.compute,
        operation_bias_by_size.draw,
        "Is an operation misjudged most in small or in large architectures?",
        "Fig. A12",
        "Ning et al. (2021, Fig. A11 and A12) find dilated convolutions overestimated most among the largest "
        "architectures of NAS-Bench-301: from a skip to dil_conv_5x5 the truth rises in 15.3% of 569 pairs there, the "
        "score in 92.3%.",
        (3.4, 2.7),
        "estimator",
        random=True,
        needs=("complexity",),
        counts="pairs",
        caption="Groups 1 (smallest) to 5 by number of parameters across, steps down. Brown: the score rises oftener "
        "with the step than the truth, violet: less often; dots: the excess excludes 0. Of many steps those with the "
        "most pairs.",
        section="bias",
    ),
    "operation_changes": Analysis(
        operation_changes.compute,
        operation_changes.draw,
        "By how much do truth and score change with an operation?",
        "Fig. A13",
        "Ning et al. (2021, Fig. A13) find the histograms of true and one-shot changes alike for all mutations of "
        "NAS-Bench-201, 18,750 pairs each, and unlike for many of NAS-Bench-301 (Fig. A11).",
        (2.9, 3.1),
        "estimator",
        counts="pairs",
        caption="Change of the rank when the second operation takes the place of the first, to the right: better. "
        "Grey: truth; blue: score. The steps with the most pairs.",
        section="bias",
    ),
    "place_bias": Analysis(
        place_bias.compute,
        place_bias.draw,
        "Which operation is misjudged at which place?",
        "Fig. A26",
        "Ning et al. (2021, App. B.2 and Fig. A26), colouring scores by the operation of each edge, see plain "
        "overestimate average pooling, and relu_logdet and jacob_cov prefer 1×1 to 3×3 convolutions.",
        (2.6, 2.2),
        "estimator",
        random=True,
        caption="Mean excess over equally good architectures; brown: overestimated, violet: underestimated; dots: the "
        "interval excludes 0. Places in the order of the encoding.",
        section="bias",
    ),
    "enrichment": Analysis(
        enrichment.compute,
        enrichment.draw,
        "What do the architectures share that an estimator puts on top, or last?",
        "Fig. 6",
        "Ning et al. (2021, Sec. 5.2) find the largest architectures on top by synflow, and those without skips by "
        "snip, grad_norm and fisher, whose gradients explode.",
        (2.9, 2.6),
        "estimator",
        random=True,
        takes=("complexity",),
        caption="Mean of a property over the best 5% by score (blue) and the worst 5% (orange, open) against all "
        "architectures, in standard deviations, with intervals; bars: the same of the truly best and worst.",
        section="bias",
    ),
    "pareto": Analysis(
        pareto.compute,
        pareto.draw,
        "Are those that look small and good also small and good in truth?",
        "Fig. A8",
        "Ning et al. (2021, App. A.2.1, Fig. A8 and A9) find the front by one-shot score and parameters farthest from "
        "the true one among the small architectures of NAS-Bench-301.",
        (2.6, 2.6),
        "estimator",
        needs=("complexity",),
        caption="Parameters across, true accuracy up; grey: all architectures. Blue: the true front; red: those on "
        "the front by score and size; orange: those on the inverse one, large with a low score.",
        section="bias",
    ),
    "pareto_levels": Analysis(
        pareto_levels.compute,
        pareto_levels.draw,
        "How many levels of the estimated front must be trained to find the best of each size?",
        "Fig. A10",
        "Ning et al. (2021, Fig. A10) find on NAS-Bench-301 that several levels shrink the gap, in one group of size "
        "from about .6 to about .2 percentage points.",
        (2.6, 2.4),
        "estimator",
        needs=("complexity",),
        caption="Levels across; by how much the best of the group is better than the best found, in percentage points; "
        "a line a group of number of parameters.",
        section="bias",
    ),
    "misjudged": Analysis(
        misjudged.compute,
        misjudged.draw,
        "Which architectures are over- and underestimated most?",
        "",
        "Ning et al. (2021, Sec. 6.2 and Fig. 9) find simple architectures with many isomorphic counterparts "
        "overestimated by a supernet that samples encodings uniformly.",
        (2.1, 3.7),
        "estimator",
        margins=(0.0, 0.0, 1.0, 1.0),
        caption="The two most overestimated above the two most underestimated, against equally good architectures. "
        "Strokes as under the best cells.",
        section="bias",
    ),
}
