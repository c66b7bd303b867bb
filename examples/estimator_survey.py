"""CWI against the best other estimator of each ground truth: python examples/estimator_survey.py FOLDER ... [RESAMPLES]

FOLDER: of a finished study with CWI, such as a part of `nasgauge run estimator`. A Markdown table: Kendall's tau of the
forms of CWI, and their paired differences from the best of all other estimators, the terms of CWI among them, with 95%
intervals over resampled architectures (1,000). The rival is the best on the same architectures, which favours it.
"""

import sys
from pathlib import Path

import numpy as np

from nasgauge.core.usage import check_usage
from nasgauge.judging import judge, paired
from nasgauge.studies.run import Run


def interval(row, column: str) -> str:
    return f"{row[column]:.3f} [{row['lower']:.3f}, {row['upper']:.3f}]"


def row_of(folder: Path, ours: list[str], n_bootstrap: int) -> str:
    """The folder's row of the table."""
    run, options = Run.load(folder), {"n_bootstrap": n_bootstrap, "rng": np.random.default_rng(0)}
    values = judge(run.scores, run.truth, ["kendall_tau"], **options).set_index("estimator")
    rival = values.drop(index=ours)["value"].idxmax()
    gaps = paired(run.scores, run.truth, ours, [rival] * len(ours), ["kendall_tau"], **options).set_index("estimator")
    cells = [f"{values.loc[name, 'value']:.3f} | {interval(gaps.loc[name], 'difference')}" for name in ours]
    best = f"`{rival}` {interval(values.loc[rival], 'value')}"
    return f"| {folder.name} | {int(gaps['n'].min())} | {best} | {' | '.join(cells)} |"


def main() -> None:
    words, n_bootstrap = sys.argv[1:], 1000
    if words[-1].isdigit():
        n_bootstrap = int(words.pop())
    ours = sorted(name for name in set(Run.load(Path(words[0])).scores["estimator"]) if name.startswith("cwi"))
    print("| ground truth | n | best other | " + " | ".join(f"`{name}` | difference" for name in ours) + " |")
    print("|---|---|---|" + "---|---|" * len(ours))
    for folder in words:
        print(row_of(Path(folder), ours, n_bootstrap), flush=True)


if __name__ == "__main__":
    check_usage(__doc__)
    main()
