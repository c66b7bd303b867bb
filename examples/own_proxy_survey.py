"""A proxy of one's own on three search spaces, in worker processes: python examples/own_proxy_survey.py FOLDER 60"""

import sys

import torch

import nasgauge as ng
from nasgauge.core.usage import check_usage


def logit_spread(network, batch):
    """Mean standard deviation of the logits over the images of a batch; range [0, inf)."""
    images, _ = batch
    with torch.no_grad():
        return network(images).std(dim=0).mean()


if __name__ == "__main__":
    check_usage(__doc__)
    archs = {"n": int(sys.argv[2])}
    parts = [{"name": n, "benchmark": f"digits-{n}", "archs": archs} for n in ("nb201", "nb101", "resnet")]
    estimator = {"name": "zeroshot", "proxies": ["snip", f"{__file__}:logit_spread"]}
    survey = {"title": "Three spaces", "parts": parts, "criteria": ["kendall_tau"], "estimators": [estimator]}
    print(ng.run(survey, sys.argv[1]).contests[["part", "estimator", "value"]].round(3).to_string(index=False))
