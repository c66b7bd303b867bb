"""Where and why is the guess wrong?

Rule: one question a file, with `compute(scores, truth, space=None, ...) -> table`, pure, and `draw(table, ax)`. No
training, no networks, no disk. A missing score is an absent row, and every table says its n.
"""

from nasgauge.analyses import agreement, rank_scatter, reliability, score_histogram, top_cells
from nasgauge.analyses.analysis import Analysis
from nasgauge.analyses.cells import operations_of, strokes
from nasgauge.analyses.drawing import plain, tidy
from nasgauge.analyses.rank_scatter import N_POINTS
from nasgauge.analyses.vectors import is_among

ANALYSES: dict[str, Analysis] = {
    "reliability": Analysis(
        reliability.compute,
        reliability.draw,
        "How far can the truth itself be trusted?",
        "",
        "Ning et al. (2021) do not ask this of their topological search spaces; for NDS ResNet they take the 5,000 "
        "architectures that were trained with three seeds (App. D).",
        (5.2, 3.2),
        random=True,
    ),
    "agreement": Analysis(
        agreement.compute,
        agreement.draw,
        "Which estimators say the same, and which say what the truth says?",
        "Fig. 4",
        "On NAS-Bench-201, Ning et al. (2021, Fig. 4 and Table A9) find relu_logdet (.611) and jacob_cov (.608) level "
        "with counting parameters (.606), and snip, grad_norm and fisher ranking alike.",
        (8.4, 8.0),
    ),
    "rank_scatter": Analysis(
        rank_scatter.compute,
        rank_scatter.draw,
        "Where on the scale from best to worst does an estimator err?",
        "Fig. A26",
        "Ning et al. (2021, App. B.2) report that relu_logdet and jacob_cov rank well overall and yet find few of the "
        "top 5% (.158 and .087 of them), because they favour 1×1 over 3×3 convolutions.",
        (2.1, 2.1),
        "estimator",
        margins=(0.2, 0.2, 0.98, 0.98),
    ),
    "score_histogram": Analysis(
        score_histogram.compute,
        score_histogram.draw,
        "How are the scores spread: crowded, in steps, or ruled by a few outliers?",
        "Fig. A25",
        "Ning et al. (2021, Fig. A25) find outliers in the scores of every zero-shot estimator and plot only what lies "
        "between the .1 and .9 quantiles; synflow alone runs up to 7.55e49.",
        (2.1, 1.6),
        "estimator",
        margins=(0.19, 0.26, 0.97, 0.97),
    ),
    "top_cells": Analysis(
        top_cells.compute,
        top_cells.draw,
        "What do the architectures look like that an estimator likes best?",
        "Fig. 6",
        "Ning et al. (2021, Sec. 5.2 and App. B.2) find synflow choosing the largest cells, and snip, grad_norm and "
        "fisher cells without skips: their first choice, a chain of three 3×3 convolutions, reaches 88.52%, and 93.99% "
        "once a skip joins input and output.",
        (2.1, 3.0),
        "estimator",
        margins=(0.0, 0.0, 1.0, 1.0),
    ),
}

__all__ = ["ANALYSES", "N_POINTS", "Analysis", "is_among", "operations_of", "plain", "strokes", "tidy"]
