"""A shipped study, copied, edited and run on twenty architectures: python examples/copy_and_edit.py FOLDER

At the command line: nasgauge copy quickstart FOLDER; nasgauge run FOLDER/quickstart.toml --set archs.n=20 ...
"""

import sys
from pathlib import Path

from nasgauge.studies import run, texts
from nasgauge.studies.settings import with_settings


def main() -> None:
    """Write the edited study and its results into the folder, and print the values."""
    folder = Path(sys.argv[1])
    file = texts.copy("quickstart", folder)
    changes = ["archs.n=20", "n_bootstrap=50", "criteria=['kendall_tau']", "estimators.0.batch_size=8"]
    edited = with_settings(file.read_text(encoding="utf-8"), changes, "quickstart")
    file.write_text(edited, encoding="utf-8")
    found = run.run_text(edited, folder / "run", where=file.name)
    print(found.values[["estimator", "value", "lower", "upper", "n"]].round(3).to_string(index=False))


if __name__ == "__main__":
    main()
