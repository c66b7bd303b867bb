"""A proxy of one's own on three search spaces, in worker processes: python examples/own_proxy_survey.py FOLDER 60"""

import sys
from pathlib import Path

import torch

from nasgauge.studies import survey

SURVEY = """
title = "A user-defined proxy on three search spaces"
parts = [
    { name = "nb201", benchmark = "digits-nb201", archs = { n = 60 } },
    { name = "nb101", benchmark = "digits-nb101", archs = { n = 60 } },
    { name = "resnet", benchmark = "digits-resnet", archs = { n = 60 } },
]
criteria = ["kendall_tau"]
n_bootstrap = 100
estimators = [{ name = "zeroshot", proxies = ["snip", "own_proxy_survey.py:logit_spread"] }]
"""


def logit_spread(network, batch):
    """Mean standard deviation of the logits over the images of a batch; range [0, inf)."""
    images, _ = batch
    with torch.no_grad():
        return network(images).std(dim=0).mean()


if __name__ == "__main__":
    text = SURVEY.replace("60", sys.argv[2])
    found = survey.run_text(text, Path(sys.argv[1]), where="own proxy", folder=Path(__file__).parent)
    print(found.contests[["part", "estimator", "value"]].round(3).to_string(index=False))
