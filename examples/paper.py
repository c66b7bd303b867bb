"""500 scores to a LaTeX table, a figure with its numbers, and a picture: `python examples/paper.py FOLDER`."""

import sys
from pathlib import Path

from nasgauge.benchmarks import load
from nasgauge.core.usage import check_usage
from nasgauge.judging import judge_scores
from nasgauge.report import figure, latex_table, of_verdict, write_figures


def main() -> None:
    """Sizes of 500 architectures, and their numbers of convolutions, judged as scores."""
    folder = Path(sys.argv[1])
    scores = load("digits-nb201").complexity.head(500)
    scores["n_conv_3x3"] = scores["arch"].str.count("nor_conv_3x3")
    scores.to_csv(folder / "scores.csv", index=False)
    verdict = judge_scores(folder / "scores.csv", benchmark="digits-nb201", n_bootstrap=200)
    bundle = of_verdict(verdict, title="Three counts")
    table = latex_table(bundle, criteria=["kendall_tau", "precision_at_top"], intervals=True, caption="Three counts")
    (folder / "table.tex").write_text(table, encoding="utf-8")
    write_figures(bundle, folder, only=["scatter", "values"], style="paper", columns=2, serif=True, csv=True)
    figure(bundle, "scatter", columns=2, serif=True).savefig(folder / "paper-scatter.png", dpi=150)
    print(table)


if __name__ == "__main__":
    check_usage(__doc__)
    main()
