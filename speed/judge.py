"""Judging as many architectures as NAS-Bench-101 has: resampling draw by draw, beside counts for all draws at once.

    python speed/judge.py [--rows 423624] [--draws 200] [--plain-draws 3]

Each side runs in a process of its own, so that its peak memory is its own. The plain side is timed on few draws and
extrapolated in proportion; its Kendall, Spearman and Pearson are SciPy's, its criteria of the top are ours.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd

from nasgauge.criteria import DEFAULT_CRITERIA, resolve_all
from nasgauge.judging import judge


def vectors(n: int) -> tuple[np.ndarray, np.ndarray]:
    """A planted truth and a guess of it with noise as large as the signal."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=n)
    return truth + rng.normal(size=n), (0.9 + 0.01 * truth).clip(0, 1)


def plain(n: int, n_draws: int) -> dict[str, float]:
    """Seconds of each criterion, draw by draw on the resample written out."""
    score, truth = vectors(n)
    rng = np.random.default_rng(1)
    seconds = {}
    for criterion in resolve_all(DEFAULT_CRITERIA):
        start = time.perf_counter()
        for _ in range(n_draws):
            rows = rng.integers(0, n, n)
            criterion(score[rows], truth[rows])
        seconds[criterion.name] = time.perf_counter() - start
    return seconds


def counted(n: int, n_draws: int) -> dict[str, float]:
    """Seconds of each criterion alone, and of one judgement of all with its tables and shared draws."""
    score, truth = vectors(n)
    arch = [str(i) for i in range(n)]
    truths = pd.DataFrame({"arch": arch, "iso_class": arch, "seed": 0, "accuracy": truth})
    scores = pd.DataFrame({"estimator": "guess", "arch": arch, "seed": 0, "score": score})
    seconds = {}
    for i, criterion in enumerate([*resolve_all(DEFAULT_CRITERIA), None]):
        start = time.perf_counter()
        chosen = DEFAULT_CRITERIA if criterion is None else [criterion]
        judge(scores, truths, chosen, n_bootstrap=n_draws, rng=np.random.default_rng(i))  # no draws known before
        seconds["all" if criterion is None else criterion.name] = time.perf_counter() - start
    return seconds


def measured(side: str, n: int, n_draws: int) -> dict[str, float]:
    """The side's seconds and its peak memory in GB, from a process of its own."""
    command = [sys.executable, __file__, "--side", side, "--rows", str(n), "--draws", str(n_draws)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Time both sides and print them side by side."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=423_624)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--plain-draws", type=int, default=3)
    parser.add_argument("--side", choices=["plain", "counted"])
    options = parser.parse_args()
    if options.side:
        seconds = {"plain": plain, "counted": counted}[options.side](options.rows, options.draws)
        # Linux gives the peak in kilobytes.
        seconds["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(json.dumps(seconds))
        return
    ours = measured("counted", options.rows, options.draws)
    theirs = measured("plain", options.rows, options.plain_draws)
    scale = options.draws / options.plain_draws
    print(f"{options.rows} architectures, {options.draws} draws; plain: {options.plain_draws} draws, times {scale:.1f}")
    print(f"{'seconds':<24}{'plain':>10}{'counts':>10}{'ratio':>8}")
    names = [name for name in ours if name not in ("all", "peak")]
    for name in names:
        print(f"{name:<24}{theirs[name] * scale:>10.1f}{ours[name]:>10.1f}{theirs[name] * scale / ours[name]:>8.1f}")
    total = scale * sum(theirs[name] for name in names)
    print(f"{'all, one judgement':<24}{total:>10.1f}{ours['all']:>10.1f}{total / ours['all']:>8.1f}")
    print(f"{'peak memory, GB':<24}{theirs['peak']:>10.2f}{ours['peak']:>10.2f}")
    print("A criterion alone includes its tables, draws and sorting, which the judgement of all shares.")


if __name__ == "__main__":
    main()
