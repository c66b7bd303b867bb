"""Five networks of different kinds, one a small transformer, one of one-dimensional convolutions: proxies and counts.

python examples/any_networks.py TRUTH.csv PAGE.html   (columns arch and accuracy, for the five names)
"""

import sys

from torch.nn import BatchNorm2d, Conv1d, Conv2d, Flatten, Linear, ReLU, Sequential, TransformerEncoderLayer

import nasgauge as ng
from nasgauge.core.usage import check_usage
from nasgauge.images import load_images

check_usage(__doc__)

networks = {
    "linear": Sequential(Flatten(), Linear(64, 10)),
    "mlp": Sequential(Flatten(), Linear(64, 32), ReLU(), Linear(32, 10)),
    "conv 1d": Sequential(Flatten(1, 2), Conv1d(8, 16, 3), ReLU(), Flatten(), Linear(96, 10)),
    "conv 2d": Sequential(Conv2d(1, 16, 3), BatchNorm2d(16), ReLU(), Flatten(), Linear(576, 10)),
    "vit": Sequential(Flatten(1, 2), TransformerEncoderLayer(8, 2, 32, batch_first=True), Flatten(), Linear(64, 10)),
}
found = ng.measure(networks, (data := load_images("digits")).images, data.labels, seed=0)
ng.judge(found.scores, truth=sys.argv[1], n_bootstrap=100, criteria=["kendall_tau"]).to_html(sys.argv[2])
print(found.scores.pivot(index="estimator", columns="arch", values="score").to_string(na_rep="-"))
print(found.errors)
