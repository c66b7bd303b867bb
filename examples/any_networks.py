"""Five networks of different kinds, one a small transformer, one of one-dimensional convolutions: proxies and counts.

python examples/any_networks.py TRUTH.csv PAGE.html   (columns arch and accuracy, for the five names)
"""

import sys
from pathlib import Path

from torch import nn

from nasgauge.estimators.zeroshot import measure
from nasgauge.images import load_images
from nasgauge.judging import judge_file
from nasgauge.report import of_verdict, write


def transformer():
    """One layer of attention; the eight rows of a digit are its tokens. It is built when its turn comes."""
    attention = nn.TransformerEncoderLayer(8, 2, 32, activation="gelu", batch_first=True)
    return nn.Sequential(nn.Flatten(1, 2), attention, nn.Flatten(), nn.Linear(64, 10))


NETWORKS = {
    "linear": nn.Sequential(nn.Flatten(), nn.Linear(64, 10)),
    "mlp": nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)),
    "conv 1d": nn.Sequential(nn.Flatten(1, 2), nn.Conv1d(8, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(96, 10)),
    "conv 2d": nn.Sequential(nn.Conv2d(1, 16, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.Flatten(), nn.Linear(576, 10)),
    "transformer": transformer,
}
data = load_images("digits")
found = measure(NETWORKS, data.images, data.labels, seed=0)
truth, page = map(Path, sys.argv[1:])
found.scores.to_csv(page.with_suffix(".csv"), index=False)
verdict = judge_file(page.with_suffix(".csv"), truth=truth, n_bootstrap=100, criteria=["kendall_tau"])
write(of_verdict(verdict, title="Five networks"), page)
print(verdict.values[["estimator", "value", "n"]].dropna().to_string(index=False))
print(found.errors.groupby("arch", sort=False)["estimator"].agg(", ".join).to_string())
