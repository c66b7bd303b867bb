"""Size, accuracy and score of each architecture, of which Pareto fronts are made (`search.levels_of`)."""

import pandas as pd

from nasgauge.analyses.toolkit.vectors import is_among, mean_scores, mean_truth


def sized(scores: pd.DataFrame, truth: pd.DataFrame, complexity: pd.DataFrame, by: str) -> dict[str, pd.DataFrame]:
    """Per estimator the columns size, accuracy and score of the architectures that have all three, by arch."""
    accuracy = mean_truth(truth).sort_index()
    size = complexity.set_index("arch")[by].astype("float64").dropna()
    found = {}
    for name, score in sorted(mean_scores(scores).items()):
        score = score[is_among(score.index, accuracy.index) & is_among(score.index, size.index)].sort_index()
        columns = {"size": size.reindex(score.index), "accuracy": accuracy.reindex(score.index), "score": score}
        if len(score):
            found[name] = pd.DataFrame(columns)
    return found
