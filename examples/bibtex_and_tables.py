"""What to cite for a finished study, and all of its tables: python examples/bibtex_and_tables.py STUDY FOLDER

At the command line: nasgauge cite STUDY; nasgauge export STUDY --out FOLDER
"""

import sys
from pathlib import Path

import pandas as pd

from nasgauge.core.usage import check_usage
from nasgauge.studies import citing
from nasgauge.studies.export import export


def main() -> None:
    """Write references.bib and a CSV file per table into the folder, and print how many there are."""
    study, folder = Path(sys.argv[1]), Path(sys.argv[2])
    files = export(study, folder)
    (folder / "references.bib").write_text(citing.bibtex(study), encoding="utf-8")
    scores = pd.read_csv(folder / "scores.csv")
    n_entries = (folder / "references.bib").read_text(encoding="utf-8").count("\n@") + 1
    print(f"{len(files) - 1} tables, {n_entries} references, {len(scores)} scores")


if __name__ == "__main__":
    check_usage(__doc__)
    main()
